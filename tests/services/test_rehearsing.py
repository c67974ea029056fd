"""Copies of rounds: what they have of theirs, who may make them, and that nothing of them stays."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from techauction.clock import ManualClock
from techauction.core.bidding import NotAdmitted
from techauction.core.lot import ExtensionKind, Stage
from techauction.core.refusal import NoSuch
from techauction.core.rehearsal import SIMULATED, NotRehearsable, PracticeWhileOpen, RehearsalGoing, RehearsalWhileOpen
from techauction.core.round import Phase, RoundNotReady
from techauction.services import discarding
from techauction.services.practising import practise
from techauction.services.rehearsing import BIDDERS, rehearse
from techauction.store.auction import AdmissionRow, PaddleRow
from techauction.store.base import Row
from techauction.store.consigning import LotRow, ReserveRow, RoundRow
from techauction.store.money import DepositRow
from techauction.store.people import Role
from tests.builders import CLOSES, OPENS, a_lot, a_paddle, a_round, a_user, wan

Sessions = sessionmaker[Session]
FAR = OPENS + timedelta(days=30)


@pytest.fixture
def drafted(sessions: Sessions) -> int:
    """Return a draft of three listed lots, one with a reserve, and one lot that waits for its review."""
    with sessions.begin() as session:
        row = a_round(
            session,
            slug="autumn",
            phase=Phase.DRAFT,
            published_at=None,
            opens_at=FAR,
            closes_at=FAR + timedelta(hours=4),
            stagger_s=60,
            extension_kind=ExtensionKind.FROM_CLOSE,
        )
        for number in (1, 2, 3):
            a_lot(session, row, number=number, reserve_announced=number == 2)
        a_lot(session, row, number=None, stage=Stage.SUBMITTED)
        return row.id


@pytest.fixture
def organizer(sessions: Sessions) -> int:
    """Return the id of an organizer of Zhejiang's."""
    with sessions.begin() as session:
        return a_user(session, Role.ORGANIZER).id


@pytest.fixture
def bidder(sessions: Sessions) -> tuple[int, int, int]:
    """Return a published round, the organisation that has paddle 102 in it, and its agent."""
    with sessions.begin() as session:
        row = a_round(session, slug="joint")
        paddle = a_paddle(session, 102, a_lot(session, row, number=7))
        return row.id, paddle.organisation_id, a_user(session, Role.ENTERPRISE, organisation=paddle.organisation).id


def a_rehearsal(session: Session, round_id: int, by_id: int, clock: ManualClock, speed: int = 60) -> RoundRow:
    return rehearse(session, round_id=round_id, market_key="zhejiang", speed=speed, by_id=by_id, read_clock=clock)


def test_a_rehearsal_is_a_marked_copy_with_the_listed_lots(
    sessions: Sessions, drafted: int, organizer: int, clock: ManualClock
) -> None:
    with sessions.begin() as session:
        copy = a_rehearsal(session, drafted, organizer, clock)
        row = session.get_one(RoundRow, drafted)

        assert (copy.phase, copy.rehearsal, copy.synthetic, copy.speed, copy.copy_of_id) == (
            Phase.PUBLISHED,
            True,
            True,
            60,
            row.id,
        )
        assert (copy.extension_kind, copy.extension_length_s, copy.stagger_s) == (ExtensionKind.FROM_CLOSE, 5, 1)
        assert copy.closes_at - copy.opens_at == timedelta(minutes=4)
        assert [each.market_key for each in copy.markets] == ["zhejiang"]
        lots = session.scalars(select(LotRow).where(LotRow.round_id == copy.id).order_by(LotRow.number)).all()
        originals = session.scalars(select(LotRow).where(LotRow.round_id == row.id, LotRow.stage == Stage.LISTED)).all()
        assert [each.number for each in lots] == [1, 2, 3]
        assert {each.result_id for each in lots} == {each.result_id for each in originals}
        assert row.phase is Phase.DRAFT


def test_a_rehearsals_reserves_are_invented_for_the_lots_that_announce_one(
    sessions: Sessions, drafted: int, organizer: int, clock: ManualClock
) -> None:
    with sessions.begin() as session:
        copy = a_rehearsal(session, drafted, organizer, clock)

        rows = session.scalars(select(ReserveRow).join(ReserveRow.lot).where(LotRow.round_id == copy.id)).all()
        assert [(each.lot.number, each.amount) for each in rows] == [(2, wan(210))]


def test_simulated_bidders_are_admitted_with_their_deposits_held(
    sessions: Sessions, drafted: int, organizer: int, clock: ManualClock
) -> None:
    with sessions.begin() as session:
        copy = a_rehearsal(session, drafted, organizer, clock)

        paddles = session.scalars(select(PaddleRow).where(PaddleRow.round_id == copy.id)).all()
        ids = [each.id for each in paddles]
        admissions = session.scalar(select(func.count()).where(AdmissionRow.paddle_id.in_(ids)))
        missing = session.scalar(
            select(func.count()).where(DepositRow.paddle_id.in_(ids), DepositRow.held < DepositRow.required)
        )
        assert (len(paddles), admissions, missing) == (BIDDERS, BIDDERS * 3, 0)
        assert all(each.organisation.synthetic for each in paddles)
        assert all(each.organisation.credit_code.startswith(SIMULATED) for each in paddles)


