"""Standing instructions (委托报价): left by bidders, answered by the auctioneer after every change of what stands.

Nobody but the bidder is ever told of one: what is bid for it stands in the record like any other bid.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from secrets import token_urlsafe
from typing import Any

from sqlalchemy import Connection, and_, bindparam, or_, select
from sqlalchemy.orm import Session

from techauction.core import bidding, instruction
from techauction.core.bidding import LotClosed, NoSuchLot
from techauction.core.instruction import Instruction, NoInstruction
from techauction.core.lot import Format, Stage
from techauction.core.money import Money
from techauction.core.offer import Eligibility, Source, is_over
from techauction.core.seen import Marks, must_be_as_seen
from techauction.services import group, heads, taking
from techauction.services.heads import Head
from techauction.services.offers import Asked
from techauction.store.auction import AdmissionRow, InstructionRow, PaddleRow
from techauction.store.consigning import LotRow
from techauction.store.money import DepositRow
from techauction.store.people import UserRow
from techauction.store.statements import Reading


class AwaitsHammer(Exception):
    """What was asked came at the lot's close or later: it is answered after the hammer, or by the close as it was moved."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """An instruction that was left at a lot, with its bidder as the database knows it now."""

    instruction: Instruction
    organisation_id: int
    user_id: int
    bidder: Eligibility


def place(
    session: Session,
    *,
    lot_id: int,
    organisation_id: int,
    user_id: int,
    ceiling: Money,
    read_clock: Callable[[], datetime],
    received_at: datetime | None = None,
    seen: Marks | None = None,
) -> None:
    """Leave an instruction, in the place of one left before, and bid at once where it calls for that.

    One with the same ceiling as before stays as it is, and keeps its place in time. An act of the auctioneer. `received_at` is
    its stamp; none counts as the moment of the decision. `seen` marks the ceiling that its sender was shown, which may be a
    colleague's; None is for who was shown nothing.

    :raises ChangedMeanwhile: a colleague has left another ceiling since, or withdrawn it
    :raises AwaitsHammer: it came at the close or later, and the hammer has not fallen
    :raises NoSuchLot, InstructionNotHere, LotClosed, ReceivedInTime: as they say
    :raises NotAdmitted, PaddleVoided, DepositInsufficient: the bidder may not bid here
    :raises InstructionTooLow, InstructionTooFar, InstructionOffGrid: the ceiling is no good
    """
    connection = session.connection()
    head = heads.lock(connection, [lot_id]).get(lot_id)
    now = read_clock()
    bidder = group.eligibilities(connection, {(lot_id, organisation_id)}).get((lot_id, organisation_id))
    if head is None or not head.is_for(bidder):
        raise NoSuchLot
    stamp = now if received_at is None else min(received_at, now)
    try:
        placed = instruction.place(head.lot, ceiling, bidder or bidding.STRANGER, stamp)
    except LotClosed:
        if head.lot.waits_for_hammer:
            raise AwaitsHammer from None
        raise
    before = _live(session, lot_id, organisation_id)
    counts = any(each.organisation_id == organisation_id for each in live(connection, [lot_id]).get(lot_id, ()))
    if before is not None and before.ceiling == placed.ceiling and counts:
        return
    if seen is not None:
        must_be_as_seen(shown(before.ceiling if before is not None and counts else None), seen)

    if before is not None:
        before.ended_at = now
        session.flush()  # one paddle has one at a time
    paddle_id = session.scalars(
        select(PaddleRow.id)
        .join(LotRow, LotRow.round_id == PaddleRow.round_id)
        .where(LotRow.id == lot_id, PaddleRow.organisation_id == organisation_id)
    ).one()
    session.add(InstructionRow(lot_id=lot_id, paddle_id=paddle_id, user_id=user_id, ceiling=ceiling, placed_at=stamp))
    answer_all(session, [lot_id], now=now, called_at=stamp)


def shown(ceiling: Money | None) -> dict[str, object]:
    """Return what a bidder's page shows of the instruction, for its forms to carry marks of."""
    return {"ceiling": ceiling}


def withdraw(
    session: Session, *, lot_id: int, organisation_id: int, read_clock: Callable[[], datetime], seen: Marks | None = None
) -> None:
    """Take back the bidder's instruction; what was bid for it stays. An act of the auctioneer; `seen` as in `place`.

    :raises NoSuchLot, NoInstruction: as they say
    :raises ChangedMeanwhile: a colleague has left another ceiling since
    """
    connection = session.connection()
    head = heads.lock(connection, [lot_id]).get(lot_id)
    bidder = group.eligibilities(connection, {(lot_id, organisation_id)}).get((lot_id, organisation_id))
    if head is None or not head.is_for(bidder):
        raise NoSuchLot
    now = read_clock()
    row = _live(session, lot_id, organisation_id)
    if row is None:
        raise NoInstruction
    if seen is not None:
        must_be_as_seen(shown(row.ceiling), seen)
    row.ended_at = now


def answer_all(session: Session, lot_ids: Collection[int], *, now: datetime, called_at: datetime | None = None) -> None:
    """Bid what the instructions at the lots call for, where those are open; what stood on them has changed.

    Their bids stand at `called_at`, where what called for them was no event, and never before the lot's last event.
    The lots are the caller's, locked. What it holds of them as rows is read anew after this.
    """
    session.flush()
    connection = session.connection()
    left = live(connection, lot_ids)
    if not left:
        return
    locked = heads.lock(connection, left)
    events: list[dict[str, Any]] = []
    offers: list[dict[str, Any]] = []
    for lot_id, head in locked.items():
        if head.lot.stage is Stage.OPEN:
            follow(head, left[lot_id], now, events, offers, called_at)
    heads.keep(session, locked.values(), events)
    group.keep(session, offers)
    if events:
        session.expire_all()


