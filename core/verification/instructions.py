"""Free text that speaks to software: it states nothing of the patient, so no claim may rest on it."""

import re
import unicodedata
from functools import lru_cache

# To whom the text speaks, or about what it wants done to the summary.
_ABOUT = re.compile(
    r"\b(?:(?:your|the|this|its|any|each)\s+(?:\w+\s+)?(?:response|answer|reply|message|output|summary|draft|report|prompt|verdicts?)\b"
    r"|(?:previous|prior|above|earlier|these|following|all)\s+(?:instructions?|prompts?|rules|directions)"
    r"|system\s+(?:prompt|message|override|note)|(?:language|the)\s+model|leav(?:e|ing)\s+out|must\s+(?:end|begin|start|say|state|include)|(?:ai|a\.i\.|llm|gpt|chatgpt|chatbot)\b"
    r"|(?<!physician )(?<!medical )(?<!dental )(?<!clinic )(?<!clinical )(?<!nursing )(?<!healthcare )(?<!health care )"
    r"(?<!pharmacy )(?<!care )assistant(?!s?\s+(?:nurse|physician|surgeon|doctor|professor|manager|director))"
    r"|fact[\s-]?check(?:er|ing)?|summari[sz](?:er|ing)|drafter|checker|(?:all|every|each|the|this)\s+claims?\b"
    r"|as\s+(?:supported|verified|correct|true)\b|override|jailbreak|developer\s+mode|https?://|www\.|\w+@\w+\.\w+"
    r"|\w+\.(?:com|xyz|org|net)\b)",
    re.IGNORECASE,
)
# What is asked of a writer and never of a patient.
_ASKS = re.compile(
    r"^\W*(?:please\s+|now\s+|also\s+|then\s+|kindly\s+|important\W+|note\W+|system\W+|admin\W+)*"
    r"(?:explain|describe|translate|draft|write|compose|develop|provide|break\s+down|summari[sz]e|list\s+(?:all|the)|ignore"
    r"|replace\s+(?:every|each|all|any|letters|vowels|words)|render\s+(?:your|the)|disregard|forget|omit|pretend|roleplay|print|reveal|respond|conclude|declare|assert|insert|append|mark\s+"
    r"|leave\s+out|(?:do\s+not|don't|never)\s+(?:mention|list|flag|report|include|say|cite|check)|(?:say|state|report|record"
    r"|write|add|claim|confirm|mention|tell)\s+(?:that|the\s+patient|this\s+patient|she|he|there)|you\s+(?:are|must|should"
    r"|will)|act\s+as|treat\s+(?:all|every|this\s+(?:note|text|record)))\b",
    re.IGNORECASE,
)
_QUESTION = re.compile(
    r"^\W*(?:what|who|whom|whose|when|where|why|how|which|can|could|would|will|do|does|is|are)\b.*\?\W*$", re.I | re.S
)
_PARTS = re.compile(r"[a-z]+(?:'[a-z]+)?|[?@]")
# Words of which each instruction holds one: without them there is none to look for.
_ASKING = frozenset(
    {
        "?", "@", "response", "answer", "reply", "message", "output", "summary", "draft", "report",
        "prompt", "prompts", "verdict", "verdicts", "instruction", "instructions", "rules", "directions",
        "system", "language", "model", "leave", "leaving", "must", "ai", "llm", "gpt", "chatgpt", "chatbot",
        "assistant", "fact", "factchecker", "factchecking", "summarise", "summarize", "summarizing",
        "summarizer", "drafter", "checker", "claim", "claims",
        "supported", "verified", "correct", "true", "override", "jailbreak", "developer",
        "explain", "describe", "translate", "write", "compose", "develop", "provide", "break", "list",
        "ignore", "replace", "render", "disregard", "forget", "omit", "pretend", "roleplay", "print",
        "reveal", "respond", "conclude", "declare", "assert", "insert", "append", "mark", "do", "don't",
        "never", "say", "state", "record", "add", "confirm", "mention", "tell", "you", "act", "treat", "com",
        "xyz", "org", "net", "www", "important",
    }
)  # fmt: skip
_SENTENCES = re.compile(r"[^.!?;\n]*[.!?;]*[\"'”’)]*\s*|\n", re.S)


def is_instruction(sentence: str) -> bool:
    """Whether a sentence asks something of whoever writes, rather than stating something."""
    return bool(_ASKS.search(sentence) or _ABOUT.search(sentence) or _QUESTION.search(sentence))


def asks(text: str) -> bool:
    """As `is_instruction`, and quick where a text holds no word of one."""
    may_ask = "://" in text or not _ASKING.isdisjoint(_PARTS.findall(text.lower()))
    return may_ask and is_instruction(text)


@lru_cache(maxsize=8192)
def removed(text: str) -> str:
    """A text of many lines without what can't be seen, and with what speaks to software left blank."""
    return "\n".join(without(line) for line in visible(text).split("\n"))


def visible(text: str) -> str:
    """A text without controls, zero-width and direction marks, tags and variation selectors."""
    return (
        text
        if text.isascii() and text.isprintable()
        else "".join(char for char in text if char in "\n\t" or not _is_hidden(char))
    )


def _is_hidden(char: str) -> bool:
    return unicodedata.category(char) in ("Cc", "Cf", "Co", "Cs", "Cn") or unicodedata.name(char, "").startswith(
        "VARIATION SELECTOR"
    )


def without(text: str) -> str:
    """A line of text up to where it begins to speak to software, the rest left blank; as long as before.

    What follows an instruction may belong to it, as the words to be written do.
    """
    begun = place = 0
    before = ""
    for match in _SENTENCES.finditer(text):
        # "Important! ..." and "see example.com for more": parts that belong to the one before.
        if not match[0].lstrip()[:1].islower() and len(before.split()) != 1:
            begun = place
        before = match[0]
        if match[0].strip() and is_instruction(match[0]):
            return text[:begun] + " " * (len(text) - begun)
        place = match.end()
    return text
