import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import DateTime, Engine, inspect, text
from sqlalchemy.orm import Session

from techauction import migrating
from techauction.store.base import Row
from tests.builders import a_lot


def test_the_migrated_schema_equals_the_rows(engine: Engine) -> None:
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "target_metadata": Row.metadata})
        differences = compare_metadata(context, Row.metadata)

    assert differences == []


def test_every_instant_is_kept_with_its_time_zone(engine: Engine) -> None:
    """SQLite has no such type: there every instant is text in UTC."""
    kept = {
        f"{table}.{column['name']}": column["type"]
        for table in inspect(engine).get_table_names()
        for column in inspect(engine).get_columns(table)
        if isinstance(column["type"], DateTime)
    }

    assert len(kept) > 50
    assert [name for name, kind in kept.items() if not (kind.timezone or engine.dialect.name == "sqlite")] == []


def test_every_check_of_the_rows_is_in_the_migrated_schema(engine: Engine) -> None:
    migrated = {
        (table, check["name"])
        for table in inspect(engine).get_table_names()
        for check in inspect(engine).get_check_constraints(table)
    }
    declared = {
        (table.name, str(constraint.name))
        for table in Row.metadata.tables.values()
        for constraint in table.constraints
        if type(constraint).__name__ == "CheckConstraint"
    }

    assert declared
    assert declared <= migrated


def test_the_migrations_go_back_and_forth(engine: Engine) -> None:
    migrating.downgrade(engine)

    assert set(inspect(engine).get_table_names()) <= {"alembic_version"}

    migrating.upgrade(engine)

    assert set(Row.metadata.tables) <= set(inspect(engine).get_table_names())


def test_a_database_full_of_data_can_start_over(engine: Engine) -> None:
    with Session(engine) as session:
        a_lot(session)
        session.commit()

    migrating.start_over(engine)

    with engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM lots")) == 0
    assert migrating.differences(engine) == []


@pytest.mark.parametrize(("table", "count"), [("fields", 6), ("markets", 4)])
def test_a_new_installation_knows_the_fields_and_markets(engine: Engine, table: str, count: int) -> None:
    with engine.connect() as connection:
        assert connection.scalar(text(f"SELECT count(*) FROM {table} WHERE name_zh <> '' AND name_en <> ''")) == count
