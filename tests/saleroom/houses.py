"""Three houses that sell by the same rules: the core by itself, the services on a database, the auctioneer's thread."""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from itertools import groupby
from typing import Any

from sqlalchemy import Engine, bindparam, select, update
from sqlalchemy.orm import Session

from techauction.clock import ManualClock
from techauction.core import absence, bidding, hammer, instruction, pausing, voiding
from techauction.core.absence import Gap
from techauction.core.admission import DepositState
from techauction.core.bidding import LotClosed
from techauction.core.custody import Custody
from techauction.core.increment import Ladder
from techauction.core.instruction import Instruction, NoInstruction
from techauction.core.lot import Extension, ExtensionKind, Format, Lot, Rules, Stage
from techauction.core.money import ZERO, Money
from techauction.core.offer import Eligibility, Offer, Source, is_over
from techauction.core.outcome import PassedIn, Sold
from techauction.core.record import GENESIS, Event, Kind, commitment, instant
from techauction.core.refusal import Refusal
from techauction.core.replay import replay
from techauction.core.replayed import Entry, Sealed
from techauction.core.tokens import TokenScope
from techauction.core.violation import Fault
from techauction.core.voiding import Holding
from techauction.db import writing
from techauction.reports.record_of_sale import verify_round
from techauction.saleroom.auctioneer import Auctioneer
from techauction.services import absence as absences
from techauction.services import aftersale, instructions, keys, opening, processes
from techauction.services import hammer as hammers
from techauction.services import pausing as pauses
from techauction.services import voiding as voids
from techauction.services.bidding import Asked, Taken, take_bids
from techauction.services.two import Two
from techauction.store.auction import AdmissionRow, OutcomeRow, PaddleRow
from techauction.store.consigning import LotRow
from techauction.store.people import ApiTokenRow, Role, UserSessionRow
from tests import builders
from tests.builders import OPENS
from tests.saleroom.interleaving import Act, Ask, CloseKey, Deed, Leave, State, Terms, Void, Who
from tests.transactions import Transactions

PATIENCE_S = 20
SALT = "5" * 64
LATER = OPENS + timedelta(days=9)