def unanswered(session: Session, *, most: int, apart_from: Collection[int] = ()) -> list[int]:
    """Return at most `most` open lots without a bid at which instructions were left, in id order: those may call for one."""
    left = select(InstructionRow.id).where(InstructionRow.lot_id == LotRow.id, InstructionRow.ended_at.is_(None))
    wanted = select(LotRow.id).where(
        LotRow.stage == Stage.OPEN, LotRow.bids == 0, LotRow.format == Format.ASCENDING, left.exists()
    )
    return list(session.scalars(wanted.where(LotRow.id.not_in(apart_from)).order_by(LotRow.id).limit(most)))


def answer_opened(session: Session, lot_ids: Collection[int], *, read_clock: Callable[[], datetime]) -> None:
    """Bid what the instructions call for that were left before lots opened, where nobody has bid. An act of the auctioneer."""
    locked = heads.lock(session.connection(), lot_ids)
    now = read_clock()
    answer_all(session, [lot_id for lot_id, head in locked.items() if _is_first(head, now)], now=now)


def begin(
    locked: Mapping[int, Head],
    left: Mapping[int, Sequence[Left]],
    now: datetime,
    events: list[dict[str, Any]],
    offers: list[dict[str, Any]],
) -> None:
    """Bid what instructions call for that were left before the lots opened: they come before whatever is offered now."""
    for lot_id, its in left.items():
        if _is_first(locked[lot_id], now):
            follow(locked[lot_id], its, now, events, offers)


def _is_first(head: Head, now: datetime) -> bool:
    """Return whether a bid would be the lot's first, and may be made."""
    lot = head.lot
    return not head.bids and lot.waits_for_hammer and lot.opens_at <= now < lot.closes_at


def live(connection: Connection, lot_ids: Collection[int]) -> dict[int, list[Left]]:
    """Return the instructions that count at the lots, those placed earlier first: their users are still the bidders' agents."""
    found: dict[int, list[Left]] = {}
    for lot_id, user_id, ceiling, number, organisation_id, *standing in _LEFT.rows(connection, lots=list(lot_ids)):
        left = Left(
            instruction=Instruction(number, ceiling),
            organisation_id=organisation_id,
            user_id=user_id,
            bidder=group.eligibility(number, *standing),
        )
        found.setdefault(lot_id, []).append(left)
    return found


def follow(  # noqa: PLR0917 (the hot path)
    head: Head,
    left: Sequence[Left],
    now: datetime,
    events: list[dict[str, Any]],
    offers: list[dict[str, Any]],
    called_at: datetime | None = None,
) -> None:
    """Bid on an open lot what its instructions call for, one bid after the other, until none answers any more.

    A bid stands at the instant of the event that called for it: what came to the house after that comes after it.
    """
    able = {each.instruction.paddle: each for each in left if each.bidder.may_bid}
    instructions = [each.instruction for each in able.values()]
    while (called := instruction.answer(head.lot, instructions)) is not None:
        paddle, amount = called
        lot, bidder = head.lot, able[paddle]
        price = lot.start if lot.standing is None else lot.standing.amount
        asked = Asked(
            lot_id=head.lot_id,
            organisation_id=bidder.organisation_id,
            user_id=bidder.user_id,
            session_id=None,
            amount=amount,
            key=token_urlsafe(),
            confirmed=is_over(amount, price, lot.rules.collar),  # as by hand: the record must not tell them apart
            source=Source.INSTRUCTION,
            received_at=called_at or head.last_at,
        )
        offers.append(taking.offer_row(asked, taking.take(head, asked, bidder.bidder, now, events), now))


def _live(session: Session, lot_id: int, organisation_id: int) -> InstructionRow | None:
    return session.scalars(
        select(InstructionRow)
        .join(PaddleRow, InstructionRow.paddle_id == PaddleRow.id)
        .where(
            InstructionRow.lot_id == lot_id,
            InstructionRow.ended_at.is_(None),
            PaddleRow.organisation_id == organisation_id,
        )
    ).one_or_none()


_LEFT = Reading(
    select(
        InstructionRow.lot_id,
        InstructionRow.user_id,
        InstructionRow.ceiling,
        PaddleRow.number,
        PaddleRow.organisation_id,
        PaddleRow.voided_at,
        AdmissionRow.id,
        AdmissionRow.priority_rank,
        AdmissionRow.priority_waived_at,
        DepositRow.held,
        DepositRow.required,
    )
    .join(PaddleRow, InstructionRow.paddle_id == PaddleRow.id)
    .join(
        UserRow,
        and_(
            UserRow.id == InstructionRow.user_id,
            UserRow.organisation_id == PaddleRow.organisation_id,
            UserRow.disabled_at.is_(None),
        ),
    )
    .outerjoin(AdmissionRow, and_(AdmissionRow.paddle_id == PaddleRow.id, AdmissionRow.lot_id == InstructionRow.lot_id))
    .outerjoin(
        DepositRow,
        and_(
            DepositRow.paddle_id == PaddleRow.id, or_(DepositRow.lot_id == InstructionRow.lot_id, DepositRow.lot_id.is_(None))
        ),
    )
    .where(InstructionRow.lot_id.in_(bindparam("lots", expanding=True)), InstructionRow.ended_at.is_(None))
    .order_by(InstructionRow.id)  # the queue's order
)
