"""What SQL Server is told of credentials and set-up codes: the table's move, and whose rows a portal has."""

from __future__ import annotations

from core.engines import mssql_row_rules
from core.install.row_rights import ROW_RULES
from core.models import Base
from tests.unit.engines.test_mssql_migrations import migrated

STAFFS = "p1.role IN ('admin', 'auditor', 'clinician')"
PATIENTS = "p1.role IN ('patient')"


def functions(table: str) -> dict[str, str]:
    """What decides on a table's rows, by verb."""
    rules = [rule for rule in ROW_RULES if rule.table == table]
    made = [one for one in mssql_row_rules.statements(rules, Base.metadata) if one.startswith("CREATE FUNCTION")]
    return {one.partition("(")[0].rpartition("_")[2]: one for one in made}


def allowed(statement: str) -> dict[str, str]:
    """The rows that each role has, in a function's words."""
    lines = [line.strip().removeprefix("OR ") for line in statement.splitlines() if "IS_ROLEMEMBER('strata_" in line]
    return {line.split("'")[1]: line for line in lines}


def test_the_staff_portal_has_the_credentials_of_staff_alone() -> None:
    made = functions("credential")
    assert set(made) == {"select", "insert", "update", "delete"}
    for verb, statement in made.items():
        rows = allowed(statement)
        assert set(rows) == {"strata_public", "strata_staff"}, verb
        assert PATIENTS in rows["strata_public"]
        assert PATIENTS not in rows["strata_staff"]
        assert STAFFS in rows["strata_staff"] or verb == "delete"
        assert "@account_id BIGINT" in statement
    for verb in ("insert", "update"):
        assert STAFFS in allowed(made[verb])["strata_staff"]
        assert "erasure" not in made[verb]
    assert "dbo.erasure" in allowed(made["delete"])["strata_staff"]


def test_nobody_changes_a_set_up_code_and_the_patients_portal_makes_none() -> None:
    made = functions("set_up_code")
    assert allowed(made["update"]) == {}
    assert set(allowed(made["insert"])) == {"strata_staff"}
    assert PATIENTS in allowed(made["delete"])["strata_public"]


def test_the_move_is_t_sql_in_this_order() -> None:
    joined = "\n".join(migrated("0001_people_and_records", "0012_second_factor", "0024_credentials").sent)
    at = [
        joined.index(words)
        for words in (
            "CREATE TABLE credential",
            "INSERT INTO credential (account_id, password_hash, password_changed_at, totp_secret, totp_step) SELECT",
            "DROP COLUMN password_hash",
            "DROP COLUMN password_changed_at",
            "CREATE TABLE set_up_code",
            "UPDATE account SET active=0",
            "CREATE UNIQUE INDEX ix_account_one_of_a_patient ON account (patient_id)"
            " WHERE patient_id IS NOT NULL AND active = 1",
        )
    ]
    assert at == sorted(at)