class CoreHouse:
    """One lot, sold by `techauction.core` alone; its record is kept in memory."""

    answers_keys = False
    closes_itself = False

    def __init__(self, terms: Terms, bidders: list[Who]) -> None:
        [(start, ladder, reserve)] = terms.lots
        seconds = timedelta(seconds=1)
        extension = Extension(
            kind=ExtensionKind(terms.kind),
            trigger=terms.trigger * seconds,
            length=terms.length * seconds,
            cap=None if terms.cap is None else terms.cap * seconds,
        )
        rules = Rules(
            extension=extension,
            max_steps=terms.max_steps,
            raise_own_bid=terms.raise_own_bid,
            collar=terms.collar,
            min_bidding=terms.min_bidding,
        )
        self.lot = Lot(
            stage=Stage.OPEN,
            start=Money(start),
            ladder=Ladder.from_json(ladder),
            rules=rules,
            opens_at=terms.opens,
            closes_at=terms.closes,
            scheduled_closes_at=terms.closes,
        )
        self.gap_s, self.reserve, self.stopped_at = terms.gap, None if reserve is None else Money(reserve), terms.opens
        self.ending: tuple[Any, ...] | None = None
        self.holding: Holding | None = None
        self.left: dict[int, Instruction] = {}
        self.holders = {who.paddle: who for who in bidders if who.paddle is not None}
        self.record: list[Entry] = []
        committed = None if self.reserve is None else commitment("a-round/1", self.reserve, SALT)
        shown = {"kind": terms.kind, "trigger_s": terms.trigger, "length_s": terms.length, "cap_s": terms.cap}
        self._append(
            Kind.OPENED,
            terms.opens,
            start_fen=start,
            ladder=ladder,
            extension=shown,
            max_steps=terms.max_steps,
            raise_own_bid=terms.raise_own_bid,
            collar=terms.collar,
            min_bidding=terms.min_bidding,
            opens_at=instant(terms.opens),
            commitment=committed,
        )
        for who in bidders:
            self.change(who, terms.opens)

    def do(self, deeds: Sequence[Deed], now: datetime) -> list[Any]:
        """Do these one after the other."""
        return [self._do(deed, now) for deed in deeds]

    def _do(self, deed: Deed, now: datetime) -> Any:
        try:
            match deed:
                case Ask():
                    return self._take(deed, now)
                case Act("pause"):
                    self.lot, self.stopped_at = pausing.pause(self.lot, now), now
                    self._append(Kind.PAUSED, now, reason="Why.")
                case Act("resume"):
                    self.lot = pausing.resume(self.lot, self.stopped_at, now)
                    self._append(Kind.RESUMED, now, reason="So.", **pausing.set_back(self.record[-1][0].at, now))
                    self._answer(now, now)
                case Leave():
                    self._leave(deed, now)
                case Void():
                    last = self.holding
                    self.lot, self.holding = voiding.void_bid(self.lot, last, deed.seq)
                    said = {"asked_by": 1, "approved_by": 2} | pausing.set_back(self.record[-1][0].at, now)
                    if matches := voiding.matches_of(last, deed.seq):
                        said["matches"] = matches
                    self._append(Kind.VOIDED, now, seq=deed.seq, reason="Wrong.", **said)
                case _:
                    self._fall(now)
        except Refusal as refusal:
            return refusal

    def _take(self, ask: Ask, now: datetime) -> Taken:
        offer = Offer(Money(ask.amount), confirmed=ask.confirmed, matching=ask.matching)
        said = {"source": "floor", "clerk": 1} if ask.floor else {}
        taken = self._bid(ask.who, offer, now, now - ask.ago, **said)
        self._answer(now, taken.placed_at)
        return taken

    def _bidder(self, who: Who) -> Eligibility:
        return Eligibility(
            paddle=who.paddle,
            admitted=1 in who.lots,
            paddle_voided=who.voided,
            deposit_held=ZERO,
            deposit_required=Money(1) if 1 in who.short_of_deposit else ZERO,
            priority_rank=who.ranks.get(1),
        )

    def _bid(self, who: Who, offer: Offer, now: datetime, stamp: datetime, **said: object) -> Taken:
        before, bidder, last = self.lot, self._bidder(who), self.record[-1][0]
        at, late = max(stamp, last.at), now if now >= before.closes_at else None
        ended = replace(before, ended_at=last.at if before.stage is Stage.ENDED else None)
        after = replace(bidding.take(ended, offer, bidder, at, received_at=stamp, late=late), ended_at=before.ended_at)
        said |= {} if late is None else {"decided_at": instant(late)}
        assert who.paddle is not None
        assert after.standing is not None
        said |= {"defended": True} if offer.defending and not before.rules.raise_own_bid else {}
        said |= {"confirmed": offer.confirmed} | ({} if bidder.priority_rank is None else {"rank": bidder.priority_rank})
        self._append(Kind.MATCHED if offer.matching else Kind.BID, at, who.paddle, offer.amount, **said)
        self.lot, self.holding = after, Holding(len(self.record), after.standing, self.holding)
        if after.closes_at != before.closes_at:
            self._append(Kind.EXTENDED, at, **{"from": instant(before.closes_at)})
        return Taken(
            lot_id=1,
            seq=self.holding.seq,
            paddle=who.paddle,
            amount=offer.amount,
            placed_at=at,
            closes_at=after.closes_at,
            hash="",
        )

    def _leave(self, deed: Leave, now: datetime) -> None:
        paddle = deed.who.paddle
        assert paddle is not None
        if deed.ceiling is None:
            if self.left.pop(paddle, None) is None:
                raise NoInstruction
            return
        placed = instruction.place(self.lot, Money(deed.ceiling), self._bidder(deed.who), now)
        if self.left.get(paddle) != placed:
            self.left.pop(paddle, None)
            self.left[paddle] = placed
            self._answer(now, now)

    def _answer(self, now: datetime, called_at: datetime) -> None:
        if self.lot.stage is not Stage.OPEN:
            return
        able = [each for paddle, each in self.left.items() if _eligible(self._bidder(self.holders[paddle]))]
        while (called := instruction.answer(self.lot, able)) is not None:
            price = self.lot.start if self.lot.standing is None else self.lot.standing.amount
            confirmed = is_over(called[1], price, self.lot.rules.collar)
            leads = self.lot.standing is not None and self.lot.standing.paddle == called[0]
            offer = Offer(called[1], confirmed=confirmed, defending=leads)
            self._bid(self.holders[called[0]], offer, now, called_at)

    def _fall(self, now: datetime) -> None:
        match hammer.fall(self.lot, self.reserve, now):
            case Sold(paddle=paddle, hammer_price=price):
                opened = {} if self.reserve is None else {"reserve_fen": self.reserve.minor, "salt": SALT}
                self._append(Kind.HAMMERED, now, paddle, price, ending="sold", reason=None, **opened)
                self.ending = ("sold", "", paddle, price.minor)
            case PassedIn(reason=reason):
                self._append(Kind.HAMMERED, now, ending="passed_in", reason=reason.value)
                self.ending = ("passed_in", reason.value, None, None)
        self.lot = replace(self.lot, stage=Stage.ENDED)

    def absence(self, since: datetime, now: datetime) -> datetime:
        """Be away."""
        found = absence.first(self.lot, [Gap(since, now)], self.gap_s)
        if found is None:
            return since
        gap, long = found
        said = {"reason": "Away.", "away_from": instant(gap.away_from), "back_at": instant(gap.back_at)}
        if long:
            self.lot, self.stopped_at = pausing.interrupt(self.lot), gap.away_from
            self._append(Kind.INTERRUPTED, now, **said)
        else:
            said |= {"from": instant(self.lot.closes_at), "cause": absence.CAUSE}
            self.lot = absence.prolonged(self.lot, now)
            self._append(Kind.PROLONGED, now, **said)
        return since

    def stepped(self, drift: timedelta, now: datetime) -> None:
        """Pause."""
        del drift
        self._do(Act("pause", 1), now)

    def change(self, who: Who, now: datetime) -> None:
        """Ask the bidder anew at every offer: there is nothing to do."""

    def states(self) -> list[State]:
        """Return where the core's lot stands."""
        lot = self.lot
        standing = None if lot.standing is None else (lot.standing.paddle, lot.standing.amount.minor)
        return [(lot.stage.value, lot.closes_at, standing, len(self.record), self.ending)]

    def check(self) -> None:
        """Replay the record."""
        after = replay("a-round/1", self.record, None if self.reserve is None else Sealed(self.reserve, SALT))
        assert after.violations == ()
        assert after.lot == self.lot
        assert (after.seq, after.ended is None) == (len(self.record), self.ending is None)

    def _append(self, kind: Kind, at: datetime, paddle: int | None = None, amount: Money | None = None, **data: object) -> None:
        prev_hash = self.record[-1][2] if self.record else GENESIS
        event = Event(
            lot="a-round/1",
            seq=len(self.record) + 1,
            kind=kind,
            at=at,
            paddle=paddle,
            amount=amount,
            closes_at=self.lot.closes_at,
            data=data,
        )
        self.record.append((event, prev_hash, event.digest(prev_hash)))


