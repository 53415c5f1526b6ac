"""The second reading: each resource made into records, the newest of several versions, and what is taken back."""

from __future__ import annotations

import json
from collections.abc import Callable
from zoneinfo import ZoneInfo

from core.interchange.fhir import allergy, condition, document, encounter, event, medication, observation, patient
from core.interchange.fhir.bundles import File, Item, dig, items
from core.interchange.fhir.care_givers import CareGivers
from core.interchange.fhir.dates import Dates
from core.interchange.fhir.entry import Entry, Retracted
from core.interchange.fhir.identity import address
from core.interchange.fhir.resource_index import Known, Resolver, Scope
from core.interchange.fhir.survey import KINDS, Survey, is_resource
from core.interchange.fhir.versions import implicit_rules, unknown_modifier
from core.interchange.source_rows import Population, Record, Retraction
from core.interchange.source_values import BadValue
from core.interchange.summary import Summary

Waiting = tuple[Item, Scope]


class Parsing:
    """Makes records of resources; repeated ones wait until all versions have been read."""

    def __init__(self, survey: Survey, summary: Summary, zone: ZoneInfo, population: Population) -> None:
        self._survey, self._summary, self._zone = survey, summary, zone
        self._population = population
        self._givers = CareGivers(population, summary)
        self._texts: dict[str, set[int]] = {}
        self._versions: dict[Known, list[Waiting]] = {}
        self._reports: list[Waiting] = []
        self._parsers: dict[str, Callable[[Entry], list[Record]]] = {
            "Patient": lambda entry: [patient.patient(entry)],
            "Encounter": lambda entry: [encounter.encounter(entry, self._givers)],
            "Observation": observation.observations,
            "Condition": lambda entry: [condition.condition(entry)],
            "AllergyIntolerance": lambda entry: [allergy.allergy(entry)],
            "MedicationRequest": lambda entry: [medication.request(entry)],
            "MedicationStatement": lambda entry: [medication.statement(entry)],
            "DocumentReference": self._document,
            "DiagnosticReport": self._report,
            "Immunization": lambda entry: [event.immunization(entry)],
            "Procedure": lambda entry: [event.procedure(entry)],
        }

    @property
    def size(self) -> int:
        """How many records stand ready."""
        return self._population.size

    def take(self) -> Population:
        """The records that stand ready, which are forgotten here."""
        taken = self._population
        self._population = Population(taken.source, refused=taken.refused)
        self._givers.population = self._population
        return taken

    def read(self, file: File) -> None:
        """Read a file. Raises BadFile."""
        scope = self._survey.scopes.pop(file.name, None) or self._names(file)
        for item in items(file):
            self._read(item, scope)
        for waiting in self._reports:
            self._make(*waiting)
        self._reports = []

    def _names(self, file: File) -> Scope:
        scope = Scope()
        for item in items(file):
            if is_resource(item):
                self._survey.index.add(item, scope)
        return scope

    def _read(self, item: Item, scope: Scope) -> None:
        if item.deleted is not None:
            self._delete(item, scope)
        elif not is_resource(item):
            reason = item.fault or "the entry holds no resource with a resourceType"
            self._summary.refuse("file", item.place, reason)
        elif (kind := item.resource["resourceType"]) in KINDS:
            known = (kind, self._survey.index.identity(item) or "")
            if known in self._survey.repeated:
                self._versions.setdefault(known, []).append((item, scope))
            elif kind == "DiagnosticReport":
                # Last, since it may present a text that a document holds as well.
                self._reports.append((item, scope))
            else:
                self._make(item, scope)

    def finish(self) -> None:
        """Make records of the resources that came more than once: the newest version counts."""
        order = list(KINDS)
        for known, versions in sorted(self._versions.items(), key=lambda one: order.index(one[0][0])):
            self._newest(known, versions)
        self._versions = {}

    def _newest(self, known: Known, versions: list[Waiting]) -> None:
        newest = _only_newest(versions)
        kind = KINDS[known[0]]
        if newest is not None:
            self._make(*newest)
            self._summary.of(kind).read += len(versions) - 1
            self._summary.of(kind).unchanged += len(versions) - 1
            return
        first = min(item.place for item, _ in versions)
        for item, _ in versions:
            self._summary.of(kind).read += 1
            reason = f"{kind} {known[1]} was already at {first} with other content, and neither says which is newer"
            self._refuse(kind, item, known[1], reason)

    def _make(self, item: Item, scope: Scope) -> None:
        resource = item.resource
        kind = KINDS[resource["resourceType"]]
        resolver = Resolver(self._survey.index, scope, item)
        entry = Entry(item, self._survey.index.identity(item), resolver, Dates(self._zone))
        try:
            _check_understood(resource)
            records = self._parsers[resource["resourceType"]](entry)
        except Retracted as taken_back:
            self._retract(kind, entry, str(taken_back))
            return
        except BadValue as fault:
            self._summary.of(kind).read += 1
            self._refuse(kind, item, entry.identity, str(fault))
            return
        if entry.dates.without_offset:
            self._summary.times_without_offset += 1
        for record in records:
            self._summary.of(record.kind).read += 1
            self._population.add(record)

    def _refuse(self, kind: str, item: Item, identity: str | None, reason: str) -> None:
        self._summary.refuse(kind, item.place, reason)
        self._population.refused.setdefault((kind, identity or ""), item.place)

    def _retract(self, kind: str, entry: Entry, reason: str) -> None:
        self._summary.of(kind).read += 1
        if entry.identity is None:
            self._summary.refuse(kind, entry.place, reason)
            return
        self._population.retractions.append(Retraction(kind, entry.identity, entry.id_key(), entry.place, reason))
        if kind != "patient":
            self._population.refused.setdefault((kind, entry.identity), entry.place)

    def _delete(self, item: Item, scope: Scope) -> None:
        found = address(item.deleted or "")
        if found is None or found.type not in KINDS:
            self._summary.left_out[f"deleted {found.type if found else 'resource'}"] += 1
            return
        kind = KINDS[found.type]
        base = found.base or self._survey.index.base_of(item)
        stand_in = Item(item.place, {"resourceType": found.type, "id": found.id}, item.full_url)
        identity = self._survey.index.sources.qualified(base, found.id)
        if (found.type, identity) in self._versions:
            self._versions.pop((found.type, identity))
        entry = Entry(stand_in, identity, Resolver(self._survey.index, scope, stand_in), Dates(self._zone))
        self._retract(kind, entry, "it was deleted there")

    def _document(self, entry: Entry) -> list[Record]:
        record = document.document(entry)
        for replaced in document.replaced_by(entry):
            stand_in = Item(entry.place, {"resourceType": "DocumentReference"})
            key = Entry(stand_in, replaced, entry.resolver, entry.dates).id_key()
            self._population.retractions.append(
                Retraction("note", replaced, key, entry.place, "another document replaces it", is_read=False)
            )
        self._texts.setdefault(record.patient, set()).add(hash(record.values["text"]))
        return [record]

    def _report(self, entry: Entry) -> list[Record]:
        record = document.report(entry)
        if record is None:
            self._summary.left_out["DiagnosticReport without text of its own (its results are read)"] += 1
            return []
        if hash(record.values["text"]) in self._texts.get(record.patient, set()):
            self._summary.left_out["DiagnosticReport that repeats a document"] += 1
            return []
        return [record]