def test_only_the_rounds_own_markets_rehearse_it(sessions: Sessions, drafted: int, organizer: int, clock: ManualClock) -> None:
    with sessions.begin() as session, pytest.raises(NoSuch):
        rehearse(session, round_id=drafted, market_key="anhui", speed=60, by_id=organizer, read_clock=clock)


def test_nothing_is_rehearsed_while_a_round_is_open(
    sessions: Sessions, drafted: int, organizer: int, clock: ManualClock
) -> None:
    with sessions.begin() as session:
        a_round(session, phase=Phase.OPEN, opened_at=clock())

    with sessions.begin() as session, pytest.raises(RehearsalWhileOpen):
        a_rehearsal(session, drafted, organizer, clock)


@pytest.mark.parametrize(("speed", "refused"), [(1, True), (60, False)])
def test_a_rehearsal_is_over_before_a_round_opens(
    sessions: Sessions,
    drafted: int,
    organizer: int,
    clock: ManualClock,
    speed: int,
    refused: bool,
) -> None:
    with sessions.begin() as session:
        a_round(session, opens_at=OPENS, closes_at=CLOSES)

    with sessions.begin() as session:
        found = False
        try:
            a_rehearsal(session, drafted, organizer, clock, speed)
        except RehearsalWhileOpen:
            found = True

    assert found is refused


def test_a_round_has_one_rehearsal_at_a_time(sessions: Sessions, drafted: int, organizer: int, clock: ManualClock) -> None:
    with sessions.begin() as session:
        copy_id = a_rehearsal(session, drafted, organizer, clock).id
    with sessions.begin() as session, pytest.raises(RehearsalGoing):
        a_rehearsal(session, drafted, organizer, clock)

    with sessions.begin() as session:
        discarding.stop(session, round_id=copy_id, read_clock=clock)
        again = a_rehearsal(session, drafted, organizer, clock).id

    assert again != copy_id


def test_neither_a_copy_nor_an_empty_round_is_rehearsed(
    sessions: Sessions, drafted: int, organizer: int, clock: ManualClock
) -> None:
    with sessions.begin() as session:
        copy_id = a_rehearsal(session, drafted, organizer, clock).id
        empty = a_round(session, phase=Phase.DRAFT, opens_at=FAR, closes_at=FAR + timedelta(hours=1)).id

    with sessions.begin() as session, pytest.raises(NotRehearsable):
        a_rehearsal(session, copy_id, organizer, clock)
    with sessions() as session, pytest.raises(RoundNotReady):
        a_rehearsal(session, empty, organizer, clock)


def test_a_bidder_practises_under_its_own_number_with_two_rivals(
    sessions: Sessions, bidder: tuple[int, int, int], clock: ManualClock
) -> None:
    round_id, organisation_id, user_id = bidder
    with sessions.begin() as session:
        copy = practise(session, round_id=round_id, organisation_id=organisation_id, by_id=user_id, read_clock=clock)

        paddles = session.scalars(select(PaddleRow).where(PaddleRow.round_id == copy.id).order_by(PaddleRow.number)).all()
        assert [each.number for each in paddles] == [101, 102, 103]
        assert [each.organisation_id == organisation_id for each in paddles] == [False, True, False]
        assert copy.practice_for_id == organisation_id
        assert [each.number for each in copy.lots] == [1]
        assert copy.lots[0].result.synthetic


def test_a_second_press_goes_on_with_the_practice(sessions: Sessions, bidder: tuple[int, int, int], clock: ManualClock) -> None:
    round_id, organisation_id, user_id = bidder
    found = []
    for _ in range(2):
        with sessions.begin() as session:
            row = practise(session, round_id=round_id, organisation_id=organisation_id, by_id=user_id, read_clock=clock)
            found.append(row.id)

    assert found[0] == found[1]


def test_who_is_not_admitted_does_not_practise(sessions: Sessions, bidder: tuple[int, int, int], clock: ManualClock) -> None:
    round_id, _organisation_id, _user_id = bidder
    with sessions.begin() as session:
        stranger = a_user(session, Role.ENTERPRISE)
        organisation_id, user_id = stranger.organisation_id, stranger.id

    with sessions.begin() as session, pytest.raises(NotAdmitted):
        practise(session, round_id=round_id, organisation_id=organisation_id or 0, by_id=user_id, read_clock=clock)


@pytest.mark.parametrize(
    "other",
    [
        {"phase": Phase.OPEN},
        {"opens_at": OPENS - timedelta(minutes=1), "phase": Phase.PUBLISHED},
    ],
)
def test_nobody_practises_beside_a_sale(
    sessions: Sessions, bidder: tuple[int, int, int], clock: ManualClock, other: dict[str, Any]
) -> None:
    round_id, organisation_id, user_id = bidder
    clock.set(OPENS - timedelta(minutes=3))
    with sessions.begin() as session:
        a_round(session, slug="other", **other)

    with sessions.begin() as session, pytest.raises(PracticeWhileOpen):
        practise(session, round_id=round_id, organisation_id=organisation_id, by_id=user_id, read_clock=clock)