def _eligible(bidder: Eligibility) -> bool:
    try:
        bidding.must_be_eligible(bidder)
    except Refusal:
        return False
    return True


class ServiceHouse:
    """A round of several lots, sold by the services in write transactions."""

    answers_keys = True
    closes_itself = False

    def __init__(self, engine: Engine, terms: Terms, bidders: list[Who], custody: Custody) -> None:
        self.sessions, self.custody = Transactions(engine, expire_on_commit=False), custody
        with self.sessions() as session, writing(session):
            self._list(session, terms, bidders)
            later = OPENS + timedelta(days=365)  # the house before it may have sold until then
            pauses.distrust(session, drift=OPENS - later, read_clock=lambda: later)
            absences.set_back(session, now=OPENS)
        self._open()

    def _list(self, session: Session, terms: Terms, bidders: list[Who]) -> None:
        row = builders.a_round(
            session,
            opens_at=OPENS,
            closes_at=terms.closes,
            min_admitted=1,
            extension_kind=ExtensionKind(terms.kind),
            extension_trigger_s=terms.trigger,
            extension_length_s=terms.length,
            extension_cap_s=terms.cap,
            max_steps=terms.max_steps,
            raise_own_bid=terms.raise_own_bid,
            collar=terms.collar,
            min_bidding=terms.min_bidding,
            gap_s=terms.gap,
            deposit_share_bps=10_000,
        )
        self.round_id, self.slug = row.id, row.slug
        lots = [
            builders.a_lot(
                session,
                row,
                number=number,
                format=Format.SEALED if number in terms.sealed else Format.ASCENDING,
                start=Money(start),
                increment=Money(ladder[0][1]),
                ladder=ladder if len(ladder) > 1 else None,
                reserve_announced=reserve is not None,
            )
            for number, (start, ladder, reserve) in enumerate(terms.lots, 1)
        ]
        for lot, (_, _, reserve) in zip(lots, terms.lots, strict=True):
            if reserve is not None:
                builders.a_reserve(session, lot, Money(reserve), salt=SALT)
        self.lots = [lot.id for lot in lots]
        self.officer = builders.a_user(session, Role.ADMINISTRATOR).id
        self.two = Two(self.officer, builders.a_user(session, Role.ORGANIZER).id)
        self.names = {who.name: self._admit(session, who, lots) for who in bidders}

    def _admit(self, session: Session, who: Who, lots: list[LotRow]) -> tuple[int, int, dict[str, dict[str, int]]]:
        """Return the bidder's organisation, user, and the ids by which an offer says how it came in."""
        user = builders.a_user(session, Role.ENTERPRISE)
        if who.paddle is not None:
            admitted = [lot for lot in lots if lot.number in who.lots]
            paddle = builders.a_paddle(session, who.paddle, *admitted, round_=lots[0].round, organisation=user.organisation)
            for lot in admitted:
                session.query(AdmissionRow).filter_by(paddle_id=paddle.id, lot_id=lot.id).update(
                    {"priority_rank": who.ranks.get(lot.number or 0)}
                )
            for lot in lots:
                if lot.number in who.short_of_deposit:
                    builders.a_deposit(session, paddle, lot, lot.start, held=ZERO, state=DepositState.DUE)
        sign_in = UserSessionRow(token_hash=f"s{user.id}", user_id=user.id, created_at=OPENS, expires_at=LATER)
        token = ApiTokenRow(
            token_hash=f"t{user.id}", user_id=user.id, name="t", scopes=frozenset({TokenScope.BID}), created_at=OPENS
        )
        session.add_all([sign_in, token])
        session.flush()
        assert user.organisation_id is not None
        ways = {"": {}, "sign_in_ended": {"session_id": sign_in.id}, "token_ended": {"token_id": token.id}}
        return user.organisation_id, user.id, ways

    def _open(self) -> None:
        self._perform(partial(opening.open_round, round_id=self.round_id), OPENS)

    def do(self, deeds: Sequence[Deed], now: datetime) -> list[Any]:
        """Do these one after the other; offers that stand together are one group."""
        answers: list[Any] = []
        for offers, together in groupby(deeds, key=lambda deed: isinstance(deed, Ask)):
            if offers:
                asked = [self.asked(each, now) for each in together if isinstance(each, Ask)]
                answers += self._perform(partial(self._offers, asked), now)
                continue
            for deed in together:
                try:
                    answers.append(self._perform(self.use_case(deed), now))
                except Refusal as refusal:
                    answers.append(refusal)
                except instructions.AwaitsHammer:
                    answers.append(LotClosed(LATER))
        return answers

    def _offers(self, asked: list[Asked], session: Session, read_clock: Callable[[], datetime]) -> list[Any]:
        answers = take_bids(session, asked, read_clock=read_clock, custody=self.custody)
        return [LotClosed(LATER) if answer is None else answer for answer in answers]  # as it is after the hammer

    def asked(self, ask: Ask, now: datetime) -> Asked:
        """Return the offer as the auctioneer is asked it."""
        organisation_id, user_id, ways = self.names[ask.who.name]
        way: dict[str, Any] = {"session_id": None, "user_id": user_id} | ways[ask.by]
        if ask.floor:
            way |= {"source": Source.FLOOR, "user_id": self.officer}
        return Asked(
            lot_id=self.lots[ask.lot - 1],
            organisation_id=organisation_id,
            amount=Money(ask.amount),
            key=ask.key,
            confirmed=ask.confirmed,
            matching=ask.matching,
            received_at=now - ask.ago,
            **way,
        )

    def use_case(self, deed: Deed) -> Callable[..., Any]:
        """Return what is done where it is no offer."""
        lot_id = self.lots[deed.lot - 1]
        match deed:
            case CloseKey():
                organisation_id, user_id, _ = self.names[deed.who.name]
                return partial(keys.close_key, lot_id=lot_id, organisation_id=organisation_id, user_id=user_id, key=deed.key)
            case Leave():
                return self._left(deed, lot_id)
            case Void():
                return partial(self._void, lot_id=lot_id, seq=deed.seq)
            case Act("pause"):
                return partial(pauses.pause, lot_ids=[lot_id], reason="Why.", by_id=self.officer)
            case Act("resume"):
                return partial(pauses.resume, lot_ids=[lot_id], reason="So.", by_id=self.officer)
            case _:
                return lambda session, read_clock: self._fall(session, lot_id, read_clock())

    def _left(self, deed: Leave, lot_id: int) -> Callable[..., Any]:
        organisation_id, user_id, _ = self.names[deed.who.name]
        left = {"lot_id": lot_id, "organisation_id": organisation_id}
        if deed.ceiling is None:
            return partial(instructions.withdraw, **left)
        return partial(instructions.place, **left, user_id=user_id, ceiling=Money(deed.ceiling))

    def _void(self, session: Session, *, lot_id: int, seq: int, read_clock: Callable[[], datetime]) -> None:
        lot = opening.lot_for_update(session, lot_id)
        voids.void_bid(session, lot=lot, seq=seq, reason="Wrong.", two=self.two, now=read_clock())

    def _fall(self, session: Session, lot_id: int, now: datetime) -> None:
        [round_id] = hammers.fall(session, [lot_id], now=now, custody=self.custody)
        aftersale.bring(session, aftersale.owed(session, most=1, round_id=round_id))
        opening.close_round(session, round_id=round_id, now=now)

    def _perform(self, use_case: Callable[..., Any], now: datetime) -> Any:
        with self.sessions() as session, writing(session):
            return use_case(session, read_clock=lambda: now)

    def absence(self, since: datetime, now: datetime) -> datetime:
        """Be away."""
        self._perform(partial(self._was_away, since=since), now)
        return since

    def _was_away(self, session: Session, *, since: datetime, read_clock: Callable[[], datetime]) -> None:
        now = read_clock()
        absences.note(session, [Gap(since, now)], process_id=0, now=now)
        absences.look(session, now=now)
        absences.look(session, now=now, lot_ids=self.lots)

    def stepped(self, drift: timedelta, now: datetime) -> None:
        """Pause all."""
        assert self._perform(partial(pauses.distrust, drift=drift), now) == 0
        self._perform(lambda session, read_clock: absences.set_back(session, now=read_clock() + drift), now)

    def change(self, who: Who, now: datetime) -> None:
        """Void the paddle, waive its rights, revoke sign-in and token."""
        organisation_id, user_id, _ = self.names[who.name]
        with self.sessions() as session, writing(session):
            if not who.ranks:
                its = select(PaddleRow.id).where(PaddleRow.organisation_id == organisation_id)
                held = AdmissionRow.priority_rank.is_not(None) & AdmissionRow.priority_waived_at.is_(None)
                session.execute(
                    update(AdmissionRow).where(AdmissionRow.paddle_id.in_(its), held).values(priority_waived_at=now)
                )
            if who.voided:
                session.execute(update(PaddleRow).where(PaddleRow.organisation_id == organisation_id).values(voided_at=now))
            for way, row in (("sign_in_ended", UserSessionRow), ("token_ended", ApiTokenRow)):
                if way in who.ended:
                    session.execute(update(row).where(row.user_id == user_id).values(revoked_at=now))

    def states(self) -> list[State]:
        """Return what the lots' rows and outcomes say."""
        with self.sessions() as session:
            return [
                (
                    stage.value,
                    closes_at,
                    None if paddle is None else (paddle, amount.minor),
                    seq,
                    None if ending is None else (ending.value, reason, buyer, None if price is None else price.minor),
                )
                for stage, closes_at, paddle, amount, seq, ending, reason, buyer, price in session.execute(
                    _STATES, {"lots": self.lots}
                )
            ]

    def check(self) -> None:
        """Replay the record, and compare it with everything that is kept beside it."""
        with self.sessions() as session:
            found = verify_round(session, self.slug)
        # A paddle that was voided in the instant of its bid, or by a clock that was set back, looks as if it was voided before.
        # Who approves what is not played here, and paddles are voided without a word in the round's own record.
        wrong = [str(each) for each in found if each.code not in (Fault.NOT_ADMITTED, Fault.NOT_APPROVED)]
        assert [
            each for each in wrong if not re.match(rf"{self.slug} event \d+: state_differs: paddle \d+'s voided_at ", each)
        ] == []


