"""Rules of rows in the words of each engine, and whether they fit the rights by table."""

from __future__ import annotations

import pytest
import sqlglot

from core.engines import mssql_row_rules, postgresql_row_rules
from core.engines.row_rules import Begins, Either, Every, Missing, Not, OneOf, Parent, RowRule, Verb, columns, sql
from core.install.grants import TABLES
from core.install.row_rights import ROW_RULES
from core.models import Base

OWN = Parent("account", "account_id", OneOf("role", ("patient",)))
RULES = (
    RowRule("sign_in", "strata_public", (Verb.INSERT, Verb.UPDATE), Every((OneOf("portal", ("public",)), OWN))),
    RowRule("sign_in", "strata_worker", (Verb.SELECT, Verb.DELETE)),
)
IS_PATIENTS = "EXISTS (SELECT 1 FROM {schema}.account p1 WHERE p1.id = {own} AND p1.role IN ('patient'))"


def plain(condition: object) -> str:
    return sql(condition, lambda name: f"t.{name}", "s")  # type: ignore[arg-type]


def test_a_condition_reads_alike_on_both_engines() -> None:
    nested = Parent("report", "report_id", Parent("erasure", "patient_id", Every(), key="patient_id"))
    assert plain(Either((Begins("writer", "staff-"), Not(Missing("patient_id"))))) == (
        "(LEFT(t.writer, 6) = 'staff-') OR (NOT (t.patient_id IS NULL))"
    )
    assert plain(nested) == (
        "EXISTS (SELECT 1 FROM s.report p1 WHERE p1.id = t.report_id AND "
        "EXISTS (SELECT 1 FROM s.erasure p2 WHERE p2.patient_id = p1.patient_id AND 1 = 1))"
    )
    assert columns(nested) == {"report_id"}
    assert plain(OneOf("name", ("O'Brien",))) == "t.name IN ('O''Brien')"


def test_postgresql_has_a_policy_for_each_verb() -> None:
    own = IS_PATIENTS.format(schema="public", own="sign_in.account_id")
    rows = f"((sign_in.portal IN ('public')) AND ({own}))"
    assert list(postgresql_row_rules.statements(RULES)) == [
        "ALTER TABLE sign_in ENABLE ROW LEVEL SECURITY",
        f"CREATE POLICY row_rule_0_insert ON sign_in FOR INSERT TO strata_public WITH CHECK {rows}",
        f"CREATE POLICY row_rule_0_update ON sign_in FOR UPDATE TO strata_public USING {rows} WITH CHECK {rows}",
        "CREATE POLICY row_rule_1_select ON sign_in FOR SELECT TO strata_worker USING (1 = 1)",
        "CREATE POLICY row_rule_1_delete ON sign_in FOR DELETE TO strata_worker USING (1 = 1)",
    ]


def test_sql_server_has_a_predicate_for_each_verb_and_a_policy_for_each_table() -> None:
    made = list(mssql_row_rules.statements(RULES, Base.metadata))
    own = IS_PATIENTS.format(schema="dbo", own="@account_id")
    rows = f"(@portal IN ('public')) AND ({own})"
    assert made[2] == (
        "CREATE FUNCTION row_rules.sign_in_insert(@account_id BIGINT, @portal NVARCHAR(64))"
        " RETURNS TABLE WITH SCHEMABINDING AS\n"
        "RETURN SELECT 1 AS allowed WHERE IS_ROLEMEMBER('db_owner') = 1\n"
        f"   OR (IS_ROLEMEMBER('strata_public') = 1 AND ({rows}))"
    )
    assert made[-1].splitlines() == [
        "CREATE SECURITY POLICY row_rules.sign_in_rows",
        "ADD FILTER PREDICATE row_rules.sign_in_select(token_hash) ON dbo.sign_in,",
        "ADD BLOCK PREDICATE row_rules.sign_in_insert(account_id, portal) ON dbo.sign_in AFTER INSERT,",
        "ADD BLOCK PREDICATE row_rules.sign_in_update(account_id, portal) ON dbo.sign_in BEFORE UPDATE,",
        "ADD BLOCK PREDICATE row_rules.sign_in_update(account_id, portal) ON dbo.sign_in AFTER UPDATE,",
        "ADD BLOCK PREDICATE row_rules.sign_in_delete(token_hash) ON dbo.sign_in BEFORE DELETE",
        "WITH (STATE = ON)",
    ]


def test_all_that_is_sent_to_sql_server_is_t_sql() -> None:
    for statement in mssql_row_rules.statements(ROW_RULES, Base.metadata):
        assert sqlglot.parse(statement, read="tsql", error_level=sqlglot.ErrorLevel.RAISE)


@pytest.mark.parametrize("role", TABLES)
def test_a_role_has_rules_for_the_verbs_that_it_has_and_no_others(role: str) -> None:
    """One that is missing would hide every row, one too many would promise what the table refuses."""
    ruled = {rule.table for rule in ROW_RULES}
    granted = {
        (table, privilege.partition(" ")[0])
        for table, privileges in TABLES[role].items()
        if table in ruled
        for privilege in privileges
    }
    assert {(rule.table, verb) for rule in ROW_RULES if rule.role == role for verb in rule.verbs} == granted
