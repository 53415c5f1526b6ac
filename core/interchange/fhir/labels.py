"""Security labels (`meta.security`): what is for few people is kept apart here with its visit, or it is refused."""

from __future__ import annotations

from typing import Any, NamedTuple

from core.interchange.fhir.bundles import dig, each
from core.interchange.fhir.concepts import is_hl7, system_of
from core.interchange.source_values import BadValue
from core.models import Sensitivity

RESTRICTED = ("R", "V")
# HL7's codes of sensitive information by our reason to keep a visit apart.
_SENSITIVE = {
    Sensitivity.MENTAL_HEALTH: ("MH", "PSY", "PSYTHPN", "BH", "COGN", "EMOTDIS", "DVD"),
    Sensitivity.SEXUAL_HEALTH: ("HIV", "AID", "STD", "SEX", "PREGNANT", "SRH", "GENDER", "UWM"),
    Sensitivity.SUBSTANCE_USE: ("ETH", "ETHUD", "SUD", "OPIOIDUD", "ALC"),
    Sensitivity.VIOLENCE: ("SDV", "VIO", "ABUSE", "IPV", "MST"),
    Sensitivity.GENETICS: ("GDIS", "DRGIS", "SCA", "SICKLE"),
    Sensitivity.OTHER: ("S", "SPI", "SV", "INFOR", "SEV", "COMPT"),
}  # fmt: skip
# Who asks for care with it, or what it tells of the person: such a policy binds to a level by its source's own rules.
BY_LEVEL = ("PHY", "PRS", "PDS", "ADOL", "VIP", "CEL", "EMP", "DIA", "SSP", "SOC", "PATLOC", "LOCIS", "DEMO", "DOB",
            "RACE", "RELIGION", "MARST", "LIVARG")  # fmt: skip
OPEN_LEVELS = ("U", "L", "M", "N")
SENSITIVE = {code: reason for reason, codes in _SENSITIVE.items() for code in codes}
SENSITIVE |= dict.fromkeys(BY_LEVEL, Sensitivity.OTHER)
# The patient is not to see it before somebody has spoken with them; here patients see theirs.
NOT_FOR_PATIENTS = ("TBOO", "NOPAT")
# What is shown to everybody who treats the patient, whatever visit it was written at.
SHOWN_TO_ALL = {"patient": "who somebody is", "allergy": "an allergy"}
LEVELS = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
OPEN = (
    "a policy of sensitivity that its source levels as for all (Confidentiality U, L, M or N): shown as anything else"
)
UNKNOWN = "a security label that we don't know: what it is on is shown as anything else"


class ForFew(BadValue):
    """A resource is for few people, and could not be kept from others here."""


class Label(NamedTuple):
    """Why something is for few people, and the codings that say so, as an export says them again."""

    category: str
    codings: tuple[tuple[str | None, str], ...]
    hides_from_patients: bool = False

    @property
    def words(self) -> str:
        return ", ".join(code for _, code in self.codings)


def label_of(resource: Any) -> Label | None:
    """The label of a resource that is for few people; None of one for all who treat the patient."""
    told = _codings(resource)
    counting = _counting(told) if told else []
    if not counting:
        return None
    codes = [one["code"] for one in counting]
    category = next((SENSITIVE[code] for code in codes if code in SENSITIVE), Sensitivity.OTHER)
    hides = any(code in NOT_FOR_PATIENTS for code in codes)
    return Label(category.value, tuple((system_of(one), one["code"]) for one in counting), hides)


def _counting(codings: list[Any]) -> list[Any]:
    """Of these codings, those by which a resource is for few people."""
    found = [one for one in codings if _is_for_few(one)]
    if codings and _is_open(codings, found):
        return [one for one in found if one["code"] not in BY_LEVEL]
    return found


def open_in(resource: Any) -> str | None:
    """A policy that is not followed, since its source levels the resource as for all."""
    codings = _codings(resource)
    counting = [one for one in codings if _is_for_few(one)]
    if not _is_open(codings, counting):
        return None
    return next((str(one["code"]) for one in counting if one["code"] in BY_LEVEL), None)


def _is_for_few(coding: Any) -> bool:
    code = dig(coding, "code")
    return isinstance(code, str) and code in (*RESTRICTED, *SENSITIVE, *NOT_FOR_PATIENTS) and is_hl7(coding)


def _is_open(codings: list[Any], counting: list[Any]) -> bool:
    """Whether the source tells a level of confidentiality, and the highest is one for all."""
    levels = [one for one in codings if str(system_of(one)).endswith("Confidentiality")]
    is_open = any(dig(one, "code") in OPEN_LEVELS for one in levels)
    return is_open and not any(one["code"] in RESTRICTED for one in counting)


def unknown_in(resource: Any) -> str | None:
    """A label of a system that is not HL7's, or a policy of HL7's that is not in our lists."""
    others = (one for one in _codings(resource) if not is_hl7(one) or _is_policy(one))
    return next((str(dig(one, "code") or dig(one, "display")) for one in others), None)


def _is_policy(coding: Any) -> bool:
    """Whether a coding names a policy (HL7's ActCode) that nobody here knows."""
    known = dig(coding, "code") in (*SENSITIVE, *NOT_FOR_PATIENTS)
    return str(dig(coding, "system")).rstrip("/").endswith("ActCode") and not known


def _codings(resource: Any) -> list[Any]:
    """The codings of all labels; a document may have its own besides."""
    told = each(dig(resource, "meta", "security"))
    if "securityLabel" in resource:
        told = told + [coding for one in each(resource["securityLabel"]) for coding in each(dig(one, "coding"))]
    if isinstance(level := resource.get("confidentiality"), str):
        # Of a Composition: a code alone.
        told = [*told, {"system": LEVELS, "code": level}]
    return told


def check(kind: str, label: Label) -> None:
    """Raises ForFew for what could be kept apart with no visit."""
    if label.hides_from_patients:
        raise ForFew(f"it is labelled {label.words} (not for the patient), and patients see their record here")
    if kind in SHOWN_TO_ALL:
        raise ForFew(f"it is labelled {label.words} (for few), and {SHOWN_TO_ALL[kind]} is kept from nobody here")
