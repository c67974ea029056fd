"""Absences that do not count, because the clock was set back after them: only as the audit says."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session, sessionmaker

from techauction.core.absence import Gap, Step
from techauction.core.violation import Fault
from techauction.reports.record_of_sale import verify_round
from techauction.services import absence, opening, pausing
from techauction.store.audit import STEPPED, AuditRow
from techauction.store.processes import AbsenceRow
from tests.builders import CLOSES, OPENS
from tests.rounds import Played, a_round_sold, a_round_to_play, resumed

SECOND = timedelta(seconds=1)
MISSED = Gap(CLOSES - SECOND, CLOSES)


def codes(sessions: sessionmaker[Session], played: Played) -> set[Fault]:
    with sessions() as session:
        return {each.code for each in verify_round(session, played.row.slug)}


def stepped(session: Session, *, back_by: timedelta) -> None:
    """Set the clock back some time after the close, as the timekeeper does."""
    now = CLOSES + 60 * SECOND
    pausing.distrust(session, drift=-back_by, read_clock=lambda: now)
    absence.set_back(session, now=now - back_by)
    session.flush()


def test_an_absence_is_not_believed_to_lie_before_a_step_of_which_nobody_knows(sessions: sessionmaker[Session]) -> None:
    with sessions.begin() as session:
        played = a_round_sold(session)
        touching_none = Gap(CLOSES + 1_000 * SECOND, CLOSES + 2_000 * SECOND)
        absence.keep(session, touching_none)
    assert codes(sessions, played) == set()

    with sessions.begin() as session:
        session.execute(update(AbsenceRow).values(set_back=True))

    assert codes(sessions, played) == {Fault.STATE_DIFFERS}


def test_a_mark_hides_no_lot_that_was_hammered_in_spite_of_an_absence(sessions: sessionmaker[Session]) -> None:
    with sessions.begin() as session:
        played = a_round_sold(session)
        absence.keep(session, MISSED)
    assert codes(sessions, played) == {Fault.OFF_TIME}

    with sessions.begin() as session:
        session.execute(update(AbsenceRow).values(set_back=True))

    assert codes(sessions, played) == {Fault.OFF_TIME, Fault.STATE_DIFFERS}


def test_a_clock_that_was_set_back_after_the_hammer_hides_no_absence(sessions: sessionmaker[Session]) -> None:
    with sessions.begin() as session:
        played = a_round_sold(session)
        absence.keep(session, MISSED)
        stepped(session, back_by=61 * SECOND)
        assert session.scalars(select(AbsenceRow.set_back)).one()

    assert codes(sessions, played) == {Fault.OFF_TIME}


def test_a_lot_sold_after_the_clock_was_set_back_has_missed_nothing(sessions: sessionmaker[Session]) -> None:
    with sessions.begin() as session:
        played = a_round_to_play(session, {})
        absence.keep(session, MISSED)
        stepped(session, back_by=CLOSES + 60 * SECOND - OPENS)
        opening.open_round(session, round_id=played.row.id, read_clock=lambda: OPENS)
        played.fall(session, 0)

    assert codes(sessions, played) == set()
    with sessions.begin() as session:
        session.execute(update(AuditRow).where(AuditRow.what == STEPPED).values(detail="by a hand"))
    assert codes(sessions, played) == {Fault.OFF_TIME, Fault.STATE_DIFFERS}


def test_a_lot_resumed_after_the_clock_was_set_back_has_missed_nothing(sessions: sessionmaker[Session]) -> None:
    with sessions.begin() as session:
        played = a_round_to_play(session, {})
        opening.open_round(session, round_id=played.row.id, read_clock=lambda: OPENS)
        missed = Gap(OPENS + 600 * SECOND, OPENS + 700 * SECOND)
        absence.keep(session, missed)
        now = missed.back_at
        pausing.distrust(session, drift=-300 * SECOND, read_clock=lambda: now)
        absence.set_back(session, now=now - 300 * SECOND)
        session.flush()
        resumed(session, lot_ids=[played.lots[0].id], read_clock=lambda: now - 300 * SECOND)
        session.flush()
        played.fall(session, 0)

    assert codes(sessions, played) == set()


@pytest.mark.parametrize("moved", [timedelta(0), SECOND, -SECOND, timedelta(microseconds=-700_001)])
def test_the_audit_tells_of_a_step_so_that_it_can_be_read(moved: timedelta) -> None:
    read = Step.read(CLOSES, Step(CLOSES, moved).told(7))

    assert read is not None
    assert timedelta(0) <= moved - read.moved < timedelta(milliseconds=1)


@pytest.mark.parametrize("told", ["", "by hand", "by 1.5 ms; 1 lots paused", f"by -{10**13} ms; 1 lots paused"])
def test_what_is_no_step_is_not_read_as_one(told: str) -> None:
    assert Step.read(CLOSES, told) is None