_STATES = (
    select(
        LotRow.stage,
        LotRow.closes_at,
        LotRow.standing_paddle,
        LotRow.standing_amount,
        LotRow.seq,
        OutcomeRow.ending,
        OutcomeRow.reason,
        OutcomeRow.paddle,
        OutcomeRow.price,
    )
    .outerjoin(OutcomeRow, OutcomeRow.lot_id == LotRow.id)
    .where(LotRow.id.in_(bindparam("lots", expanding=True)))
    .order_by(LotRow.id)
)


class RoomHouse(ServiceHouse):
    """The same, sold by the auctioneer's thread."""

    closes_itself = True

    def __init__(self, engine: Engine, terms: Terms, bidders: list[Who], custody: Custody) -> None:
        self.clock = ManualClock(OPENS)
        super().__init__(engine, terms, bidders, custody)

    def _open(self) -> None:
        self.auctioneer = Auctioneer(self.sessions, self.clock, custody=self.custody)
        self.auctioneer.start()
        self.auctioneer.act(partial(opening.open_round, round_id=self.round_id)).result(PATIENCE_S)

    def do(self, deeds: Sequence[Deed], now: datetime) -> list[Any]:
        """Queue all of it at once, and wait for the answers."""
        self.clock.set(now)
        futures = []
        for deed in deeds:
            if isinstance(deed, Ask):
                ticket = self.auctioneer.tickets.issue(self.lots[deed.lot - 1])
                ticket.stamp -= deed.ago
                futures.append(self.auctioneer.submit(self.asked(deed, now), ticket))
            elif deed == Act("hammer", deed.lot):
                futures.append(self.auctioneer.nudge())
            else:
                futures.append(self.auctioneer.act(self.use_case(deed)))
        errors = [future.exception(PATIENCE_S) for future in futures]
        return [future.result() if error is None else error for future, error in zip(futures, errors, strict=True)]

    def absence(self, since: datetime, now: datetime) -> datetime:
        """Let the process end, and another begin: it knows what the first has proved."""
        del since
        self.auctioneer.stop()
        self.clock.set(now)
        with self.sessions() as session:
            proven_at = processes.last_proof(session, now=now)
        assert proven_at is not None
        self.auctioneer = Auctioneer(self.sessions, self.clock, custody=self.custody)
        self.auctioneer.start()
        self.auctioneer.nudge().result(PATIENCE_S)
        return proven_at

    def stepped(self, drift: timedelta, now: datetime) -> None:
        """Pause all, as the timekeeper does where it has a wall clock; a manual clock has none."""
        self.auctioneer.act(partial(pauses.distrust, drift=drift)).result(PATIENCE_S)
        self.clock.set(now + drift)
        self.auctioneer.act(lambda session, read_clock: absences.set_back(session, now=read_clock())).result(PATIENCE_S)

    def check(self) -> None:
        """Stop, then replay."""
        self.auctioneer.stop()
        super().check()
