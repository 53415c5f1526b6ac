"""Orders of medicine that a newer one replaces: both together would be a double dose."""

from __future__ import annotations

from core.interchange.fhir.bundles import Item, Resource
from core.interchange.fhir.resource_index import Index, Resolver, Scope

KIND = "MedicationRequest"
HOLDING = ("active", "on-hold")
REPLACED = "replaced by a newer order"
REPLACES = "replaces an earlier order"
DOUBT = "orders that replace an earlier one: one of this import is shown as stopped, one that came before is not"


def note(index: Index, scope: Scope, item: Item) -> None:
    """Remember the order that this one says it replaces (`priorPrescription`), if this one holds itself."""
    resource = item.resource
    if replaces(resource) and resource.get("status") in HOLDING and resource.get("doNotPerform") is not True:
        found = Resolver(index, scope, item).find_if_clear(resource["priorPrescription"])
        if found is not None:
            index.replaced[f"{KIND}/{found[1]}"] = REPLACED


def replaces(resource: Resource) -> bool:
    """Whether an order names one that it replaces, and is an order itself."""
    return "priorPrescription" in resource and str(resource.get("intent")).endswith("order")


def is_replaced(index: Index, identity: str | None) -> bool:
    """Whether a newer order of this import replaces the one with this id."""
    return f"{KIND}/{identity}" in index.replaced
