import base64
import json
import time
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import make_url, text

from commands.doctor import doctor
from commands.doctor.other_services import examine as examine_others
from core.engines.server_facts import Checkpoints
from core.sealing import signatures
from core.stores import databases
from tests.factories import make_patient
from tests.tiers import Tiers

Findings = dict[str, dict[str, Any]]


def run() -> tuple[int, dict[str, Any]]:
    result = CliRunner().invoke(doctor, ["--json"], catch_exceptions=False)
    return result.exit_code, json.loads(result.stdout)


def by_subject(report: dict[str, Any]) -> Findings:
    return {finding["subject"]: finding for finding in report["findings"]}


def own(**values: Any) -> Any:
    """This process with other settings than tests have: it is the owner's, who proves everything and signs nothing."""
    settings = databases.current().settings
    public = base64.b64encode(signatures.public_of(signatures.key_bytes(settings.signing_key)))
    proves = {
        "signing_key": "",
        "signing_public_keys": (public.decode(),),
        "staging_key": base64.b64encode(b"0" * 32).decode(),
        "attachments_key": base64.b64encode(b"1" * 32).decode(),
    }
    return databases.configure(settings.model_copy(update={**proves, **values}))


def test_a_healthy_system_has_nothing_wrong(database: Any, sends_conditions_on: None) -> None:
    own()
    status, report = run()
    assert [finding for finding in report["findings"] if not finding["ok"]] == []
    assert (status, report["ok"]) == (0, True)
    assert {"primary", "replica", "archive logs", "archive visits", "archive reports", "redis", "staging"} <= set(
        by_subject(report)
    )


def test_no_password_is_shown(database: Any) -> None:
    shown = CliRunner().invoke(doctor, []).stdout + json.dumps(run()[1])
    assert str(make_url(database.primary_url).password) not in shown
    assert str(make_url(database.redis_url).password) not in shown
    assert "STRATA_PRIMARY_URL" in shown


def test_a_dead_archive_is_wrong_at_its_address_and_behind_its_links(
    database: Any, tiers: Tiers, engine_name: str
) -> None:
    logs = by_subject(run()[1])["linked tables: logs"]
    tiers.of["visits"].stop()
    databases.current().dispose()
    status, report = run()
    found = by_subject(report)
    assert status == 1
    assert "STRATA_ARCHIVE_VISITS_URL" in found["archive visits"]["mend"]
    assert not found["linked tables: visits"]["ok"]
    assert found["archive logs"]["ok"]
    assert "can be read" in logs["detail"]
    # A SQL Server may fetch linked tables whole, which is wrong too.
    assert logs["ok"] or engine_name == "mssql"
    assert found["linked tables: logs"] == logs


def test_a_standby_that_is_gone_is_wrong(database: Any, tiers: Tiers) -> None:
    tiers.replica.stop()
    databases.current().dispose()
    found = by_subject(run()[1])
    assert not found["replica"]["ok"]
    assert "replica does not answer" in found["replication"]["detail"]


def test_a_standby_that_replays_nothing_is_wrong(database: Any, tiers: Tiers) -> None:
    tiers.replica.pause_replay()
    with databases.write() as session:
        make_patient(session)
    found = by_subject(run()[1])
    assert found["replica"]["ok"]
    assert not found["replication"]["ok"]


def test_a_replica_that_accepts_writes_is_no_replica(database: Any) -> None:
    databases.configure(database.model_copy(update={"replica_url": database.primary_url}))
    assert "accepts writes" in by_subject(run()[1])["replica: role"]["detail"]


def test_links_made_for_another_address_ask_for_init(database: Any) -> None:
    elsewhere = make_url(database.archive_logs_url).set(port=1).render_as_string(hide_password=False)
    databases.configure(database.model_copy(update={"archive_logs_url": elsewhere}))
    found = by_subject(run()[1])
    assert found["linked tables: logs"]["mend"] == "run `strata init`"
    assert "another address" not in found["linked tables: visits"]["detail"]


