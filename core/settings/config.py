"""Settings: one frozen object per process, read from STRATA_* variables, checked all at once."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, field, fields
from datetime import timedelta
from decimal import Decimal
from ipaddress import IPv4Network, IPv6Network
from typing import Any

from core.settings.parsing import (
    ENGINES,
    aes_key,
    aes_keys,
    amounts,
    count,
    database_url,
    flag,
    issuer_url,
    link_kind,
    milliseconds,
    money,
    networks,
    object_store_url,
    positive_int,
    schema_capability,
    second_factor,
    seconds,
    share,
    text,
    web_url,
    window,
)


class ConfigError(Exception):
    """Settings are missing or wrong; the message names every one, one a line."""


def setting(name: str, help_: str, parse: Callable[[str], Any] = text, *, secret: bool = False, **default: Any) -> Any:
    """A field that is read from the environment variable `name`; without `default=` it must be set."""
    return field(metadata={"env": name, "help": help_, "parse": parse, "secret": secret}, **default)


@dataclass(frozen=True)
class Settings:
    """All settings. Lengths of time carry their unit in the name; money is US dollars."""

    primary_url: str = setting("STRATA_PRIMARY_URL", "the primary database (SQLAlchemy URL)", database_url, secret=True)
    replica_url: str = setting("STRATA_REPLICA_URL", "the read-only replica", database_url, secret=True)
    archive_logs_url: str = setting("STRATA_ARCHIVE_LOGS_URL", "archive server for logs", database_url, secret=True)
    archive_visits_url: str = setting(
        "STRATA_ARCHIVE_VISITS_URL", "archive server for visits", database_url, secret=True
    )
    archive_reports_url: str = setting(
        "STRATA_ARCHIVE_REPORTS_URL", "archive server for reports", database_url, secret=True
    )
    redis_url: str = setting("STRATA_REDIS_URL", "Redis: queue transport, session cache, freshness", secret=True)
    staging_url: str = setting(
        "STRATA_STAGING_URL", "where archive batches are staged (file:// or s3://)", object_store_url
    )
    link: str = setting(
        "STRATA_LINK",
        "how the primary reads the archives on SQL Server: linked_server or polybase",
        link_kind,
        default="linked_server",
    )
    audit_heads_url: str = setting(
        "STRATA_AUDIT_HEADS_URL",
        "where the audit trail's heads are kept too, best where nothing can be overwritten; staging if empty",
        object_store_url,
        default="",
    )
    secret_key: str = setting(
        "STRATA_SECRET_KEY", "signs cookies and forms; its own for each portal", secret=True, default=""
    )
    field_keys: tuple[str, ...] = setting(
        "STRATA_FIELD_KEYS",
        "keys that seal single values in the database, 32 bytes as base64, by comma, the newest first",
        aes_keys,
        secret=True,
        default=(),
    )
    second_factor: str = setting(
        "STRATA_SECOND_FACTOR",
        "codes of an authenticator app: required of staff and offered to patients, or offered to all",
        second_factor,
        default="required",
    )
    public_host: str = setting("STRATA_PUBLIC_HOST", "host name of the patient portal", default="portal.localhost")
    staff_host: str = setting("STRATA_STAFF_HOST", "host name of the staff portal", default="staff.localhost")
    oidc_issuer: str = setting(
        "STRATA_OIDC_ISSUER",
        "the staff's identity provider (OpenID Connect), https://; no single sign-on if empty",
        issuer_url,
        default="",
    )
    oidc_client_id: str = setting("STRATA_OIDC_CLIENT_ID", "how the provider knows this product", default="")
    oidc_client_secret: str = setting(
        "STRATA_OIDC_CLIENT_SECRET", "the secret shared with the provider", secret=True, default=""
    )
    oidc_claim: str = setting(
        "STRATA_OIDC_CLAIM", "the provider's claim that is the user name here", default="preferred_username"
    )
    oidc_acr: str = setting(
        "STRATA_OIDC_ACR", "the level (acr) that the provider must have reached, such as its second factor", default=""
    )
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...] = setting(
        "STRATA_TRUSTED_PROXIES",
        "addresses or networks of reverse proxies, by comma, whose X-Forwarded-For is believed",
        networks,
        default=(),
    )
    time_zone: str = setting("STRATA_TIME_ZONE", "time zone that pages show", default="Asia/Singapore")
    openai_api_key: str = setting("OPENAI_API_KEY", "key of the model endpoint", secret=True, default="")
    openai_base_url: str = setting("OPENAI_BASE_URL", "address of the model endpoint", default="")
    drafter_model: str = setting("STRATA_DRAFTER_MODEL", "model that drafts reports", default="strata-offline-rules")
    checker_model: str = setting("STRATA_CHECKER_MODEL", "model that checks claims", default="strata-offline-rules")
    model_timeout_seconds: float = setting(
        "STRATA_MODEL_TIMEOUT_SECONDS", "time-out of one call", seconds, default=60.0
    )
    model_schema: str = setting(
        "STRATA_MODEL_SCHEMA",
        "what the endpoint can be told of an answer's shape: strict (a JSON schema), object, none",
        schema_capability,
        default="strict",
    )
    revisions_max: int = setting("STRATA_REVISIONS_MAX", "rounds of revision before review", positive_int, default=2)
    report_budget_usd: Decimal = setting(
        "STRATA_REPORT_BUDGET_USD", "most that one report may cost", money, default=Decimal("0.50")
    )
    report_budget_tokens: int = setting(
        "STRATA_REPORT_BUDGET_TOKENS", "most tokens that one report may use", positive_int, default=400_000
    )
    day_budget_usd: Decimal = setting(
        "STRATA_DAY_BUDGET_USD", "most that all reports of one day may cost", money, default=Decimal(50)
    )
    log_hot_days: int = setting("STRATA_LOG_HOT_DAYS", "access events stay hot this long", positive_int, default=7)
    alert_webhook_url: str = setting(
        "STRATA_ALERT_WEBHOOK_URL", "where alerts are sent, as JSON by POST; nowhere if empty", web_url, default=""
    )
    alert_webhook_secret: str = setting(
        "STRATA_ALERT_WEBHOOK_SECRET", "signs what is sent there (HMAC-SHA-256)", secret=True, default=""
    )
    day_budget_tokens: int = setting(
        "STRATA_DAY_BUDGET_TOKENS", "most tokens that all reports of one day may use", positive_int, default=20_000_000
    )
    model_budgets_usd: tuple[tuple[str, Decimal], ...] = setting(
        "STRATA_MODEL_BUDGETS_USD",
        "most that one model may cost in a day, such as gpt-4o=10,gpt-4o-mini=5; others have the day's",
        amounts,
        default=(),
    )
    eval_drop_max: float = setting(
        "STRATA_EVAL_DROP_MAX", "an evaluation's rates may fall by this share since its last run", share, default=0.01
    )
    visit_hot_days: int = setting(
        "STRATA_VISIT_HOT_DAYS", "closed visits stay hot this long", positive_int, default=183
    )
    report_hot_days: int = setting(
        "STRATA_REPORT_HOT_DAYS", "closed reports stay hot this long", positive_int, default=183
    )
    archive_batch_rows: int = setting(
        "STRATA_ARCHIVE_BATCH_ROWS", "roots in a run's first batch; later ones follow", positive_int, default=2_000
    )
    archive_step_seconds: float = setting(
        "STRATA_ARCHIVE_STEP_SECONDS", "batches are sized so that a step takes this long", seconds, default=1.0
    )
    archive_lanes: int = setting(
        "STRATA_ARCHIVE_LANES", "batches that a run moves at the same time", positive_int, default=2
    )
    archive_window: str = setting(
        "STRATA_ARCHIVE_WINDOW", "hours of the day when runs may move, such as 01:00-05:00", window, default=""
    )
    archive_rows_per_second: int = setting(
        "STRATA_ARCHIVE_ROWS_PER_SECOND", "most rows a run moves in a second; 0 for no limit", count, default=500
    )
    archive_lag_max_seconds: float = setting(
        "STRATA_ARCHIVE_LAG_MAX_SECONDS", "runs wait while the replica is further behind", seconds, default=10.0
    )
    archive_lag_max_mb: int = setting(
        "STRATA_ARCHIVE_LAG_MAX_MB", "runs wait while the replica lacks more log than this", positive_int, default=256
    )
    archive_latency_max_ms: float = setting(
        "STRATA_ARCHIVE_LATENCY_MAX_MS", "runs wait while the primary is slower (median)", milliseconds, default=100.0
    )
    restored_keep_days: int = setting(
        "STRATA_RESTORED_KEEP_DAYS", "restored rows stay hot at least this long", positive_int, default=30
    )
    restored_grace_seconds: float = setting(
        "STRATA_RESTORED_GRACE_SECONDS",
        "copies of restored rows outlive any page's read by this",
        seconds,
        default=60.0,
    )
    staging_key: str = setting(
        "STRATA_STAGING_KEY", "key that encrypts staged files: 32 bytes as base64", aes_key, secret=True, default=""
    )
    staging_keep_days: int = setting(
        "STRATA_STAGING_KEEP_DAYS", "staged files are kept this long after release", positive_int, default=30
    )
    replica_lag_bound_seconds: float = setting(
        "STRATA_REPLICA_LAG_BOUND_SECONDS", "a replica further behind serves no page", seconds, default=5.0
    )
    spill_reads_max: int = setting(
        "STRATA_SPILL_READS_MAX",
        "pages of one process that read the primary at once in the replica's place",
        positive_int,
        default=8,
    )
    replica_wait_seconds: float = setting(
        "STRATA_REPLICA_WAIT_SECONDS", "heavy reads wait this long for the replica", seconds, default=30.0
    )
    statement_timeout_seconds: float = setting(
        "STRATA_STATEMENT_TIMEOUT_SECONDS", "a page's query is given up after this", seconds, default=10.0
    )
    silence_seconds: float = setting(
        "STRATA_SILENCE_SECONDS", "a server that sends nothing for this long is given up", seconds, default=120.0
    )
    cold_timeout_seconds: float = setting(
        "STRATA_COLD_TIMEOUT_SECONDS", "a read of archived rows is given up after this", seconds, default=1.7
    )
    session_idle_minutes: int = setting(
        "STRATA_SESSION_IDLE_MINUTES", "a sign-in ends after this long unused", positive_int, default=30
    )
    session_hours: int = setting("STRATA_SESSION_HOURS", "a sign-in ends after this long", positive_int, default=12)
    care_days: int = setting(
        "STRATA_CARE_DAYS", "a clinician sees patients of their visits for this many days", positive_int, default=180
    )
    break_glass_minutes: int = setting(
        "STRATA_BREAK_GLASS_MINUTES", "a record opened by break-glass closes after this", positive_int, default=60
    )
    public_port: int = setting("STRATA_PUBLIC_PORT", "port of the demo's patient portal", positive_int, default=8100)
    staff_port: int = setting("STRATA_STAFF_PORT", "port of the demo's staff portal", positive_int, default=8200)
    data_dir: str = setting("STRATA_DATA_DIR", "folder of the demo's databases, keys and logs", default=".strata")
    postgres_bin: str = setting("STRATA_POSTGRES_BIN", "folder of PostgreSQL's programs (embedded only)", default="")
    spool_dir: str = setting(
        "STRATA_SPOOL_DIR", "folder where access events wait while the primary is down", default=".strata/spool"
    )
    plain_http: bool = setting("STRATA_PLAIN_HTTP", "1 if the portals run without TLS (demo)", flag, default=False)
    unsafe_controls: bool = setting(
        "STRATA_UNSAFE_CONTROLS", "1 lets tests tell the offline model to misbehave", flag, default=False
    )

    fail_point: str = setting("STRATA_FAILPOINT", "where a test makes a worker die, fail or wait", default="")

    @property
    def session_idle(self) -> timedelta:
        return timedelta(minutes=self.session_idle_minutes)

    @property
    def session_absolute(self) -> timedelta:
        return timedelta(hours=self.session_hours)

    def archive_url(self, server: str) -> str:
        """The address of one archive server: logs, visits or reports."""
        return str(getattr(self, f"archive_{server}_url"))


def load(environ: Mapping[str, str] | None = None) -> Settings:
    """Read the settings. Raises ConfigError naming every missing or wrong variable."""
    environ = os.environ if environ is None else environ
    values: dict[str, Any] = {}
    faults: list[str] = []
    for item in fields(Settings):
        name = item.metadata["env"]
        raw = environ.get(name, "").strip()
        if raw:
            try:
                values[item.name] = item.metadata["parse"](raw)
            except ValueError as fault:
                faults.append(f"{name} {fault}")
        elif item.default is MISSING:
            faults.append(f"{name} is not set: {item.metadata['help']}")
    faults += _mixed(values)
    if faults:
        raise ConfigError("\n".join([*faults, "Start `strata demo`, or see `strata doctor --help`."]))
    return Settings(**values)


def _mixed(values: Mapping[str, Any]) -> list[str]:
    """Databases on another engine than the primary's: rows can't be linked, nor compared, from one to the other."""
    named = {item.name: item.metadata["env"] for item in fields(Settings) if item.metadata["parse"] is database_url}
    engines = {name: ENGINES[values[name].split(":", 1)[0]] for name in named if name in values}
    primary = engines.get("primary_url")
    return [
        f"{named[name]} is on {engine}, STRATA_PRIMARY_URL on {primary}: all servers must run the same engine"
        for name, engine in engines.items()
        if primary is not None and engine != primary
    ]


@dataclass(frozen=True)
class Described:
    """One setting as `strata doctor` lists it; a secret's value is masked."""

    env: str
    value: str
    help: str
    is_default: bool


def describe(settings: Settings) -> list[Described]:
    """Every setting in order, secrets masked."""
    described = []
    for item in fields(Settings):
        value = getattr(settings, item.name)
        shown = "••••" if item.metadata["secret"] and value else str(value)
        described.append(Described(item.metadata["env"], shown, item.metadata["help"], value == item.default))
    return described


def environ_with(extra: Mapping[str, str]) -> dict[str, str]:
    """This process's environment for a child, with `extra` on top."""
    return {**os.environ, **extra}


def environ_with_defaults(extra: Mapping[str, str]) -> dict[str, str]:
    """This process's environment, with `extra` where it says nothing."""
    return {**extra, **os.environ}
