"""The content hash of a row in T-SQL: SHA-256 of the row as PostgreSQL prints it, so that both engines hash it alike.

PostgreSQL's text of a row looks like `(1,"two words",,t)`. A NULL is no text at all. A field has quotes around it if it
is empty or has a quote, a backslash, a bracket, a comma or white space; inside, quotes and backslashes are doubled.
Dates are ISO 8601. Instants are UTC, with only as many digits of the second's fraction as they need.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import BigInteger, Boolean, Date, DateTime, Integer, LargeBinary, Numeric, String
from sqlalchemy.types import JSON, Float, TypeEngine

from core.engines.fault_kinds import EngineError

COLLATION = "Latin1_General_100_BIN2"
BINARY = f"COLLATE {COLLATION}"
UTF8 = "COLLATE Latin1_General_100_BIN2_UTF8"
WHITE = " + ".join(f"NCHAR({code})" for code in range(9, 14))


def row_hash(fields: Sequence[tuple[TypeEngine[Any], str]], *, utf8: bool) -> str:
    """SQL for the SHA-256, as VARBINARY(32), of fields with their types. Raises EngineError for a type it can't write.

    `utf8` adds the collation that makes VARCHAR UTF-8. Leave it out for a server where VARCHAR always is UTF-8.
    """
    joined = " + N',' + ".join(_field(kind, name) for kind, name in fields)
    row = f"CAST(N'(' AS nvarchar(max)) + {joined} + N')'"
    return f"HASHBYTES('SHA2_256', CONVERT(varchar(max), ({row}){f' {UTF8}' if utf8 else ''}))"


def _field(kind: TypeEngine[Any], name: str) -> str:
    if isinstance(kind, Boolean):
        return f"CASE {name} WHEN 1 THEN N't' WHEN 0 THEN N'f' ELSE N'' END"
    if isinstance(kind, BigInteger | Integer) or (isinstance(kind, Numeric) and not isinstance(kind, Float)):
        return f"COALESCE(CONVERT(nvarchar(40), {name}), N'')"
    if isinstance(kind, Date):
        return f"COALESCE(CONVERT(nvarchar(10), {name}, 23), N'')"
    if isinstance(kind, DateTime):
        return _instant(name)
    if isinstance(kind, LargeBinary):
        return f"COALESCE(N'\"\\\\x' + LOWER(CONVERT(nvarchar(max), {name}, 2)) + N'\"', N'')"
    if isinstance(kind, String | JSON):
        return _text(name)
    raise EngineError(f"{name}: a {kind} can't be hashed alike on PostgreSQL and SQL Server")


def _instant(name: str) -> str:
    utc = f"SWITCHOFFSET({name}, '+00:00')"
    digits = f"RIGHT(N'000000' + CONVERT(nvarchar(6), DATEPART(microsecond, {name})), 6)"
    needed = f"REPLACE(RTRIM(REPLACE({digits}, N'0', N' ')), N' ', N'0')"
    fraction = f"CASE DATEPART(microsecond, {name}) WHEN 0 THEN N'' ELSE N'.' + {needed} END"
    return f"COALESCE(N'\"' + CONVERT(nvarchar(19), {utc}, 120) + {fraction} + N'+00\"', N'')"


def _text(name: str) -> str:
    exact = f"{name} {BINARY}"
    doubled = f"REPLACE(REPLACE({exact}, N'\\', N'\\\\'), N'\"', N'\"\"')"
    needs = f"{exact} LIKE N'%[\"\\(), ' + {WHITE} + N']%'"
    return (
        f"CASE WHEN {name} IS NULL THEN N'' WHEN DATALENGTH({name}) = 0 OR {needs} THEN N'\"' + {doubled} + N'\"'"
        f" ELSE {name} END"
    )


def canonical_json(value: Any) -> str:
    """A value as PostgreSQL's jsonb prints it, with keys by length and then by bytes: both engines hash it alike."""
    return json.dumps(_in_order(value), ensure_ascii=False, separators=(", ", ": "))


def _in_order(value: Any) -> Any:
    if isinstance(value, dict):
        keys = sorted(map(str, value), key=lambda key: (len(key.encode()), key.encode()))
        return {key: _in_order(value[key]) for key in keys}
    if isinstance(value, list | tuple):
        return [_in_order(one) for one in value]
    return value