def test_a_link_that_fetches_whole_tables_is_wrong(database: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(databases.current().adapter.links, "remote_queries", lambda *_: [])
    finding = by_subject(run()[1])["linked tables: visits"]
    assert not finding["ok"]
    assert "fetched whole" in finding["detail"]


def test_an_old_schema_asks_for_init(database: Any) -> None:
    with databases.write() as session:
        revision = session.scalar(text("SELECT version_num FROM alembic_version"))
        session.execute(text("UPDATE alembic_version SET version_num = '0000'"))
    try:
        assert by_subject(run()[1])["primary: schema"]["mend"] == "run `strata init`"
    finally:
        with databases.write() as session:
            session.execute(text("UPDATE alembic_version SET version_num = :revision"), {"revision": revision})


def test_other_services_that_do_not_answer_name_their_setting(database: Any, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    settings = database.model_copy(
        update={
            "redis_url": "redis://127.0.0.1:1/0",
            "staging_url": (tmp_path / "file" / "below").as_uri(),
            "spool_dir": str(tmp_path / "spool"),
            "openai_base_url": "http://127.0.0.1:1/v1",
        }
    )
    found = {finding.subject: finding for finding in examine_others(settings)}
    assert "STRATA_REDIS_URL" in found["redis"].mend
    assert "STRATA_STAGING_URL" in found["staging"].mend
    assert "OPENAI_BASE_URL" in found["model endpoint"].mend
    assert found["spool of access events"].ok


def wrong() -> dict[str, str]:
    """What is wrong with the boundaries, and the mend."""
    found = by_subject(run()[1])
    return {name: f["mend"] for name, f in found.items() if name.startswith("boundaries") and not f["ok"]}


@pytest.mark.parametrize(
    ("values", "subject", "mend"),
    [
        ({"event_keys": ()}, "event keys", "STRATA_EVENT_KEYS"),
        ({"signing_public_keys": ()}, "signatures", "STRATA_SIGNING_PUBLIC_KEYS"),
        ({"staging_key": ""}, "staged files", "STRATA_STAGING_KEY"),
        ({"attachments_key": ""}, "files of notes", "STRATA_ATTACHMENTS_KEY"),
        ({"field_keys": ()}, "field keys", "STRATA_FIELD_KEYS"),
        ({"audit_key": "", "audit_public_keys": ()}, "kept heads", "strata keys"),
    ],
)
def test_a_missing_key_is_wrong(database: Any, values: dict[str, Any], subject: str, mend: str) -> None:
    own(**values)
    found = wrong()
    assert list(found) == [f"boundaries: {subject}"]
    assert mend in found[f"boundaries: {subject}"]


@pytest.mark.only_on_postgresql("rights and rules as it has them")
@pytest.mark.parametrize(
    ("widened", "undone"),
    [
        ("GRANT DELETE ON chain_head TO strata_staff", "REVOKE DELETE ON chain_head FROM strata_staff"),
        ("GRANT UPDATE ON chain_head TO strata_public",
         "REVOKE UPDATE ON chain_head FROM strata_public;"
         " GRANT UPDATE (sequence, hash) ON chain_head TO strata_public"),
        ("GRANT SELECT ON patient TO PUBLIC", "REVOKE SELECT ON patient FROM PUBLIC"),
        ("GRANT SELECT ON cold.report TO strata_public", "REVOKE SELECT ON cold.report FROM strata_public"),
        ("GRANT DELETE ON cold.visit TO strata_staff", "REVOKE DELETE ON cold.visit FROM strata_staff"),
        ("GRANT strata_staff TO strata_public", "REVOKE strata_staff FROM strata_public"),
        ("GRANT pg_read_all_data TO strata_worker", "REVOKE pg_read_all_data FROM strata_worker"),
        ("ALTER ROLE strata_public BYPASSRLS", "ALTER ROLE strata_public NOBYPASSRLS"),
        ("CREATE ROLE wide LOGIN BYPASSRLS IN ROLE strata_public", "DROP ROLE wide"),
        ("CREATE ROLE own LOGIN IN ROLE strata_public; GRANT INSERT ON visit TO own",
         "DROP OWNED BY own; DROP ROLE own"),
        ("GRANT TEMPORARY ON DATABASE strata TO PUBLIC", "REVOKE TEMPORARY ON DATABASE strata FROM PUBLIC"),
        ("GRANT EXECUTE ON FUNCTION lo_creat(integer) TO PUBLIC",
         "REVOKE EXECUTE ON FUNCTION lo_creat(integer) FROM PUBLIC"),
        ("GRANT EXECUTE ON FUNCTION pg_advisory_lock(bigint) TO strata_public",
         "REVOKE EXECUTE ON FUNCTION pg_advisory_lock(bigint) FROM strata_public"),
        ("GRANT SELECT (password_hash) ON credential TO strata_worker",
         "REVOKE SELECT (password_hash) ON credential FROM strata_worker"),
        ("ALTER TABLE sign_in DISABLE ROW LEVEL SECURITY", "ALTER TABLE sign_in ENABLE ROW LEVEL SECURITY"),
        ("CREATE POLICY mine ON account TO strata_public USING (true)", "DROP POLICY mine ON account"),
        # What every login may say of its own next sessions: the next process of its kind would begin with it.
        *((f"CREATE ROLE own LOGIN CONNECTION LIMIT 9 IN ROLE strata_public; SET ROLE own;"
           f" ALTER ROLE CURRENT_USER {where} SET {setting}; RESET ROLE", "DROP ROLE own")
          for where, setting in (
            ("", "extra_float_digits = -15"), ("IN DATABASE strata", "default_transaction_read_only = on"),
            ("", "search_path = pg_temp"), ("", "local_preload_libraries = 'nothing'"))),
        ("CREATE ROLE own LOGIN IN ROLE strata_public", "DROP ROLE own"),
        *((f"CREATE FUNCTION loose() RETURNS int LANGUAGE sql SECURITY DEFINER {path} AS 'SELECT 1'",
           "DROP FUNCTION loose")
          for path in ("", "SET search_path = public", "SET search_path = pg_temp, public",
                       """SET search_path = "$user", pg_temp""")),
    ],
)  # fmt: skip
def test_a_role_that_reaches_further_is_wrong(database: Any, widened: str, undone: str) -> None:
    own()
    owner = databases.current().engine(databases.Store.HOT, read_only=False)
    with owner.begin() as connection:
        connection.execute(text(widened))
    try:
        assert list(wrong()) == ["boundaries: roles"]
    finally:
        with owner.begin() as connection:
            connection.execute(text(undone))


@pytest.mark.only_on_postgresql
@pytest.mark.parametrize(("by_time", "by_log", "ok"), [(5, 9, True), (40, 12, True), (5, 60, False)])
def test_checkpoints_that_a_full_log_makes_due_are_told(
    by_time: int, by_log: int, ok: bool, database: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    own()
    found = Checkpoints(by_time, by_log, log_bytes_max=1 << 30, seconds=300.0)
    monkeypatch.setattr(databases.current().adapter.server, "checkpoints", lambda _connection: found)
    status, report = run()
    told = by_subject(report)["primary: checkpoints"]
    assert (told["ok"], status) == (ok, 0 if ok else 1)
    assert f"{by_log} because max_wal_size (1.0 GB) was full" in told["detail"]
    assert ("max_wal_size = '4GB'" in told["mend"]) is not ok
    assert "replica: checkpoints" not in by_subject(report)


@pytest.mark.only_on_postgresql
@pytest.mark.usefixtures("database")
def test_checkpoints_are_counted_by_what_made_them_due() -> None:
    with databases.write_at_once() as connection:
        count = databases.current().adapter.server.checkpoints
        before = count(connection)
        connection.execute(text("CHECKPOINT"))
        until = time.monotonic() + 20
        # The process that makes them counts them a little later.
        while (after := count(connection)) == before and time.monotonic() < until:
            time.sleep(0.1)
    assert before is not None
    assert after is not None
    assert (after.by_log > before.by_log, after.log_bytes_max, after.seconds) == (True, 1 << 30, 300.0)