def _check_understood(resource: dict[str, object]) -> None:
    url = unknown_modifier(resource)
    if url is not None:
        raise BadValue(f"it has a modifierExtension that we don't know, which may turn its meaning round: {url[:120]}")
    rules = implicit_rules(resource)
    if rules is not None:
        raise BadValue(f"it can't be read without rules that we don't know (implicitRules {rules[:120]})")


def _version(item: Item) -> tuple[str, int]:
    number = dig(item.resource, "meta", "versionId")
    updated = dig(item.resource, "meta", "lastUpdated")
    return str(updated or ""), int(number) if isinstance(number, str) and number.isdigit() else 0


def _only_newest(versions: list[Waiting]) -> Waiting | None:
    """The version that counts; None if nothing tells. Of one person who is told of twice, the fuller version."""
    ordered = sorted(versions, key=lambda one: (_version(one[0]), len(_canonical(one[0])), _canonical(one[0])))
    last = ordered[-1]
    is_newer = all(_version(item) < _version(last[0]) for item, _ in ordered[:-1])
    if is_newer or len({_canonical(item) for item, _ in versions}) == 1:
        return last
    resources = [item.resource for item, _ in versions]
    is_person = resources[0]["resourceType"] == "Patient"
    return last if is_person and patient.is_one_person(resources) else None


def _canonical(item: Item) -> str:
    return json.dumps(item.resource, sort_keys=True, default=str)
