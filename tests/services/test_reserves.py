"""A reserve's way: sealed by its officer, opened by the hammer, entered again after a lost key, read by its custodian."""

from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from techauction.clock import ManualClock
from techauction.core import consigning as rules
from techauction.core import prolonging
from techauction.core.bidding import LotClosed, ReceivedInTime
from techauction.core.custody import WITHOUT_KEYS, Custody, KeyNotHere, NoCustodyKey, NotAwaited, NotTheCommitment, Slip
from techauction.core.hammer import HammerTooEarly
from techauction.core.lot import Stage
from techauction.core.money import Money
from techauction.core.outcome import Ending
from techauction.core.record import Kind, commitment
from techauction.core.refusal import NoSuch
from techauction.core.round import Phase, Regime
from techauction.core.violation import Fault
from techauction.custody import PRIVATE, KeyRing
from techauction.reports.record_of_sale import verify_round
from techauction.services import aftersale, hammer, holding, instructions, opening, pausing, reserves
from techauction.store.auction import OutcomeRow
from techauction.store.audit import AuditRow
from techauction.store.consigning import LotRow, ReserveRow
from techauction.store.notices import NoticeRow
from techauction.store.people import Role, UserRow
from techauction.store.record import RecordRow
from tests.builders import CLOSES, OPENS, a_user, wan
from tests.rounds import Played, a_round_to_play

RESERVE = Money(271_828_183)


@dataclass
class Sealed:
    """A round with one lot whose reserve its officer has sealed, not open yet."""

    played: Played
    officer: UserRow
    slip: Slip

    @property
    def lot(self) -> LotRow:
        return self.played.lots[0]


def seal(session: Session, lot: LotRow, by: UserRow, custody: Custody, clock: ManualClock, reserve: Money = RESERVE) -> Slip:
    assert by.organisation_id is not None
    return reserves.seal(
        session,
        lot_id=lot.id,
        institute_id=by.organisation_id,
        reserve=reserve,
        by_id=by.id,
        custody=custody,
        read_clock=clock,
    )


def a_sealed_round(session: Session, custody: Custody, clock: ManualClock, **terms: object) -> Sealed:
    played = a_round_to_play(session, {"reserve_announced": True}, **terms)
    officer = a_user(session, Role.INSTITUTE, organisation=played.lots[0].result.institute, sealing_officer=True)
    return Sealed(played, officer, seal(session, played.lots[0], officer, custody, clock))


def opened(session: Session, sealed: Sealed, *bids: int) -> None:
    opening.open_round(session, round_id=sealed.played.row.id, read_clock=lambda: OPENS)
    for place, amount in enumerate(bids):
        sealed.played.bid(session, 0, place % 2, wan(amount), OPENS + timedelta(minutes=1 + place))


def fall(session: Session, sealed: Sealed, custody: Custody, after: timedelta = timedelta()) -> None:
    hammer.fall(session, [sealed.lot.id], now=CLOSES + after, custody=custody)
    aftersale.bring(session, aftersale.owed(session, most=9, round_id=sealed.played.row.id))
    session.refresh(sealed.lot)


def enter(
    session: Session, sealed: Sealed, *, reserve: Money = RESERVE, salt: str | None = None, by: UserRow | None = None
) -> None:
    who = by or sealed.officer
    assert who.organisation_id is not None
    reserves.enter_again(
        session,
        lot_id=sealed.lot.id,
        institute_id=who.organisation_id,
        reserve=reserve,
        salt=sealed.slip.salt if salt is None else salt,
        by_id=who.id,
        read_clock=lambda: CLOSES + timedelta(hours=1),
    )


def test_a_sealed_reserve_stands_nowhere_but_in_its_box(
    sessions: sessionmaker[Session], clock: ManualClock, custody: KeyRing
) -> None:
    with sessions() as session:
        sealed = a_sealed_round(session, custody, clock)

        row = session.get_one(ReserveRow, sealed.lot.id)
        assert (row.amount, row.salt, row.opened_at) == (None, None, None)
        slip = sealed.slip
        assert slip.reserve == RESERVE
        assert len(bytes.fromhex(slip.salt)) == 32
        assert row.commitment == slip.commitment == commitment(slip.sealed_as, RESERVE, slip.salt)
        said = [str(each.__dict__) for kind in (ReserveRow, AuditRow, NoticeRow) for each in session.scalars(select(kind))]
        assert "271828183" not in " ".join(said)
        assert slip.salt not in " ".join(said)


