"""A temporary table that each batch makes anew is known again: its statements are compiled once."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, String, create_engine, select
from sqlalchemy.engine import Compiled

from core.engines.temporary_tables import defined


def test_the_statements_of_two_batches_are_compiled_once() -> None:
    compiled: dict[object, Compiled] = {}
    engine = create_engine("sqlite://").execution_options(compiled_cache=compiled)
    for _batch in range(2):
        with engine.begin() as connection:
            table = defined("releasing", [Column("id", BigInteger)], prefixes=["TEMPORARY"])
            table.create(connection, checkfirst=False)
            connection.execute(select(table.c.id))
            connection.exec_driver_sql("DROP TABLE releasing")
    assert len(compiled) == 1


def test_a_table_of_other_columns_is_another() -> None:
    assert "name" not in defined("releasing", [Column("id", BigInteger)]).c
    assert "name" in defined("releasing", [Column("id", BigInteger), Column("name", String(9))]).c
