"""Playing a lot's record again through the rules that took its bids, to see whether it could have happened so."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import reduce
from typing import assert_never

from techauction.core import bidding, hammer, organized, pausing, unsealing
from techauction.core.bidding import LotClosed, LotNotOpen, LotPaused
from techauction.core.hammer import HammerTooEarly
from techauction.core.increment import Ladder
from techauction.core.lot import Bid, Extension, ExtensionKind, Format, Lot, Rules, Stage
from techauction.core.money import Money
from techauction.core.offer import Eligibility, Offer
from techauction.core.organized import keeps_close
from techauction.core.outcome import Ending, PassedIn, Sold, WithheldFor
from techauction.core.pausing import LotNotPaused
from techauction.core.plain import number, text
from techauction.core.record import AFTER_A_STEP, BIDS, Event, Kind, commitment, instant
from techauction.core.refusal import Refusal
from techauction.core.replayed import Ended, Entry, Replay, Sealed
from techauction.core.violation import UNREADABLE, Fault

_OFF_TIME = (LotNotOpen, LotPaused, LotClosed, LotNotPaused, HammerTooEarly)


def replay(name: str, entries: Iterable[Entry], sealed: Sealed | None = None) -> Replay:
    """Return where the record leads. `sealed` opens the reserve where the record does not (the lot passed in).

    After a violation it goes on as the record says, so that one fault is one violation and not all that follow.
    """
    after = reduce(_step, entries, Replay(name=name, sealed=sealed))
    if after.moves_to is not None:
        after = after.but(Fault.MISSING_TAIL, f"the extension to {instant(after.moves_to)} is missing")
    return after


def _step(before: Replay, entry: Entry) -> Replay:
    event, prev_hash, digest = entry
    here = replace(before, seq=event.seq, head=digest, at=event.at)
    if event.seq != before.seq + 1:
        here = here.but(Fault.GAP, f"event {event.seq} follows event {before.seq}")
    if prev_hash != before.head:
        here = here.but(Fault.BROKEN_CHAIN, "prev_hash is not the hash of the event before")
    if before.at is not None and event.at < before.at and not _set_back(before.at, event):
        here = here.but(Fault.OFF_TIME, f"it stands {before.at - event.at} before the event that it follows")
    try:
        if event.digest(prev_hash) != digest:
            here = here.but(Fault.WRONG_HASH, "the hash is not that of the event")
        after = _happen(here, event, owed=before.moves_to)
    except _OFF_TIME as refusal:
        return here.but(Fault.OFF_TIME, f"{event.kind}: {refusal}")
    except Refusal as refusal:
        return here.but(Fault.UNLAWFUL, f"{event.kind}: {refusal}")
    except UNREADABLE as error:
        return here.but(Fault.UNREADABLE, f"{event.kind}: {type(error).__name__} {error}")
    if event.kind in BIDS and event.paddle is not None and event.amount is not None:
        after = after.holds(event.seq, Bid(event.paddle, event.amount, event.at, _rank(event)))
    if after.head_at_close is None and event.data.get("after_close") is True:
        after = replace(after, head_at_close=before.head)
    return after


def _happen(here: Replay, event: Event, *, owed: datetime | None) -> Replay:
    if owed is not None and event.kind is not Kind.EXTENDED:
        here = replace(here, moves_to=None).but(Fault.WRONG_CLOSE, f"the close was to move to {instant(owed)} first")
    if here.ended is not None and event.kind is Kind.VOIDED:
        return organized.void_outcome(here, here.ended, event)
    if here.ended is not None:
        return here.but(Fault.UNLAWFUL, f"{event.kind} after the lot had ended")
    if event.kind is Kind.OPENED:
        return _open(here, event)
    if event.kind in (Kind.WITHHELD, Kind.WITHDRAWN):
        return _not_offered(here, event)
    if here.lot is None:
        return here.but(Fault.OFF_TIME, f"{event.kind} before the lot had opened")
    return _STEPS[event.kind](here, here.lot, event)


def _set_back(last_at: datetime, event: Event) -> bool:
    """Return whether the event says by how much the clock was set back before it, while the lot stood still."""
    said = pausing.set_back(last_at, event.at)
    return event.kind in AFTER_A_STEP and said.items() <= event.data.items()


def _not_offered(here: Replay, event: Event) -> Replay:
    if event.kind is Kind.WITHDRAWN:
        return organized.withdraw(here, event)
    if here.lot is not None:
        here = here.but(Fault.OFF_TIME, f"{event.kind} after the lot had opened")
    reason = WithheldFor(text(event.data, "reason"))
    return replace(here, ended=Ended(ending=Ending.WITHHELD, at=event.at, reason=reason.value))


def _open(here: Replay, event: Event) -> Replay:
    if here.lot is not None:
        return here.but(Fault.UNLAWFUL, "opened a second time")
    data = event.data
    assert event.closes_at is not None
    sealed = data["commitment"]
    lot = Lot(
        stage=Stage.OPEN,
        start=Money(number(data, "start_fen")),
        ladder=Ladder.from_json(data["ladder"]),  # type: ignore[arg-type]  # read from JSON; what else it holds is unreadable
        rules=_rules(data),
        opens_at=datetime.fromisoformat(text(data, "opens_at")),
        closes_at=event.closes_at,
        scheduled_closes_at=event.closes_at,
        format=_format(data),
    )
    if lot.opens_at != event.at:
        here = here.but(Fault.OFF_TIME, f"opened at another time than {instant(lot.opens_at)}")
    if lot.closes_at <= lot.opens_at:
        here = here.but(Fault.WRONG_CLOSE, "the close is not after the opening")
    return replace(
        here,
        lot=lot,
        commitment=None if sealed is None else text(data, "commitment"),
        sealed_as=text(data, "sealed_as") if "sealed_as" in data else here.name,
        # Lots that an earlier version opened say nothing of it.
        described=text(data, "described") if "described" in data else None,
        market=text(data, "market") if "market" in data else None,
    )


def _format(data: Mapping[str, object]) -> Format:
    """Return the lot's format; those that an earlier version opened say nothing of it, and were ascending."""
    return Format(text(data, "format")) if "format" in data else Format.ASCENDING