def test_the_last_reserve_sealed_before_the_deadline_counts(
    sessions: sessionmaker[Session], clock: ManualClock, custody: KeyRing
) -> None:
    with sessions() as session:
        sealed = a_sealed_round(session, custody, clock)
        deadline = sealed.played.row.reserve_deadline_at
        clock.set(deadline - timedelta(microseconds=1))

        second = seal(session, sealed.lot, sealed.officer, custody, clock, wan(260))

        row = session.get_one(ReserveRow, sealed.lot.id)
        assert second.salt != sealed.slip.salt
        assert (row.commitment, row.sealed_at, row.sealed_by_id) == (second.commitment, clock(), sealed.officer.id)
        clock.set(deadline)
        with pytest.raises(rules.ReserveClosed):
            seal(session, sealed.lot, sealed.officer, custody, clock, wan(270))


def test_only_the_sealing_officer_seals_and_only_its_own_institutes(
    sessions: sessionmaker[Session], clock: ManualClock, custody: KeyRing
) -> None:
    with sessions() as session:
        sealed = a_sealed_round(session, custody, clock)
        colleague = a_user(session, Role.INSTITUTE, organisation=sealed.officer.organisation)
        stranger = a_user(session, Role.INSTITUTE, sealing_officer=True)

        with pytest.raises(rules.NotSealingOfficer):
            seal(session, sealed.lot, colleague, custody, clock)
        with pytest.raises(NoSuch):
            seal(session, sealed.lot, stranger, custody, clock)
        with pytest.raises(NoCustodyKey):
            seal(session, sealed.lot, sealed.officer, WITHOUT_KEYS, clock)


def test_the_opening_publishes_the_commitment_and_opens_nothing(
    sessions: sessionmaker[Session], clock: ManualClock, custody: KeyRing, tmp_path: Path
) -> None:
    with sessions() as session:
        sealed = a_sealed_round(session, custody, clock)
        (tmp_path / PRIVATE).unlink()

        opened(session, sealed, 200)

        event = session.scalars(select(RecordRow).where(RecordRow.kind == Kind.OPENED)).one()
        assert event.data["commitment"] == sealed.slip.commitment
        assert event.data["sealed_as"] == sealed.slip.sealed_as
        assert session.get_one(ReserveRow, sealed.lot.id).opened() is None
        assert verify_round(session, sealed.played.row.slug) == []


def test_a_hammer_before_the_close_opens_nothing(sessions: sessionmaker[Session], clock: ManualClock, custody: KeyRing) -> None:
    with sessions() as session:
        sealed = a_sealed_round(session, custody, clock)
        opened(session, sealed, 280)

        with pytest.raises(HammerTooEarly):
            fall(session, sealed, custody, -timedelta(microseconds=1))
        with pytest.raises(HammerTooEarly):
            fall(session, sealed, WITHOUT_KEYS, -timedelta(microseconds=1))

        assert session.get_one(ReserveRow, sealed.lot.id).opened() is None
        assert sealed.lot.key_missing_at is None


@pytest.mark.parametrize(("bid", "ending"), [(270, Ending.PASSED_IN), (280, Ending.SOLD)])
def test_the_hammer_opens_the_reserve(
    sessions: sessionmaker[Session], clock: ManualClock, custody: KeyRing, bid: int, ending: Ending
) -> None:
    with sessions() as session:
        sealed = a_sealed_round(session, custody, clock)
        opened(session, sealed, bid)

        fall(session, sealed, custody)

        row = session.get_one(ReserveRow, sealed.lot.id)
        assert session.get_one(OutcomeRow, sealed.lot.id).ending is ending
        assert (row.amount, row.salt, row.opened_at) == (RESERVE, sealed.slip.salt, CLOSES)
        assert opening.close_round(session, round_id=sealed.played.row.id, now=CLOSES)
        assert verify_round(session, sealed.played.row.slug) == []


