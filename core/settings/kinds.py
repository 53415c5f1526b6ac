"""The kinds of values that settings have: what pydantic checks, and how a fault says what a value must be."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from ipaddress import IPv4Network, IPv6Network
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from core.settings.parsing import (
    aes_key,
    aes_keys,
    amounts,
    database_url,
    event_keys,
    issuer_url,
    listen_address,
    money,
    networks,
    object_store_url,
    public_keys,
    web_url,
    window,
)


@dataclass(frozen=True)
class Must:
    """What a fault says of a value that pydantic refuses; a parser of ours says it itself."""

    be: str


class Secret:
    """Marks a value that nobody may see in a list of settings."""


PositiveInt = Annotated[int, Field(gt=0), Must("be a whole number above 0")]
Count = Annotated[int, Field(ge=0), Must("be a whole number, 0 or more")]
Seconds = Annotated[float, Field(gt=0), Must("be a number of seconds above 0")]
Factor = Annotated[float, Field(ge=1), Must("be a number, 1 or more")]
Milliseconds = Annotated[float, Field(gt=0), Must("be a number of milliseconds above 0")]
Share = Annotated[float, Field(ge=0, le=1), Must("be a share from 0 to 1")]
Flag = Annotated[bool, Must("be 1 or 0")]
# US dollars.
Money = Annotated[Decimal, BeforeValidator(money)]
Amounts = Annotated[tuple[tuple[str, Decimal], ...], BeforeValidator(amounts)]

# How SQL Server reads the tables of other servers.
LinkKind = Annotated[Literal["linked_server", "polybase"], Must("be linked_server or polybase")]
# What a model endpoint can be told about the shape of its answer.
SchemaCapability = Annotated[Literal["strict", "object", "none"], Must("be strict, object or none")]
# Who must have a second factor.
SecondFactor = Annotated[Literal["required", "offered"], Must("be required or offered")]

SecretText = Annotated[str, Secret()]
DatabaseUrl = Annotated[str, AfterValidator(database_url), Secret()]
AesKey = Annotated[str, AfterValidator(aes_key), Secret()]
# By the kind of process that has it.
EventKeys = Annotated[tuple[tuple[str, bytes], ...], BeforeValidator(event_keys), Secret()]
PublicKeys = Annotated[tuple[str, ...], BeforeValidator(public_keys)]
AesKeys = Annotated[tuple[str, ...], BeforeValidator(aes_keys), Secret()]
ObjectStoreUrl = Annotated[str, AfterValidator(object_store_url)]
ListenAddress = Annotated[str, AfterValidator(listen_address)]
WebUrl = Annotated[str, AfterValidator(web_url)]
IssuerUrl = Annotated[str, AfterValidator(issuer_url)]
Window = Annotated[str, AfterValidator(window)]
Networks = Annotated[tuple[IPv4Network | IPv6Network, ...], BeforeValidator(networks)]