def _rules(data: Mapping[str, object]) -> Rules:
    extension = data["extension"]
    assert isinstance(extension, Mapping)
    cap = extension["cap_s"]
    return Rules(
        extension=Extension(
            kind=ExtensionKind(text(extension, "kind")),
            trigger=timedelta(seconds=number(extension, "trigger_s")),
            length=timedelta(seconds=number(extension, "length_s")),
            cap=None if cap is None else timedelta(seconds=number(extension, "cap_s")),
        ),
        max_steps=number(data, "max_steps"),
        raise_own_bid=data["raise_own_bid"] is True,
        collar=number(data, "collar"),
        min_bidding=number(data, "min_bidding"),
    )


def _bid(here: Replay, lot: Lot, event: Event) -> Replay:
    assert event.paddle is not None
    assert event.amount is not None
    here = keeps_close(here, lot, event)
    late = _late(event)
    if late is not None and late < lot.closes_at:
        here = here.but(
            Fault.OFF_TIME, f"{event.kind}: decided at {instant(late)}, before the close that it says to have missed"
        )
    # Whether the paddle was admitted stands outside the record; the verifier asks the database.
    bidder = Eligibility(event.paddle, admitted=True, priority_rank=_rank(event))
    offer = Offer(
        event.amount,
        confirmed=event.data["confirmed"] is True,
        matching=event.kind is Kind.MATCHED,
        defending=event.data.get("defended") is True,
    )
    try:
        after = bidding.take(lot, offer, bidder, event.at, late=late)
    except Refusal as refusal:
        here = here.but(Fault.OFF_TIME if isinstance(refusal, _OFF_TIME) else Fault.UNLAWFUL, f"{event.kind}: {refusal}")
        bid = Bid(event.paddle, event.amount, event.at, bidder.priority_rank)
        after = replace(lot, standing=bid, bidders=lot.bidders | {event.paddle})
    return replace(
        here,
        lot=replace(after, closes_at=lot.closes_at),
        bids=here.bids + 1,
        moves_to=after.closes_at if after.closes_at != lot.closes_at else None,
    )


def _late(event: Event) -> datetime | None:
    """Return when the bid was decided, where the event says that this was after the close."""
    return datetime.fromisoformat(text(event.data, "decided_at")) if "decided_at" in event.data else None


def _rank(event: Event) -> int | None:
    """Return the rank of the bidder's priority right, where the event says that it had one."""
    return number(event.data, "rank") if "rank" in event.data else None


def _extend(here: Replay, lot: Lot, event: Event) -> Replay:
    assert event.closes_at is not None
    owed = here.moves_to
    if owed is None:
        here = here.but(Fault.WRONG_CLOSE, "extended, though no bid had moved the close")
    elif event.closes_at != owed:
        here = here.but(Fault.WRONG_CLOSE, f"extended to another close than {instant(owed)}")
    if text(event.data, "from") != instant(lot.closes_at):
        here = here.but(Fault.WRONG_CLOSE, f"extended from another close than {instant(lot.closes_at)}")
    if lot.standing is not None and event.at != lot.standing.placed_at:
        here = here.but(Fault.OFF_TIME, "extended at another time than that of the bid")
    return replace(here, lot=replace(lot, closes_at=event.closes_at), moves_to=None)


