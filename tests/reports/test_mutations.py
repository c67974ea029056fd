"""Whatever changes in the database beside what the list has a reason for, the verifier finds."""

from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from techauction.core.refusal import NoSuch
from techauction.reports.damage import tables_of
from techauction.reports.record_of_sale import verify_round
from techauction.store.base import Row
from tests.mutations import Mutation, mutations
from tests.rounds import Played
from tests.unnoticed import ELSEWHERE, UNNOTICED, may_go_unnoticed

PARTS = 6
SAMPLED = 25
"""So many are left out for each that the quick run makes."""


def is_found(session: Session, slug: str, mutation: Mutation) -> bool:
    """Make a change and take it back; return whether the verifier found it, or the database did not let it be made."""
    try:
        if not mutation.do(session):
            return True
        session.expire_all()
        return bool(verify_round(session, slug))
    except NoSuch:  # the round is gone from under its name
        return True
    finally:
        session.rollback()


def missed(session: Session, played: Played, start: int, step: int) -> list[str]:
    """Return what the verifier did not find, of every so many changes."""
    made = [each for each in mutations(session, played.row.id) if not may_go_unnoticed(each)]
    session.rollback()
    assert len(made) > 1_000
    return [each.said for each in made[start::step] if not is_found(session, played.row.slug, each)]


def test_a_sample_of_changes_is_found(owner: Session, everything_sold: tuple[Path, Played]) -> None:
    assert missed(owner, everything_sold[1], 0, SAMPLED) == []


@pytest.mark.slow
@pytest.mark.parametrize("part", range(PARTS))
def test_every_change_is_found(owner: Session, everything_sold: tuple[Path, Played], part: int) -> None:
    assert missed(owner, everything_sold[1], part, PARTS) == []


def test_every_table_is_one_of_the_round_or_has_a_reason_not_to_be() -> None:
    of_round = {table.name for table, _ in tables_of(1)}

    assert of_round | set(ELSEWHERE) | {"renames", "case_steps"} >= set(Row.metadata.tables)
    assert of_round.isdisjoint(ELSEWHERE)


def test_the_list_names_only_what_there_is() -> None:
    columns = {f"{table.name}.{column.name}" for table in Row.metadata.sorted_tables for column in table.c}

    for name in UNNOTICED:
        assert name in columns or name.removesuffix(" swapped") in columns or name.split(" ")[0] in Row.metadata.tables
