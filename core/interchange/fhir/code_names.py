"""What systems of codes are called, and a code alone in words."""

from __future__ import annotations

import re
from functools import lru_cache

LOINC, SNOMED, UCUM = "http://loinc.org", "http://snomed.info/sct", "http://unitsofmeasure.org"
RXNORM, ATC = "http://www.nlm.nih.gov/research/umls/rxnorm", "http://www.whocc.no/atc"
# HL7's addresses of systems that others make: "icd-10", "cvx", "ndc".
SID = "http://hl7.org/fhir/sid/"
NAMES_OF_SYSTEMS = {
    LOINC: "LOINC", SNOMED: "SNOMED CT", RXNORM: "RxNorm", ATC: "ATC", "http://fdasis.nlm.nih.gov": "UNII",
    "http://fhir.de/CodeSystem/bfarm/icd-10-gm": "ICD-10-GM", "http://fhir.de/CodeSystem/bfarm/atc": "ATC",
    "http://fhir.de/CodeSystem/bfarm/ops": "OPS", "http://fhir.de/CodeSystem/ifa/pzn": "PZN",
    "http://www.ama-assn.org/go/cpt": "CPT", "http://id.who.int/icd/release/11/mms": "ICD-11",
}  # fmt: skip
# Other ways to write a system: by its OID, as a page of the web, by its name.
SPELLINGS = {
    "urn:oid:2.16.840.1.113883.6.1": LOINC, "loinc.org": LOINC, "www.loinc.org": LOINC, "loinc": LOINC,
    "urn:oid:2.16.840.1.113883.6.96": SNOMED, "snomed.info/sct": SNOMED, "www.snomed.org": SNOMED, "snomed-ct": SNOMED,
    "urn:oid:2.16.840.1.113883.6.88": RXNORM, "www.nlm.nih.gov/research/umls/rxnorm": RXNORM, "rxnorm": RXNORM,
}  # fmt: skip
SYSTEM_CHARS_MAX = 60
# "abteilungskontakt", "once-daily".
WORD = re.compile(r"(?=[a-z-]{4,})[a-z]+(?:-[a-z]+)*")


def code_alone(code: str, system: str | None) -> str:
    """A code alone, and what it is a code of; one that is words itself reads as these."""
    if WORD.fullmatch(code):
        return code.replace("-", " ")
    name = _name_of_system(system)
    return f"code {code} ({name})" if name else f"code {code}"


@lru_cache(maxsize=2_000)
def spelled(system: str) -> str:
    """A system's address as FHIR writes it; an edition of SNOMED CT is SNOMED CT."""
    told = system.strip().lower().removeprefix("https://").removeprefix("http://").rstrip("/")
    return SNOMED if told.startswith("snomed.info/sct/") else SPELLINGS.get(told, system)


@lru_cache(maxsize=2_000)
def _name_of_system(system: str | None) -> str:
    """What people call a system of codes, else the end of its address."""
    if system is None or system in NAMES_OF_SYSTEMS:
        return NAMES_OF_SYSTEMS.get(system or "", "")
    if system.startswith(SID):
        return system.removeprefix(SID).upper()
    told = system.rpartition("/CodeSystem/")[2].partition("://")
    return (told[2] or told[0]).rstrip("/")[:SYSTEM_CHARS_MAX]
