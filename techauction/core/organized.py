"""Playing again what organizers did to a lot, or an absence: interrupted, prolonged, withdrawn, a bid or an outcome voided."""

from dataclasses import replace
from datetime import datetime

from techauction.core import absence, pausing, prolonging, voiding
from techauction.core.absence import Gap
from techauction.core.lot import Format, Lot, Stage
from techauction.core.outcome import Ending
from techauction.core.plain import number, text
from techauction.core.prolonging import ProlongedWrong
from techauction.core.record import Event, instant
from techauction.core.replayed import Ended, Replay
from techauction.core.violation import Fault


def keeps_close(here: Replay, lot: Lot, event: Event) -> Replay:
    """Look whether the event leaves the close where it was."""
    if event.closes_at == lot.closes_at:
        return here
    return here.but(Fault.WRONG_CLOSE, f"{event.kind} with another close than {instant(lot.closes_at)}")


def prolong(here: Replay, lot: Lot, event: Event) -> Replay:
    """Move the close later, and what was planned with it."""
    assert event.closes_at is not None
    text(event.data, "reason")
    if text(event.data, "from") != instant(lot.closes_at):
        here = here.but(Fault.WRONG_CLOSE, f"prolonged from another close than {instant(lot.closes_at)}")
    if event.data.get("cause") == absence.CAUSE:
        return _prolong_for_absence(here, lot, event)
    here = _by_two(here, event)
    try:
        after = prolonging.prolong(lot, event.closes_at - lot.closes_at, event.at)
    except ProlongedWrong as refusal:
        here = here.but(Fault.WRONG_CLOSE, f"prolonged: {refusal}")
        after = replace(lot, closes_at=event.closes_at)
    return replace(here, lot=after)


def interrupt(here: Replay, lot: Lot, event: Event) -> Replay:
    """Stop the lot, because nobody could bid for a part of its last period."""
    here = keeps_close(here, lot, event)
    gap = _gap(event)
    short = "back_at" in event.data and gap.length < absence.LEAST  # earlier versions said nothing of it, and knew no least
    if not gap.away_from <= gap.back_at <= event.at or short or not absence.touches(lot, gap):
        here = here.but(Fault.OFF_TIME, "interrupted, though nothing of the last period was lost")
    return replace(here, lot=pausing.interrupt(lot), stopped_at=gap.away_from, stop_reason=text(event.data, "reason"))


def _prolong_for_absence(here: Replay, lot: Lot, event: Event) -> Replay:
    """Give the lot the full period that the house gives by itself: no more, no less, and only for an absence at its close."""
    assert event.closes_at is not None
    gap = _gap(event)
    if not absence.prolongs(lot, gap) or gap.back_at > event.at or gap.away_from < lot.opens_at:
        here = here.but(Fault.OFF_TIME, "prolonged by the house, though nobody was missed at the close")
    after = absence.prolonged(lot, event.at)
    if event.closes_at != after.closes_at:
        here = here.but(Fault.WRONG_CLOSE, f"prolonged by the house to another close than {instant(after.closes_at)}")
        after = replace(after, closes_at=event.closes_at)
    return replace(here, lot=after)


def _gap(event: Event) -> Gap:
    """Return the absence that an event names."""
    away_from = datetime.fromisoformat(text(event.data, "away_from"))
    return Gap(away_from, datetime.fromisoformat(text(event.data, "back_at")) if "back_at" in event.data else event.at)


def withdraw(here: Replay, event: Event) -> Replay:
    """End a lot before it opens; or after, where two agreed to call off what was left of the round."""
    lot = here.lot
    if lot is not None:
        here = keeps_close(here, lot, event)
        waits = event.data.get("key_missing") is True and (lot.format is Format.SEALED or here.commitment is not None)
        if lot.stage is Stage.OPEN and event.at >= lot.closes_at and not waits:
            here = here.but(Fault.OFF_TIME, "withdrawn, though its close had come")
        if "approved_by" in event.data:
            here = _by_two(here, event)
        else:
            here = here.but(Fault.OFF_TIME, f"{event.kind} after the lot had opened")
        here = replace(here, lot=lot.ended(), stopped_at=None, stop_reason="")
    return replace(here, ended=Ended(ending=Ending.WITHDRAWN, at=event.at, reason=text(event.data, "reason")))


def void_bid(here: Replay, lot: Lot, event: Event) -> Replay:
    """Take a bid back: another may stand, or none, and the same price may be bid again."""
    here = _by_two(keeps_close(here, lot, event), event)
    text(event.data, "reason")
    seq = number(event.data, "seq")
    if event.data.get("matches", []) != voiding.matches_of(here.holding, seq):
        here = here.but(Fault.UNLAWFUL, "not just the matches of the bid were voided with it")
    # Events of an earlier version name neither.
    named = {name: event.data[name] for name in ("bid_paddle", "bid_fen") if name in event.data}
    for each in voiding.each(here.holding):
        if each.seq == seq and named not in ({}, {"bid_paddle": each.bid.paddle, "bid_fen": each.bid.amount.minor}):
            here = here.but(Fault.UNLAWFUL, "another paddle or sum than that of the bid that was voided")
    lot, holding = voiding.void_bid(lot, here.holding, seq)
    return replace(here, lot=lot, holding=holding, bids=sum(1 for _ in voiding.each(holding)), run=here.run + 1)


def void_outcome(here: Replay, ended: Ended, event: Event) -> Replay:
    """Take a sale back. The round's digest stays over what stood before, where the round had closed."""
    here = _by_two(here, event)
    if "seq" in event.data:
        here = here.but(Fault.UNLAWFUL, "a bid was voided after the lot had ended")
    if here.lot is not None:
        here = keeps_close(here, here.lot, event)
    return replace(
        here,
        ended=Ended(
            ending=voiding.void_outcome(ended.ending),
            at=ended.at,
            reason=text(event.data, "reason"),
            reserve_met=ended.reserve_met,
            voided=ended,
            voided_at=event.at,
        ),
    )


def _by_two(here: Replay, event: Event) -> Replay:
    if number(event.data, "asked_by") == number(event.data, "approved_by"):
        return here.but(Fault.UNLAWFUL, f"{event.kind} by one person alone")
    return here
