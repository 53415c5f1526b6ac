"""The settings as a list for people: what each is, what it says, and no secret."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pydantic.fields import FieldInfo

from core.settings.config import Settings
from core.settings.kinds import Secret

MASK = "••••"


@dataclass(frozen=True)
class Described:
    """One setting as `strata doctor` lists it; a secret's value is masked."""

    env: str
    value: str
    help: str
    is_default: bool


def describe(settings: Settings) -> list[Described]:
    """Every setting in order, secrets masked."""
    return [_described(field, getattr(settings, name)) for name, field in Settings.model_fields.items()]


def _described(field: FieldInfo, value: Any) -> Described:
    is_secret = any(isinstance(one, Secret) for one in field.metadata)
    shown = MASK if is_secret and value else str(value)
    return Described(str(field.validation_alias), shown, field.description or "", value == field.default)
