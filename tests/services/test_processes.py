from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from techauction.core.absence import Decided
from techauction.services import processes
from techauction.services.processes import Heard
from techauction.store.processes import ProcessRow
from tests.builders import CLOSES, OPENS

SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("after_s", "marks_s", "falls", "silent"),
    [
        (0, (), True, 0),
        (0, (0, 0.5), True, 0),
        (0, (-0.001, 0.5), False, 1),
        (2.9, (-0.001, -1), False, 2),
        (3, (-0.001, -1), True, 2),
    ],
)
def test_a_hammer_falls_when_all_have_decided_what_was_here_before_the_close_or_were_silent_for_three_seconds(
    after_s: float, marks_s: tuple[float, ...], falls: bool, silent: int
) -> None:
    heard = Heard(tuple(Decided(CLOSES + mark * SECOND) for mark in marks_s))

    assert heard.awaits(7, CLOSES, CLOSES + after_s * SECOND) is not falls
    assert heard.silent(7, CLOSES) == silent


def test_a_lot_that_a_process_is_behind_with_keeps_no_other_lots_hammer() -> None:
    heard = Heard((Decided(CLOSES, {7: CLOSES - SECOND}), Decided(CLOSES)))

    assert (heard.awaits(7, CLOSES, CLOSES), heard.silent(7, CLOSES)) == (True, 1)
    assert (heard.awaits(8, CLOSES, CLOSES), heard.silent(8, CLOSES)) == (False, 0)


def test_what_a_process_says_of_lots_that_it_is_behind_with_is_kept_until_it_says_otherwise(
    sessions: sessionmaker[Session],
) -> None:
    with sessions.begin() as session:
        process_id = processes.begin(session, now=OPENS)
    for said in (Decided(OPENS + SECOND, {7: OPENS, 12: OPENS + SECOND / 3}), Decided(OPENS + SECOND)):
        with sessions.begin() as session:
            processes.beat(session, process_id, proven_at=None, decided=said)
        with sessions() as session:
            assert session.get_one(ProcessRow, process_id).decided == said


def test_who_begins_after_a_process_that_died_marks_it_and_who_ended_in_good_order_is_not_lost(
    sessions: sessionmaker[Session],
) -> None:
    with sessions.begin() as session:
        ended, died = processes.begin(session, now=OPENS), processes.begin(session, now=OPENS)
        processes.beat(session, died, proven_at=OPENS + SECOND, decided=Decided(OPENS))
        processes.end(session, ended, now=OPENS + SECOND, decided=Decided(OPENS + SECOND))
    if sessions.kw["bind"].dialect.name == "postgresql":
        sessions.kw["bind"].dispose()  # its connection ends with a process

    with sessions.begin() as session:
        assert processes.last_proof(session, now=OPENS + SECOND) == OPENS + SECOND
        assert processes.last_proof(session, now=OPENS + SECOND / 2) is None
        processes.begin(session, now=OPENS + 5 * SECOND)

    with sessions() as session:
        found = {row.id: (row.ended_at, row.lost_at) for row in session.scalars(select(ProcessRow)) if row.id <= died}
    assert found == {ended: (OPENS + SECOND, None), died: (None, OPENS + 5 * SECOND)}
