"""A database of the time before rounds had a record of their own: a round that closed, one that goes on, and two to come."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import JSON, Boolean, Column, DateTime, Engine, MetaData, select, text, update
from sqlalchemy.orm import Session, sessionmaker

from techauction import migrating
from techauction.core.record import round_digest
from techauction.core.violation import Fault
from techauction.reports.record_of_sale import verify_round
from techauction.services import aftersale, hammer, opening
from techauction.store.auction import PaddleRow
from techauction.store.consigning import LotRow, RoundRow
from techauction.store.people import OrganisationRow
from techauction.store.record import RoundRecordRow
from tests.builders import CLOSES, OPENS

OLD = Path(__file__).parent / "of_0003.json"
"""Rows that version 0003 wrote, by table, as SQLite kept them."""
ROUNDS = ("closed-before", "open-before", "published-before", "draft-before")
SOUND: dict[str, set[Fault]] = {slug: set() for slug in ROUNDS}


@pytest.fixture
def migrated(engine: Engine) -> sessionmaker[Session]:
    """Return sessions of a database that was filled before the migration."""
    migrating.downgrade(engine, "0003")
    old = MetaData()
    old.reflect(engine)
    kept = json.loads(OLD.read_text())
    with engine.begin() as connection:
        for table in old.sorted_tables:
            for row in kept.get(table.name, ()):
                values = {name: _read(value, table.c[name]) for name, value in row.items() if value is not None}
                connection.execute(table.insert().values(values))
            if engine.dialect.name == "postgresql" and "id" in table.c and table.name in kept:
                sequence = f"pg_get_serial_sequence('{table.name}', 'id')"
                connection.execute(text(f"SELECT setval({sequence}, (SELECT max(id) FROM {table.name}))"))
    migrating.upgrade(engine)
    return sessionmaker(engine, expire_on_commit=False)


def _read(value: Any, column: Column[Any]) -> Any:
    """Return what SQLite kept as the column of either database takes it."""
    if isinstance(column.type, JSON):
        return json.loads(value)
    if isinstance(column.type, Boolean):
        return bool(value)
    if isinstance(column.type, DateTime):
        return datetime.fromisoformat(value).replace(tzinfo=UTC if column.type.timezone else None)
    return value


def found(sessions: sessionmaker[Session]) -> dict[str, set[Fault]]:
    with sessions() as session:
        return {slug: {each.code for each in verify_round(session, slug)} for slug in ROUNDS}


def test_rounds_of_an_earlier_version_verify_unchanged(migrated: sessionmaker[Session]) -> None:
    kept = {row["slug"]: row["digest"] for row in json.loads(OLD.read_text())["rounds"]}
    with migrated() as session:
        rows = session.scalars(select(RoundRow)).all()
        assert {row.slug: row.digest for row in rows} == kept
        assert {row.slug: row.digest_version for row in rows if row.digest} == {"closed-before": 1}

    assert found(migrated) == SOUND


def test_paddles_of_an_earlier_version_are_bound_and_their_record_says_when(migrated: sessionmaker[Session]) -> None:
    with migrated() as session:
        issued = session.scalars(select(PaddleRow).where(PaddleRow.issued_at.is_not(None))).all()
        events = session.scalars(select(RoundRecordRow)).all()

        assert len(issued) == 7
        assert len({paddle.salt for paddle in issued}) == 7
        assert all(paddle.bidder == paddle.organisation.bidder for paddle in issued)
        assert sorted(each.kind.value for each in events) == ["paddle_issued"] * 7 + ["paddle_voided"]
        assert all("bound_at" in each.data for each in events)

    with migrated.begin() as session:
        session.execute(update(OrganisationRow).values(name_zh="另一家公司"))
    assert found(migrated) == SOUND | {slug: {Fault.BIDDER_DIFFERS} for slug in ROUNDS[:3]}


def test_a_round_that_was_open_closes_with_the_second_digest(migrated: sessionmaker[Session]) -> None:
    with migrated.begin() as session:
        row = session.scalars(select(RoundRow).where(RoundRow.slug == "open-before")).one()
        [lot] = session.scalars(select(LotRow).where(LotRow.round_id == row.id))
        hammer.fall(session, [lot.id], now=CLOSES)
        aftersale.bring(session, aftersale.owed(session, most=1, round_id=row.id))
        assert opening.close_round(session, round_id=row.id, now=CLOSES + timedelta(hours=1))
        assert row.digest_version == 2
        assert row.digest != round_digest(row.slug, {1: lot.head_hash or ""})

    assert found(migrated) == SOUND

    with migrated.begin() as session:
        session.execute(update(RoundRow).where(RoundRow.slug == "open-before").values(digest_version=1))
    assert found(migrated)["open-before"] == {Fault.DIGEST_DIFFERS}


def test_a_round_that_was_published_opens_with_the_paddles_it_had(migrated: sessionmaker[Session]) -> None:
    with migrated.begin() as session:
        round_id = session.scalars(select(RoundRow.id).where(RoundRow.slug == "published-before")).one()
        opening.open_round(session, round_id=round_id, read_clock=lambda: OPENS)
        [lot] = session.scalars(select(LotRow).where(LotRow.round_id == round_id))
        assert lot.seq == 1

    assert found(migrated) == SOUND


def test_the_migration_goes_back_and_forth_over_rows(engine: Engine, migrated: sessionmaker[Session]) -> None:
    migrating.downgrade(engine, "0003")
    migrating.upgrade(engine)

    assert found(migrated) == SOUND
