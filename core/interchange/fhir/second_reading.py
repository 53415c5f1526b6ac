"""The second reading: each resource made into records, file by file; what needs all files waits until they are read."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from core.interchange.fhir import (
    allergy,
    borrowed,
    composition,
    condition,
    document,
    encounter,
    event,
    labels,
    medication,
    observation,
    patient,
    replaced_orders,
    report_values,
)  # fmt: skip
from core.interchange.fhir.bundles import File, Item, Resource, each, items
from core.interchange.fhir.care_givers import CareGivers
from core.interchange.fhir.compact_marks import mark_of
from core.interchange.fhir.dates import Dates
from core.interchange.fhir.entry import Entry, Retracted
from core.interchange.fhir.oddities import findings_inside, tidy_codes
from core.interchange.fhir.resource_index import Known, Resolver, Scope
from core.interchange.fhir.survey import KINDS, Found, Survey, is_resource
from core.interchange.fhir.versions import implicit_rules, no_boolean, not_listed, unknown_modifier
from core.interchange.source_rows import Population, Record, Retraction
from core.interchange.source_values import BadValue
from core.interchange.summary import Summary

SOURCE = "fhir"
PART_RECORDS = 1_000
# A file may hold one resource many thousand times: so many of its last versions are known again.
VERSIONS_COMPARED = 8
# A text with none of these has no modifier extension: names in JSON may be written with escapes.
MODIFYING = ("modifierExtension", "\\u")
NO_TEXT = "DiagnosticReport without text of its own (its results are read)"
NO_WORDS = "its newer version has no text"
NOTHING = "DiagnosticReport with neither a text nor results"
UNNAMED_DELETE = "it deletes what a search finds, or names nothing ({}): name the resource as Type/id"
Waiting = tuple[Item, Scope]


@dataclass(slots=True)
class Made:
    """What was made of a file or a part of it; `versions` are resources that come more than once."""

    population: Population = field(default_factory=lambda: Population(SOURCE))
    summary: Summary = field(default_factory=Summary)
    versions: list[tuple[Known, Waiting]] = field(default_factory=list)
    ends_file: bool = False


def read(file: File, survey: Survey, zone: ZoneInfo) -> Iterator[Made]:
    """The second reading of a file, in parts. Raises BadFile."""
    scope = survey.names_of(file)
    maker = Maker(survey.found, zone)
    for item in items(file, survey.skips.pop(file.name, ()), MODIFYING):
        maker.take(item, scope)
        if maker.count >= PART_RECORDS:
            yield maker.hand_over()
    last = maker.hand_over()
    last.ends_file = True
    yield last


class Maker:
    """Makes records of resources."""

    def __init__(self, found: Found, zone: ZoneInfo) -> None:
        self._found, self._zone = found, zone
        self.made, self.count = Made(), 0
        self._waiting: dict[Known, deque[Item]] = {}
        self._givers = CareGivers(self.made.population)
        self._parsers: dict[str, Callable[[Entry], list[Record]]] = {
            "Patient": lambda entry: [patient.patient(entry)],
            "Encounter": lambda entry: [encounter.encounter(entry, self._givers)],
            "Observation": self._observations,
            "Condition": lambda entry: [condition.condition(entry)],
            "AllergyIntolerance": lambda entry: [allergy.allergy(entry)],
            "MedicationRequest": self._request,
            "MedicationStatement": lambda entry: [medication.statement(entry)],
            "DocumentReference": self._document,
            "DiagnosticReport": self._report,
            "Composition": self._composition,
            "Immunization": lambda entry: [event.immunization(entry)],
            "Procedure": lambda entry: [event.procedure(entry)],
        }

    def hand_over(self) -> Made:
        """What has been made, which is forgotten here."""
        made, self.made, self.count = self.made, Made(), 0
        self._waiting.clear()
        self._givers = CareGivers(self.made.population)
        return made

    def take(self, item: Item, scope: Scope) -> None:
        """Make records of a resource, or let it wait for its other versions."""
        if item.deleted is not None:
            self._take_deleted(item, scope)
        elif not is_resource(item):
            reason = item.fault or "the entry holds no resource with a resourceType"
            self.made.summary.refuse("file", item.place, reason)
        elif item.resource["resourceType"] in KINDS:
            known = (item.resource["resourceType"], self._found.index.identity(item) or "")
            if not self._waits(known, item, scope):
                self.make(item, scope)

    def _waits(self, known: Known, item: Item, scope: Scope) -> bool:
        if not self._found.repeated or mark_of(*known) not in self._found.repeated:
            return False
        same = next((one for one in self._waiting.get(known, ()) if _says_the_same(one, item)), None)
        if same is not None:
            same.repeats += 1
            return True
        self._waiting.setdefault(known, deque(maxlen=VERSIONS_COMPARED)).append(item)
        self.made.versions.append((known, (item, scope)))
        return True

    def make(self, item: Item, scope: Scope) -> None:
        """Make records of a resource."""
        resource = item.resource
        kind = KINDS[resource["resourceType"]]
        tidy_codes(resource)
        entry = self._entry(item, scope, self._found.index.identity(item))
        label = labels.label_of(resource)
        try:
            _check_understood(item)
            if label is not None:
                labels.check(kind, label)
                entry.about["security"] = label.codings
            records = self._parsers[resource["resourceType"]](entry)
        except Retracted as taken_back:
            self._retract(kind, entry, str(taken_back))
            return
        except BadValue as fault:
            self.made.summary.of(kind).read += 1
            self.refuse(kind, item, entry.identity, str(fault), ends=isinstance(fault, labels.ForFew))
            self._count_inside(resource)
            return
        if entry.dates.without_offset:
            self.made.summary.times_without_offset += 1
        self.count += len(records)
        self._count_inside(resource, report_values.named(resource))
        for record in records:
            self.made.summary.of(record.kind).read += 1
            record.label = label.category if label is not None else None
            self.made.population.add(record)
        if (unknown := labels.unknown_in(resource)) is not None:
            self.made.summary.doubt(labels.UNKNOWN, f"{unknown[:40]} at {item.place}")
        if (left_open := labels.open_in(resource)) is not None:
            self.made.summary.doubt(labels.OPEN, f"{left_open} at {item.place}")

    def _count_inside(self, resource: Resource, taken: Container[str] = ()) -> None:
        for inside in findings_inside(resource, taken):
            self.made.summary.left_out[f"{inside} inside another resource (send it as an entry of its own)"] += 1

    def refuse(self, kind: str, item: Item, identity: str | None, reason: str, *, ends: bool = False) -> None:
        """Leave a resource out, and what belongs to it. Its earlier version is shown no longer if this `ends` it."""
        self.made.summary.refuse(kind, item.place, reason)
        self.made.population.refused.setdefault((kind, identity or ""), item.place)
        if identity:
            key = f"id|{item.resource['resourceType']}/{identity}"
            self.made.population.retractions.append(
                Retraction(kind, identity, key, item.place, reason, is_read=False, ends=ends)
            )

    def delete(self, known: Known, item: Item, scope: Scope) -> None:
        """Take back what a resource was."""
        stand_in = Item(item.place, {"resourceType": known[0]}, item.full_url)
        self._retract(KINDS[known[0]], self._entry(stand_in, scope, known[1]), "it was deleted there")

    def _entry(self, item: Item, scope: Scope, identity: str | None) -> Entry:
        return Entry(item, identity, Resolver(self._found.index, scope, item), Dates(self._zone))

    def _retract(self, kind: str, entry: Entry, reason: str) -> None:
        self.made.summary.of(kind).read += 1
        if entry.identity is None:
            self.made.summary.refuse(kind, entry.place, reason)
            return
        self.made.population.retractions.append(Retraction(kind, entry.identity, entry.id_key(), entry.place, reason))
        if entry.type == "DiagnosticReport":
            self.made.population.retractions.append(report_values.ended(entry, reason))
        if kind != "patient":
            self.made.population.refused.setdefault((kind, entry.identity), entry.place)

    def _take_deleted(self, item: Item, scope: Scope) -> None:
        known = self._found.index.deleted(item)
        if known is None:
            self.made.summary.refuse("file", item.place, UNNAMED_DELETE.format((item.deleted or "no address")[:80]))
        elif known[0] not in KINDS:
            self.made.summary.left_out[f"deleted {known[0]}"] += 1
        elif not self._waits(known, item, scope):
            self.delete(known, item, scope)

    def _observations(self, entry: Entry) -> list[Record]:
        entry = borrowed.timed(entry, self._found.lent)
        if observation.only_groups(entry.resource):
            remark = observation.remark_of_group(entry)
            if not remark:
                self.made.summary.left_out["Observation that only groups others (they are read)"] += 1
            return remark
        absent = observation.absence(entry)
        if absent is not None:
            return [absent]
        records = observation.observations(entry)
        told = len(each(entry.resource.get("component")))
        without = told - sum("#" in str(record.id_key) for record in records)
        if without:
            self.made.summary.left_out["component of an Observation without a value"] += without
        return records

    def _document(self, entry: Entry) -> list[Record]:
        record = document.document(borrowed.dated(entry, self._found.lent))
        self._end_replaced(entry)
        return [record]

    def _composition(self, entry: Entry) -> list[Record]:
        record = composition.composition(entry, KINDS)
        if record is None:
            self._without_words(entry, composition.NO_TEXT)
        self._end_replaced(entry)
        return [] if record is None else [record]

    def _without_words(self, entry: Entry, why: str) -> None:
        """Count a document that is no note, and end the note that an earlier version of it was."""
        self.made.summary.left_out[why] += 1
        if entry.identity is not None:
            gone = Retraction("note", entry.identity, entry.id_key(), entry.place, NO_WORDS, is_read=False)
            self.made.population.retractions.append(gone)

    def _end_replaced(self, entry: Entry) -> None:
        """End the documents of the same type that this one replaces."""
        for replaced in document.replaced_by(entry):
            stand_in = Item(entry.place, {"resourceType": entry.type})
            key = Entry(stand_in, replaced, entry.resolver, entry.dates).id_key()
            self.made.population.retractions.append(
                Retraction("note", replaced, key, entry.place, "another document replaces it", is_read=False)
            )

    def _request(self, entry: Entry) -> list[Record]:
        if replaced_orders.replaces(entry.resource):
            self.made.summary.doubt(replaced_orders.DOUBT, str(entry.place))
        return [medication.request(entry)]

    def _report(self, entry: Entry) -> list[Record]:
        if document.repeats_documents(entry.resource, self._found.document_texts):
            self.made.summary.left_out["DiagnosticReport that repeats a document"] += 1
            return []
        record = document.report(borrowed.dated(entry, self._found.lent))
        if record is None:
            self._without_words(entry, NO_TEXT if each(entry.resource.get("result")) else NOTHING)
        return [*([] if record is None else [record]), *self._values_inside(entry)]

    def _values_inside(self, entry: Entry) -> list[Record]:
        records, refused = report_values.read(entry, _check_understood)
        for name, reason, _ in refused:
            self.made.summary.of("observation").read += 1
            self.made.summary.refuse("observation", entry.place, f"result {name} inside its report: {reason}")
        is_later = bool(refused) or report_values.may_have_lost(entry.resource)
        if not records and entry.identity is not None and is_later:
            self.made.population.retractions.append(report_values.ended(entry, report_values.GONE, refused))
        return records


def _says_the_same(one: Item, other: Item) -> bool:
    """Whether two entries of a file differ in their place alone."""
    return (one.full_url, one.deleted, one.resource) == (other.full_url, other.deleted, other.resource)


def _check_understood(item: Item) -> None:
    url = None if item.is_plain else unknown_modifier(item.resource)
    if url is not None:
        raise BadValue(f"it has a modifierExtension that we don't know, which may turn its meaning round: {url[:120]}")
    alone = not_listed(item.resource)
    if alone is not None:
        raise BadValue(f"its {alone} is not a list, as R4 has it")
    untrue = no_boolean(item.resource)
    if untrue is not None:
        raise BadValue(f"its {untrue} is neither true nor false")
    rules = implicit_rules(item.resource)
    if rules is not None:
        raise BadValue(f"it can't be read without rules that we don't know (implicitRules {rules[:120]})")
