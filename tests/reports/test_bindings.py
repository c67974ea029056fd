"""Who a paddle belongs to: bound at its issue, and found by the verifier when it is anybody else."""

from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session, sessionmaker

from techauction.core.violation import Violation
from techauction.reports.record_of_sale import verify_round
from techauction.store.auction import PaddleRow
from techauction.store.people import OrganisationRow
from tests.rounds import Played, a_round_sold


@pytest.fixture
def played(sessions: sessionmaker[Session]) -> Played:
    """Return a round that was sold and closed."""
    with sessions.begin() as session:
        return a_round_sold(session)


def verify(sessions: sessionmaker[Session], played: Played) -> list[Violation]:
    with sessions() as session:
        return verify_round(session, played.row.slug)


def swapped(session: Session, kind: Any, column: str, one: int, other: int) -> None:
    """Exchange a column of two rows, by way of a value that nothing has."""
    rows = [session.get_one(kind, each) for each in (one, other)]
    kept = [getattr(row, column) for row in rows]
    aside = 9_999 if isinstance(kept[0], int) else "aside"
    session.execute(update(kind).where(kind.id == one).values({column: aside}))
    session.execute(update(kind).where(kind.id == other).values({column: kept[0]}))
    session.execute(update(kind).where(kind.id == one).values({column: kept[1]}))


@pytest.mark.parametrize("column", ["name_zh", "name_en", "credit_code"])
def test_two_paddles_organisations_that_were_exchanged_are_found(
    sessions: sessionmaker[Session], played: Played, column: str
) -> None:
    one, other = (each.organisation_id for each in played.paddles[:2])
    with sessions.begin() as session:
        swapped(session, OrganisationRow, column, one, other)

    assert verify(sessions, played)


@pytest.mark.parametrize("column", ["name_zh", "name_en", "credit_code"])
def test_a_buyer_renamed_by_one_is_found(sessions: sessionmaker[Session], played: Played, column: str) -> None:
    with sessions.begin() as session:
        session.execute(
            update(OrganisationRow)
            .where(OrganisationRow.id == played.paddles[0].organisation_id)
            .values({column: "91330000000000000X"})
        )

    assert verify(sessions, played)


def test_paddles_whose_numbers_were_exchanged_are_found(sessions: sessionmaker[Session], played: Played) -> None:
    with sessions.begin() as session:
        swapped(session, PaddleRow, "number", played.paddles[0].id, played.paddles[2].id)

    assert verify(sessions, played)