def test_without_its_key_a_lot_waits_and_takes_no_bid(
    sessions: sessionmaker[Session], clock: ManualClock, custody: KeyRing
) -> None:
    with sessions() as session:
        sealed = a_sealed_round(session, custody, clock)
        a_user(session, Role.ORGANIZER)
        elsewhere = a_user(session, Role.ORGANIZER, market="anhui")
        opened(session, sealed, 280)

        fall(session, sealed, WITHOUT_KEYS)
        fall(session, sealed, WITHOUT_KEYS, timedelta(seconds=2))

        lot = sealed.lot
        assert (lot.stage, lot.key_missing_at) == (Stage.OPEN, CLOSES)
        assert session.get(OutcomeRow, lot.id) is None
        with pytest.raises(LotClosed):
            sealed.played.bid(session, 0, 1, wan(300), CLOSES + timedelta(seconds=1))
        assert hammer.due(session, now=CLOSES + timedelta(days=1)) == []
        assert not opening.close_round(session, round_id=sealed.played.row.id, now=CLOSES)
        told = list(session.scalars(select(NoticeRow.user_id).where(NoticeRow.what == "key_missing")))
        assert sealed.officer.id in told
        assert elsewhere.id not in told
        assert len(told) == len(set(told)) >= 2
        assert session.get_one(ReserveRow, lot.id).opened() is None
        assert verify_round(session, sealed.played.row.slug) == []


def test_a_lot_that_waits_for_its_key_stays_closed_whatever_another_clock_says(
    sessions: sessionmaker[Session], clock: ManualClock, custody: KeyRing
) -> None:
    before = CLOSES - timedelta(minutes=5)  # another process's clock, or this one's after it was set back
    with sessions() as session:
        sealed = a_sealed_round(session, custody, clock)
        opened(session, sealed, 280)
        fall(session, sealed, WITHOUT_KEYS)
        lot, bidder = sealed.lot, sealed.played.paddles[1].organisation_id

        with pytest.raises(ReceivedInTime):
            sealed.played.bid(session, 0, 1, wan(300), before)
        with pytest.raises(ReceivedInTime):
            instructions.place(
                session,
                lot_id=lot.id,
                organisation_id=bidder,
                user_id=sealed.played.users[1],
                ceiling=wan(300),
                read_clock=lambda: before,
            )
        with pytest.raises(LotClosed):
            pausing.pause(session, lot_ids=[lot.id], reason="Why.", by_id=sealed.officer.id, read_clock=lambda: before)
        with pytest.raises(LotClosed):
            prolonging.prolong(lot.to_core(sealed.played.row.rules()), timedelta(minutes=5), before)

        fall(session, sealed, custody, timedelta(hours=1))
        assert session.get_one(OutcomeRow, lot.id).paddle == 101
        # A clock that stood before the close is no secret of the house: the verifier tells of what was decided by it.
        assert {each.code for each in verify_round(session, sealed.played.row.slug)} <= {Fault.OFF_TIME}


def test_the_key_that_comes_back_lets_the_hammer_fall(
    sessions: sessionmaker[Session], clock: ManualClock, custody: KeyRing
) -> None:
    with sessions() as session:
        sealed = a_sealed_round(session, custody, clock)
        opened(session, sealed, 280)
        fall(session, sealed, WITHOUT_KEYS)

        assert holding.openable(session, WITHOUT_KEYS) == []
        assert holding.openable(session, custody) == [sealed.lot.id]
        fall(session, sealed, custody, timedelta(hours=2))

        outcome = session.get_one(OutcomeRow, sealed.lot.id)
        assert (outcome.ending, outcome.ended_at) == (Ending.SOLD, CLOSES + timedelta(hours=2))
        assert sealed.lot.key_missing_at is None
        assert opening.close_round(session, round_id=sealed.played.row.id, now=CLOSES + timedelta(hours=2))
        assert sealed.played.row.phase is Phase.CLOSED
        assert verify_round(session, sealed.played.row.slug) == []


def test_a_lost_key_is_survived_by_the_slip(sessions: sessionmaker[Session], clock: ManualClock, custody: KeyRing) -> None:
    with sessions() as session:
        sealed = a_sealed_round(session, custody, clock)
        opened(session, sealed, 280)
        fall(session, sealed, WITHOUT_KEYS)

        enter(session, sealed)
        assert holding.openable(session, WITHOUT_KEYS) == [sealed.lot.id]
        fall(session, sealed, WITHOUT_KEYS, timedelta(hours=1))

        assert session.get_one(OutcomeRow, sealed.lot.id).ending is Ending.SOLD
        assert opening.close_round(session, round_id=sealed.played.row.id, now=CLOSES + timedelta(hours=1))
        assert verify_round(session, sealed.played.row.slug) == []


