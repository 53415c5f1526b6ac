"""One resource on its way to rows: its identity, whom it is about, and the visit and reason that it names."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, cast

from core.interchange.fhir.annotations import cut
from core.interchange.fhir.bundles import Item, Resource, dig, each
from core.interchange.fhir.concepts import wording
from core.interchange.fhir.dates import Dates
from core.interchange.fhir.identifier_index import identifier_in
from core.interchange.fhir.resource_index import Resolver
from core.interchange.source_rows import Record, person_named_by
from core.interchange.source_values import ID_CHARS_MAX, BadValue, storable
from core.interchange.summary import Place
from core.models import StatementKind, said

OWN = frozenset(
    ("Condition", "Procedure", "MedicationRequest", "MedicationStatement", "MedicationAdministration", "Immunization",
     "Encounter", "DiagnosticReport", "ServiceRequest")
)  # fmt: skip
NO_STATUS = "it has no status, so nobody knows whether it holds"
# No resource's qualified id: those have a source, or are a UUID.
UNCLEAR = "unclear"
QUALIFIED_CHARS_MAX = ID_CHARS_MAX + 1 + 80


def identifier(raw: str, name: str) -> str:
    """A qualified id, checked. Raises BadValue."""
    if len(raw) > QUALIFIED_CHARS_MAX:
        raise BadValue(f"{name} has {len(raw):,} characters: at most {QUALIFIED_CHARS_MAX} fit")
    if "|" in raw or "#" in raw:
        raise BadValue(f"{name} holds '|' or '#', which no id may")
    return storable(raw, name)


@dataclass(slots=True)
class Entry:
    """A resource with all that its parser needs; `time_of` says who lends it the time that it lacks."""

    item: Item
    identity: str | None
    resolver: Resolver
    dates: Dates
    about: dict[str, Any] = field(default_factory=dict)
    attached: tuple[str, ...] = ()
    time_of: str | None = None

    @property
    def resource(self) -> Resource:
        return cast(Resource, self.item.resource)

    @property
    def place(self) -> Place:
        return self.item.place

    @property
    def type(self) -> str:
        return str(self.item.resource.get("resourceType"))

    def id_key(self, part: int | None = None) -> str:
        """The ledger's key of this resource, or of one part of it. Raises BadValue without an identity."""
        if self.identity is None:
            raise BadValue("it has neither an id nor a fullUrl, so a later version could not be told from another row")
        stem = f"id|{self.type}/{identifier(self.identity, 'id')}"
        return stem if part is None else f"{stem}#{part}"

    def patient(self) -> str:
        """The qualified id of the patient that the resource is about, or what stands for it. Raises BadValue."""
        reference = self.item.resource.get("subject") or self.item.resource.get("patient")
        name = dig(reference, "reference")
        if isinstance(name, str) and name.startswith("#"):
            found = self.resolver.of_contained(reference)
            if found is None:
                raise BadValue(
                    "its patient stands inside it (contained) and has no identity of its own: send a Patient,"
                    " or an identifier that a patient of this import has"
                )
        else:
            found = self.resolver.find(reference)
        if found is None:
            return _named(reference)
        if found[0] not in ("Patient", ""):
            raise BadValue(f"it is about a {found[0]}, not a patient")
        if name and "identifier" in reference and self.resolver.contradicts(reference, found[1]):
            raise BadValue("its reference names one patient, and the identifier beside it another")
        return identifier(found[1], "subject")

    def other_focus(self) -> str | None:
        """What an Observation is about in truth, if that is not its subject: a donor, a fetus, a relative.

        What is about a problem or treatment of the subject, such as the stage of a tumour, is about the subject.
        """
        for part in each(self.item.resource.get("focus")):
            found = self.resolver.find(part)
            if found is not None and found[0] in OWN:
                continue
            if found != self.resolver.find(self.item.resource.get("subject")):
                return str(dig(part, "reference") or dig(part, "display") or "without a reference")
        return self._focus_code()

    def _focus_code(self) -> str | None:
        extensions = each(self.item.resource.get("extension"))
        code = next((one for one in extensions if str(dig(one, "url")).endswith("observation-focusCode")), None)
        return wording(dig(code, "valueCodeableConcept")) if code is not None else None

    def visit(self, reference: Any) -> str | None:
        """The qualified id of the visit that a Reference names; one that is unclear is a visit that is not here."""
        try:
            found = self.resolver.find(reference)
        except BadValue:
            return UNCLEAR
        return identifier(found[1], "encounter") if found is not None and found[0] in ("Encounter", "") else None

    def reason(self) -> str | None:
        """Why something was done: a code, or the problem that is referred to."""
        reasons = self.item.resource.get("reasonCode")
        words = (
            [self.resolver.index.problem_names.of(reason) for reason in reasons] if isinstance(reasons, list) else []
        )
        references = self.item.resource.get("reasonReference")
        for reference in references if isinstance(references, list) else []:
            words.append(wording(dig(self.resolver.content(reference), "code")) or dig(reference, "display"))
        return "; ".join(dict.fromkeys(word for word in words if isinstance(word, str))) or None

    def record(
        self, kind: str, natural: tuple[str, ...], values: dict[str, Any], *, part: int | None = None, **more: Any
    ) -> Record:
        """The Record of one row; what the source said beyond our columns goes to `said`."""
        values = {**values, "said": said.write({**self.about, "dates": dict(self.dates.partial)})}
        more.setdefault("visit", self.visit(self.item.resource.get("encounter") or self.item.resource.get("context")))
        return Record(
            kind,
            self.place,
            natural,
            values,
            patient=self.patient(),
            id_key=self.id_key(part),
            is_visit_optional=True,
            **more,
        )

    def statement(self, kind: StatementKind, words: str | None, when: Any, detail: str | None = None) -> Record:
        """The Record of something stated that is no finding, no allergy and no medicine taken."""
        if words is None:
            raise BadValue("its code is empty: it needs a text, a display or a code")
        self.about["resource"] = self.type
        values = {
            "kind": kind.value,
            "text": words[:400],
            "detail": cut(detail, 400) if detail else None,
            "stated_on": self.dates.day(when, "date", "stated_on"),
        }
        return self.record("statement", (kind.value, words), values)


def _named(reference: Any) -> str:
    """What stands for a patient whom no file of this import has: an earlier one may have brought them."""
    kind, system, value = identifier_in(reference) or ("", "", "")
    if kind not in ("Patient", ""):
        raise BadValue(f"it is about a {kind}, not a patient")
    if system and value:
        return person_named_by(system, value)
    if dig(reference, "identifier") or dig(reference, "reference"):
        raise BadValue("it names its patient by an identifier that has no system or no value")
    raise BadValue("it names no patient (subject)")


class Retracted(Exception):
    """The source takes the resource back; the message says how."""