def test_nobody_practises_once_the_round_has_opened(
    sessions: Sessions, bidder: tuple[int, int, int], clock: ManualClock
) -> None:
    round_id, organisation_id, user_id = bidder
    clock.set(OPENS)

    with sessions.begin() as session, pytest.raises(NotRehearsable):
        practise(session, round_id=round_id, organisation_id=organisation_id, by_id=user_id, read_clock=clock)


def counts(sessions: Sessions) -> dict[str, int]:
    """Return how many rows each table has, but for the audit, which only grows."""
    with sessions() as session:
        tables = [each for each in Row.metadata.sorted_tables if each.name != "audit"]
        return {table.name: session.scalar(select(func.count()).select_from(table)) or 0 for table in tables}


def discard(sessions: Sessions, round_id: int, clock: ManualClock) -> int:
    """Throw a copy away, and return in how many transactions."""
    with sessions.begin() as session:
        discarding.stop(session, round_id=round_id, read_clock=clock)
    steps, more = 0, True
    while more:
        with sessions.begin() as session:
            more = discarding.discard_some(session, round_id=round_id, most=7)
        steps += 1
    return steps


def test_a_copy_is_thrown_away_without_a_trace(
    sessions: Sessions, drafted: int, organizer: int, bidder: tuple[int, int, int], clock: ManualClock
) -> None:
    before = counts(sessions)
    round_id, organisation_id, user_id = bidder
    with sessions.begin() as session:
        copies = [
            a_rehearsal(session, drafted, organizer, clock).id,
            practise(session, round_id=round_id, organisation_id=organisation_id, by_id=user_id, read_clock=clock).id,
        ]
    assert counts(sessions) != before

    steps = [discard(sessions, each, clock) for each in copies]

    assert counts(sessions) == before
    assert all(each > 10 for each in steps), "a few rows at a time"


def test_what_is_thrown_away_is_never_a_real_round(
    sessions: Sessions, drafted: int, bidder: tuple[int, int, int], clock: ManualClock
) -> None:
    before = counts(sessions)
    for round_id in (drafted, bidder[0], 999):
        with sessions.begin() as session, pytest.raises(NoSuch):
            discarding.stop(session, round_id=round_id, read_clock=clock)
        with sessions.begin() as session, pytest.raises(NoSuch):
            discarding.discard_some(session, round_id=round_id)

    assert counts(sessions) == before


def test_a_copy_that_still_sells_is_not_deleted(sessions: Sessions, drafted: int, organizer: int, clock: ManualClock) -> None:
    with sessions.begin() as session:
        copy_id = a_rehearsal(session, drafted, organizer, clock).id

    with sessions.begin() as session, pytest.raises(NoSuch):
        discarding.discard_some(session, round_id=copy_id)
    with sessions.begin() as session, pytest.raises(NoSuch):
        discarding.stop(session, round_id=copy_id, read_clock=clock, market_key="anhui")


def test_every_table_that_may_hold_rows_of_a_copy_is_emptied() -> None:
    """A table that comes later, and refers to a round, a lot or a paddle, must be named in `discarding`."""
    tables = Row.metadata.tables
    reached = {"rounds"}
    while True:
        more = {
            each.name for each in tables.values() if {key.column.table.name for key in each.foreign_keys} & reached
        } | reached
        if more == reached:
            break
        reached = more
    named = {key.class_.__tablename__ for key, _ in discarding.rows_of(1, select(LotRow.id))}

    assert reached - named == {"rounds"}


def test_ids_are_not_used_again(sessions: Sessions, drafted: int, organizer: int, clock: ManualClock) -> None:
    with sessions.begin() as session:
        copy = a_rehearsal(session, drafted, organizer, clock)
        copy_id, lot_id = copy.id, max(session.scalars(select(LotRow.id)))
    discard(sessions, copy_id, clock)

    with sessions.begin() as session:
        row = a_round(session)
        lot = a_lot(session, row)
        assert row.id > copy_id
        assert lot.id > lot_id


def test_ends_are_known_by_their_time(
    sessions: Sessions, drafted: int, organizer: int, bidder: tuple[int, int, int], clock: ManualClock
) -> None:
    round_id, organisation_id, user_id = bidder
    with sessions.begin() as session:
        copy = a_rehearsal(session, drafted, organizer, clock)
        practice = practise(session, round_id=round_id, organisation_id=organisation_id, by_id=user_id, read_clock=clock)
        for row in (copy, practice):
            row.phase, row.closed_at = Phase.CLOSED, clock()
        ids = [copy.id, practice.id]

    def over(after: timedelta) -> list[int]:
        with sessions() as session:
            return discarding.over(session, now=clock() + after)

    assert over(timedelta(minutes=59)) == []
    assert over(discarding.PRACTICE_KEPT) == ids[1:]
    assert over(discarding.KEPT) == ids