@pytest.mark.parametrize("wrong", [{"reserve": RESERVE + Money(1)}, {"salt": "0" * 64}, {"reserve": wan(200), "salt": ""}])
def test_what_was_not_committed_cannot_be_entered(
    sessions: sessionmaker[Session], clock: ManualClock, custody: KeyRing, wrong: dict[str, Money]
) -> None:
    with sessions() as session:
        sealed = a_sealed_round(session, custody, clock)
        opened(session, sealed, 280)
        fall(session, sealed, WITHOUT_KEYS)

        with pytest.raises(NotTheCommitment):
            enter(session, sealed, **wrong)  # type: ignore[arg-type]

        assert session.get_one(ReserveRow, sealed.lot.id).opened() is None


def test_a_reserve_is_entered_by_its_officer_and_only_while_the_hammer_waits(
    sessions: sessionmaker[Session], clock: ManualClock, custody: KeyRing
) -> None:
    with sessions() as session:
        sealed = a_sealed_round(session, custody, clock)
        opened(session, sealed, 280)
        colleague = a_user(session, Role.INSTITUTE, organisation=sealed.officer.organisation)
        stranger = a_user(session, Role.INSTITUTE, sealing_officer=True)

        with pytest.raises(NotAwaited):
            enter(session, sealed)
        fall(session, sealed, WITHOUT_KEYS)
        with pytest.raises(rules.NotSealingOfficer):
            enter(session, sealed, by=colleague)
        with pytest.raises(NoSuch):
            enter(session, sealed, by=stranger)
        enter(session, sealed)
        with pytest.raises(NotAwaited):
            enter(session, sealed)


def test_a_box_that_holds_something_else_is_not_believed(
    sessions: sessionmaker[Session], clock: ManualClock, custody: KeyRing
) -> None:
    with sessions() as session:
        sealed = a_sealed_round(session, custody, clock)
        opened(session, sealed, 200)
        row = session.get_one(ReserveRow, sealed.lot.id)
        box = custody.seal({"reserve_fen": wan(200).minor, "salt": "5" * 64})
        row.sealed, row.key_id = box.sealed, box.key_id

        fall(session, sealed, custody)

        assert sealed.lot.key_missing_at == CLOSES
        assert session.get(OutcomeRow, sealed.lot.id) is None


def test_a_commitment_changed_beside_the_record_is_found(
    sessions: sessionmaker[Session], clock: ManualClock, custody: KeyRing
) -> None:
    with sessions() as session:
        sealed = a_sealed_round(session, custody, clock)
        opened(session, sealed, 200)
        session.get_one(ReserveRow, sealed.lot.id).commitment = "0" * 64
        session.flush()

        assert Fault.RESERVE_MISMATCH in {each.code for each in verify_round(session, sealed.played.row.slug)}


def test_the_named_custodian_of_an_auction_reads_and_every_reading_is_in_the_audit(
    sessions: sessionmaker[Session], clock: ManualClock, custody: KeyRing
) -> None:
    with sessions() as session:
        sealed = a_sealed_round(session, custody, clock, regime=Regime.AUCTION)
        custodian, other = a_user(session, Role.ORGANIZER), a_user(session, Role.ORGANIZER)
        sealed.played.row.custodian_id = custodian.id
        read = partial(reserves.read, session, lot_id=sealed.lot.id, now=clock())

        assert [read(by_id=custodian.id, custody=custody) for _ in range(2)] == [RESERVE, RESERVE]
        with pytest.raises(NoSuch):
            read(by_id=other.id, custody=custody)
        with pytest.raises(KeyNotHere):
            read(by_id=custodian.id, custody=WITHOUT_KEYS)

        readings = session.scalars(select(AuditRow).where(AuditRow.what == "reserve.read")).all()
        assert [(each.by_id, each.about) for each in readings] == [(custodian.id, f"lot {sealed.lot.id}")] * 2


def test_in_an_exchange_round_nobody_reads_whoever_is_named(
    sessions: sessionmaker[Session], clock: ManualClock, custody: KeyRing
) -> None:
    with sessions() as session:
        sealed = a_sealed_round(session, custody, clock, regime=Regime.EXCHANGE)
        named = a_user(session, Role.ORGANIZER)
        sealed.played.row.custodian_id = named.id

        with pytest.raises(NoSuch):
            reserves.read(session, lot_id=sealed.lot.id, by_id=named.id, custody=custody, now=clock())
