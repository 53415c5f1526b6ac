"""Words that say that something is not there: a list's way to state that it was asked for and is empty."""

from __future__ import annotations

# "No" by itself says too little: "no fixed abode" and "no smell" are findings.
BEGINNINGS = (
    "not taking any ", "patient not taking any ", "no h/o",
    "no known ", "no history of ", "not known ", "no current ", "no active ", "no evidence of ", "no past history",
    "no previous history", "no relevant ", "no significant ", "no information ", "none known", "nil known",
    "nil of note", "denies ", "patient denies ", "not allergic ", "not asked", "patient not asked", "ruled out",
    "keine bekannte", "keine allerg", "keine medikation", "kein hinweis auf ", "aucun", "pas d'allergie",
    "geen bekende", "geen allerg", "geen medicatie", "sin alergi", "sin medica", "sin antecedentes", "ninguna alergia",
    "nessuna allerg", "sem alergi", "nenhuma alergia", "ingen kend", "ingen kjen", "ingen känd", "inga kända",
    "ei tiedossa", "kein anhalt für ", "kein hinweis für ", "kein nachweis ", "ausschluss ", "ausgeschlossen",
    "pas d'antécédent", "pas d'intolérance", "niega ", "nega ", "no se conocen ", "se descarta ",
    "sem anteceden", "ikke kjente ", "ingen allerg", "inga allerg", "nie stwierdzono ",
    "keine dauermedikation", "patient nimmt keine ", "patientin nimmt keine ", "pas de traitement", "pas de médic",
    "sin tratamiento", "nessuna terapia", "nessun farmaco", "ingen medi", "ingen läkem", "inga läkem", "sem medica",
    "無已知", "无已知", "沒有已知", "没有已知",
)  # fmt: skip
ENDINGS = (
    " ruled out", " excluded", " not present", " not confirmed", " nicht bekannt", " inconnue", " onbekend", "なし",
    " ausgeschlossen", " exclu", " exclue", " descartada", " descartado", " no conocida", " no conocidas",
    " uitgesloten", " utesluten", " utelukket",
)  # fmt: skip
WHOLE = frozenset(
    ("nka", "nkda", "nkfa", "none", "nil", "no", "n/a", "not applicable", "not known", "unknown", "keine", "geen")
)
# "No latex allergy", "no drug intolerances", "no problems", "no regular medication".
LISTED = (
    "allergy", "allergies", "intolerance", "intolerances", "problem", "problems", "medication", "medications",
    "medicine", "medicines", "conditions", "diagnoses", "immunisation", "immunisations", "immunization",
    "immunizations", "vaccination", "vaccinations", "vaccine", "vaccines", "procedures", "operations", "surgeries",
)  # fmt: skip


# "Geen problemen bekend", "keine Vorerkrankungen bekannt".
ASKED, KNOWN = (
    ("geen ", "keine ", "kein ", "ingen ", "inga ", "inget ", "nessun ", "nessuna "),
    (" bekend", " bekannt", " kjent", " kända", " kendt", " nota", " noto", " note"),
)


def in_words(words: str) -> bool:
    """Whether a concept's words state that something is not there or not known."""
    plain = " ".join(words.lower().split()).rstrip(" .")
    heading, _, rest = plain.partition(": ")
    # "Allergies: none".
    plain = rest if rest and heading.endswith(LISTED) else plain
    bare = plain.split(" (", 1)[0]
    if bare in WHOLE or plain.startswith(("nka ", "nkda ", "nka(", "nkda(")):
        return True
    if plain.startswith(BEGINNINGS) or bare.endswith(ENDINGS):
        return True
    if plain.startswith(ASKED) and bare.endswith(KNOWN):
        return True
    return bare.startswith("no ") and bare.endswith(LISTED)