def _pause(here: Replay, lot: Lot, event: Event) -> Replay:
    here = keeps_close(here, lot, event)
    return replace(here, lot=pausing.pause(lot, event.at), stopped_at=event.at, stop_reason=text(event.data, "reason"))


def _resume(here: Replay, lot: Lot, event: Event) -> Replay:
    text(event.data, "reason")
    assert event.closes_at is not None
    after = pausing.resume(lot, here.stopped_at or event.at, event.at)
    if event.closes_at != after.closes_at:
        here = here.but(Fault.WRONG_CLOSE, f"resumed with another close than {instant(after.closes_at)}")
        after = replace(after, closes_at=event.closes_at)
    return replace(here, lot=after, stopped_at=None, stop_reason="")


def _fall(here: Replay, lot: Lot, event: Event) -> Replay:
    here = unsealing.must_be_open(keeps_close(here, lot, event))
    said = Ending(text(event.data, "ending"))
    if "unheard" in event.data and number(event.data, "unheard") < 1:
        here = here.but(Fault.UNREADABLE, "it says that nobody was silent, where it should say nothing")
    here, reserve = _reserve(here, event, sold=said is Ending.SOLD)
    reason = event.data["reason"]
    met = None if reserve is None or lot.standing is None else lot.standing.amount >= reserve
    here = replace(
        here,
        lot=replace(lot, stage=Stage.ENDED),
        ended=Ended(
            ending=said,
            at=event.at,
            reason="" if reason is None else text(event.data, "reason"),
            paddle=event.paddle,
            price=event.amount,
            reserve_met=met,
        ),
    )
    try:
        ending = hammer.fall(lot, reserve, event.at)
    except HammerTooEarly as refusal:
        return here.but(Fault.OFF_TIME, f"hammered: {refusal}")
    lawful: _Outcome
    match ending:
        case Sold(paddle=paddle, hammer_price=price):
            lawful = (Ending.SOLD, None, paddle, price)
        case PassedIn(reason=passed_in_for):
            lawful = (Ending.PASSED_IN, passed_in_for.value, None, None)
        case other:
            assert_never(other)
    if (said, reason, event.paddle, event.amount) != lawful:
        return here.but(Fault.WRONG_OUTCOME, f"the bids make it {_plain(lawful)}")
    return here


def _reserve(here: Replay, event: Event, *, sold: bool) -> tuple[Replay, Money | None]:
    """Return the reserve that its commitment vouches for: opened in the record at a sale, by its institute otherwise."""
    opened = "reserve_fen" in event.data or "salt" in event.data
    if here.commitment is None:
        return (here.but(Fault.RESERVE_MISMATCH, "a reserve, though none was committed") if opened else here), None
    if opened:
        sealed = Sealed(Money(number(event.data, "reserve_fen")), text(event.data, "salt"))
        if not sold:
            here = here.but(Fault.RESERVE_MISMATCH, "the reserve of a lot passed in stands open")
    elif here.sealed is not None and not sold:
        sealed = here.sealed
    else:
        return here.but(Fault.RESERVE_MISMATCH, "the reserve was not opened"), None
    if commitment(here.sealed_as, sealed.reserve, sealed.salt) != here.commitment:
        here = here.but(Fault.RESERVE_MISMATCH, "the reserve is not the one committed")
    return here, sealed.reserve


_Outcome = tuple[Ending, str | None, int | None, Money | None]
_STEPS: dict[Kind, Callable[[Replay, Lot, Event], Replay]] = {
    Kind.BID: _bid,
    Kind.MATCHED: _bid,
    Kind.SEALED: unsealing.seal,
    Kind.UNSEALED: unsealing.unseal,
    Kind.EXTENDED: _extend,
    Kind.PAUSED: _pause,
    Kind.INTERRUPTED: organized.interrupt,
    Kind.RESUMED: _resume,
    Kind.HAMMERED: _fall,
    Kind.PROLONGED: organized.prolong,
    Kind.VOIDED: organized.void_bid,
}


def _plain(outcome: _Outcome) -> str:
    ending, reason, paddle, price = outcome
    return f"{ending} {reason}" if price is None else f"{ending} to paddle {paddle} at {price}"
