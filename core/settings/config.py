"""Settings: one frozen object per process, read from STRATA_* and OPENAI_* variables, checked all at once."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from datetime import timedelta
from decimal import Decimal

from pydantic import AliasGenerator, Field, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, EnvSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

from core.settings.kinds import (
    AesKey,
    AesKeys,
    Amounts,
    Count,
    DatabaseUrl,
    EventKeys,
    Factor,
    Flag,
    IssuerUrl,
    LinkKind,
    ListenAddress,
    Milliseconds,
    Money,
    Must,
    Networks,
    ObjectStoreUrl,
    PositiveInt,
    PublicKeys,
    SchemaCapability,
    SecondFactor,
    Seconds,
    SecretText,
    Share,
    WebUrl,
    Window,
)
from core.settings.parsing import engine_of

PRIMARY = "STRATA_PRIMARY_URL"
DATABASES = (PRIMARY, "STRATA_REPLICA_URL", *(f"STRATA_ARCHIVE_{name}_URL" for name in ("LOGS", "VISITS", "REPORTS")))
MEND = "Start `strata demo`, or see `strata doctor --help`."


class ConfigError(Exception):
    """Settings are missing or wrong; the message names every one, one a line."""


class Settings(BaseSettings):
    """All settings. Lengths of time carry their unit in the name; money is US dollars.

    The variable of a field is STRATA_ and the field's name, or the field's alias.
    """

    model_config = SettingsConfigDict(
        alias_generator=AliasGenerator(validation_alias=lambda name: f"STRATA_{name.upper()}"),
        case_sensitive=True,
        env_ignore_empty=True,
        # A list is written with commas, and not as JSON.
        enable_decoding=False,
        validate_default=False,
        frozen=True,
    )

    primary_url: DatabaseUrl = Field(description="the primary database (SQLAlchemy URL)")
    replica_url: DatabaseUrl = Field(description="the read-only replica")
    archive_logs_url: DatabaseUrl = Field(description="archive server for logs")
    archive_visits_url: DatabaseUrl = Field(description="archive server for visits")
    archive_reports_url: DatabaseUrl = Field(description="archive server for reports")
    redis_url: SecretText = Field(description="Redis: queue transport, session cache, freshness")
    staging_url: ObjectStoreUrl = Field(description="where archive batches are staged (file:// or s3://)")
    link: LinkKind = Field("linked_server", description="how SQL Server reads its archives: linked_server or polybase")
    audit_heads_url: ObjectStoreUrl = Field(
        "",
        description="where the audit trail's heads are kept too, best where nothing can be overwritten;"
        " staging if empty",
    )
    event_keys: EventKeys = Field(
        (),
        description="keys of what writes access events, such as public=KEY,staff=KEY, 32 bytes as base64, the newest"
        " first; a process is given its own kind's, whoever verifies the trail those of all",
    )
    audit_key: AesKey = Field(
        "", description="key that signs the trail's kept heads: 32 bytes as base64; for the worker of queue ops alone"
    )
    audit_public_keys: PublicKeys = Field((), description="what proves kept heads, by comma: `strata keys` prints it")
    audit_heads_minutes: PositiveInt = Field(130, description="the newest kept heads may be this old")
    audit_heads_keep_days: PositiveInt = Field(35, description="sets of heads are kept this long, the first for ever")
    signing_key: AesKey = Field(
        "", description="key that makes clinicians' signatures: 32 bytes as base64; for the staff portal alone"
    )
    signing_public_keys: PublicKeys = Field(
        (), description="what proves clinicians' signatures, by comma: `strata keys` prints it"
    )
    secret_key: SecretText = Field("", description="signs cookies and forms; its own for each portal")
    field_keys: AesKeys = Field(
        (), description="keys that seal single values in the database, 32 bytes as base64, by comma, the newest first"
    )
    second_factor: SecondFactor = Field(
        "required",
        description="codes of an authenticator app: required of staff and offered to patients, or offered to all",
    )
    set_up_code_hours: PositiveInt = Field(72, description="a set-up code that an admin made is good for this long")
    breached_passwords: str = Field(
        "",
        description="a copy of Have I Been Pwned's passwords by SHA-1: a folder of ranges, or one file in order;"
        " new passwords are checked against it",
    )
    public_host: str = Field("portal.localhost", description="host name of the patient portal")
    staff_host: str = Field("staff.localhost", description="host name of the staff portal")
    oidc_issuer: IssuerUrl = Field(
        "", description="the staff's identity provider (OpenID Connect), https://; no single sign-on if empty"
    )
    oidc_client_id: str = Field("", description="how the provider knows this product")
    oidc_client_secret: SecretText = Field("", description="the secret shared with the provider")
    oidc_claim: str = Field("preferred_username", description="the provider's claim that is the user name here")
    oidc_acr: str = Field(
        "", description="the level (acr) that the provider must have reached, such as its second factor"
    )
    trusted_proxies: Networks = Field(
        (), description="addresses or networks of reverse proxies, by comma, whose X-Forwarded-For is believed"
    )
    time_zone: str = Field("Asia/Singapore", description="time zone that pages show")
    openai_api_key: SecretText = Field("", description="key of the model endpoint", validation_alias="OPENAI_API_KEY")
    openai_base_url: str = Field("", description="address of the model endpoint", validation_alias="OPENAI_BASE_URL")
    drafter_model: str = Field("strata-offline-rules", description="model that drafts reports")
    checker_model: str = Field("strata-offline-rules", description="model that checks claims")
    model_timeout_seconds: Seconds = Field(60.0, description="time-out of one call")
    model_schema: SchemaCapability = Field(
        "strict", description="what the endpoint can be told of an answer's shape: strict (a JSON schema), object, none"
    )
    revisions_max: PositiveInt = Field(2, description="rounds of revision before review")
    report_budget_usd: Money = Field(Decimal("0.50"), description="most that one report may cost")
    report_budget_tokens: PositiveInt = Field(400_000, description="most tokens that one report may use")
    day_budget_usd: Money = Field(Decimal(50), description="most that all reports of one day may cost")
    log_hot_days: PositiveInt = Field(7, description="access events stay hot this long")
    alert_webhook_url: WebUrl = Field("", description="where alerts are sent, as JSON by POST; nowhere if empty")
    alert_webhook_secret: SecretText = Field("", description="signs what is sent there (HMAC-SHA-256)")
    day_budget_tokens: PositiveInt = Field(20_000_000, description="most tokens that all reports of one day may use")
    model_budgets_usd: Amounts = Field(
        (), description="most that one model may cost in a day, such as gpt-4o=10,gpt-4o-mini=5; others have the day's"
    )
    eval_drop_max: Share = Field(0.01, description="an evaluation's rates may fall by this share since its last run")
    visit_hot_days: PositiveInt = Field(183, description="closed visits stay hot this long")
    report_hot_days: PositiveInt = Field(183, description="closed reports stay hot this long")
    archive_batch_rows: PositiveInt = Field(2_000, description="roots in a run's first batch; later ones follow")
    archive_step_seconds: Seconds = Field(1.0, description="longest step: batches are as large as moves most within it")
    archive_late_look_days: Count = Field(7, description="days between looks at all hot rows for unmarked late ones")
    archive_lanes: PositiveInt = Field(2, description="batches that a run moves at the same time")
    archive_window: Window = Field("", description="hours of the day when runs may move, such as 01:00-05:00")
    archive_rows_per_second: Count = Field(500, description="most rows a run moves in a second; 0 for no limit")
    archive_lag_max_seconds: Seconds = Field(10.0, description="runs wait while the replica is further behind")
    archive_lag_max_mb: PositiveInt = Field(256, description="runs wait while the replica lacks more log than this")
    archive_latency_max_ms: Milliseconds = Field(100.0, description="runs wait while the primary is slower (median)")
    restored_keep_days: PositiveInt = Field(30, description="restored rows stay hot at least this long")
    restored_grace_seconds: Seconds = Field(60.0, description="copies of restored rows outlive any page's read by this")
    staging_key: AesKey = Field("", description="key that encrypts staged files: 32 bytes as base64")
    attachments_url: ObjectStoreUrl = Field(
        "", description="where files of notes (PDF, images) are kept, in a folder `attachments`; as staging if empty"
    )
    attachments_key: AesKey = Field(
        "", description="key that encrypts files of notes: 32 bytes as base64; for importers and portals"
    )
    staging_keep_days: PositiveInt = Field(30, description="staged files are kept this long after release")
    replica_lag_bound_seconds: Seconds = Field(5.0, description="a replica further behind serves no page")
    spill_reads_max: PositiveInt = Field(
        8, description="pages of one process that read the primary at once in the replica's place"
    )
    replica_wait_seconds: Seconds = Field(30.0, description="heavy reads wait this long for the replica")
    statement_timeout_seconds: Seconds = Field(10.0, description="a page's query is given up after this")
    silence_seconds: Seconds = Field(120.0, description="a server that sends nothing for this long is given up")
    cold_timeout_seconds: Seconds = Field(1.7, description="a read of archived rows is given up after this")
    patience_min_times: Factor = Field(1.0, description="time-outs are at least as many times as long")
    patience_max_times: Factor = Field(5.0, description="and at most, where a server is measured to be far or slow")
    session_idle_minutes: PositiveInt = Field(30, description="a sign-in ends after this long unused")
    session_hours: PositiveInt = Field(12, description="a sign-in ends after this long")
    run_history_keep_days: PositiveInt = Field(400, description="steps and events of ended runs are kept this long")
    alert_keep_days: PositiveInt = Field(400, description="alerts that have cleared are kept this long")
    evaluation_keep_days: PositiveInt = Field(800, description="evaluations are kept this long, the last ones for ever")
    done_job_keep_days: PositiveInt = Field(2, description="jobs that are done are kept this long")
    position_keep_hours: PositiveInt = Field(24, description="Redis keeps how far an account has written this long")
    care_days: PositiveInt = Field(180, description="a clinician sees patients of their visits for this many days")
    correction_hours: PositiveInt = Field(24, description="an author may edit what they wrote for this many hours")
    break_glass_minutes: PositiveInt = Field(60, description="a record opened by break-glass closes after this")
    strangers_per_hour: PositiveInt = Field(
        300, description="people outside their care whose names one clinician is shown in an hour"
    )
    metrics_address: ListenAddress = Field("", description="where /metrics is (127.0.0.1:9464); nowhere if empty")
    public_port: PositiveInt = Field(8100, description="port of the demo's patient portal")
    staff_port: PositiveInt = Field(8200, description="port of the demo's staff portal")
    data_dir: str = Field(".strata", description="folder of the demo's databases, keys and logs")
    postgres_bin: str = Field("", description="folder of PostgreSQL's programs (embedded only)")
    spool_dir: str = Field(".strata/spool", description="folder where access events wait while the primary is down")
    plain_http: Flag = Field(False, description="1 if the portals run without TLS (demo)")
    unsafe_controls: Flag = Field(False, description="1 lets tests tell the offline model to misbehave")
    fail_point: str = Field(
        "", description="where a test makes a worker die, fail or wait", validation_alias="STRATA_FAILPOINT"
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take only what is given: `load` alone reads an environment."""
        return (init_settings,)

    @property
    def session_idle(self) -> timedelta:
        return timedelta(minutes=self.session_idle_minutes)

    @property
    def session_absolute(self) -> timedelta:
        return timedelta(hours=self.session_hours)

    def archive_url(self, server: str) -> str:
        """The address of one archive server: logs, visits or reports."""
        return str(getattr(self, f"archive_{server}_url"))


def variables() -> dict[str, FieldInfo]:
    """Every setting, by its environment variable."""
    return {str(field.validation_alias): field for field in Settings.model_fields.values()}


class _Environment(EnvSettingsSource):
    """The variables of an environment, which need not be this process's own."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        super().__init__(Settings)
        self.env_vars = {name: raw.strip() for name, raw in environ.items() if raw.strip()}


def load(environ: Mapping[str, str] | None = None) -> Settings:
    """Read the settings. Raises ConfigError naming every missing or wrong variable."""
    given = _Environment(os.environ if environ is None else environ)()
    faults = list(_mixed(given))
    try:
        settings = Settings(**given)
    except ValidationError as wrong:
        faults = [*map(_words, wrong.errors()), *faults]
    if faults:
        # No cause: pydantic's fault quotes the values, and some of them are secret.
        raise ConfigError("\n".join([*faults, MEND]))
    return settings


def _words(fault: ErrorDetails) -> str:
    """One line about a setting: its variable and what the value must be."""
    variable = str(fault["loc"][0])
    field = variables()[variable]
    if fault["type"] == "missing":
        return f"{variable} is not set: {field.description}"
    if fault["type"] == "value_error":
        return f"{variable} {fault['ctx']['error']}"
    [must] = [one for one in field.metadata if isinstance(one, Must)]
    return f"{variable} must {must.be}"


def _mixed(given: Mapping[str, str]) -> Iterator[str]:
    """Databases on another engine than the primary's: rows can't be linked, nor compared, from one to the other."""
    engines = {name: engine for name in DATABASES if (engine := engine_of(given.get(name, ""))) is not None}
    primary = engines.get(PRIMARY)
    for name, engine in engines.items():
        if primary is not None and engine != primary:
            yield f"{name} is on {engine}, {PRIMARY} on {primary}: all servers must run the same engine"


def environ_with(extra: Mapping[str, str]) -> dict[str, str]:
    """This process's environment for a child, with `extra` on top."""
    return {**os.environ, **extra}


def environ_with_defaults(extra: Mapping[str, str]) -> dict[str, str]:
    """This process's environment, with `extra` where it says nothing."""
    return {**extra, **os.environ}
