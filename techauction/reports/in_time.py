"""Whether who was in time, by the stamps of the offers, is what the record says."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from techauction.core.bidding import LotClosed, ReceivedInTime
from techauction.core.plain import number
from techauction.core.record import BIDS, BY_STAMP, Event, Kind, instant
from techauction.core.refused import RefusedOffer
from techauction.core.violation import Fault, Violation
from techauction.reports.books import TakenOffer

_OPENINGS = (Kind.OPENED, Kind.RESUMED)
_ENDINGS = (Kind.HAMMERED, Kind.WITHHELD, Kind.WITHDRAWN)


def all_offers(
    events: Sequence[Event], offers: Mapping[int, TakenOffer], refusals: Sequence[RefusedOffer]
) -> Iterator[Violation]:
    """Check what was taken and what was refused at a lot. Earlier versions let an offer stand at its decision."""
    hammered_at = next((event.at for event in events if event.kind is Kind.HAMMERED), None)
    # What was decided before the clock was set back may well be later than a hammer that fell after it.
    set_back = max((event.seq for event in events if "set_back_us" in event.data), default=0)
    for before, event in pairwise(events):
        offer = offers.get(event.seq)
        if event.kind not in (*BIDS, Kind.SEALED) or offer is None:
            continue
        if by_stamp(events) or offer.decided_at != event.at:
            yield from taken(event, before, offer)
        if hammered_at is not None and event.seq > set_back and offer.decided_at > hammered_at:
            yield _wrong(event, f"its offer was decided at {instant(offer.decided_at)}, after the hammer")
    yield from refused(events, refusals)


def taken(event: Event, before: Event, offer: TakenOffer) -> Iterator[Violation]:
    """Check that a bid stands where its stamp puts it, and that it was here before the close that held."""
    stamp = min(offer.received_at, offer.decided_at)
    expected = max(stamp, before.at)
    if event.at != expected:
        yield _wrong(event, f"the bid stands at {instant(event.at)}, and its offer puts it at {instant(expected)}")
    closes_at = before.closes_at
    if closes_at is None:
        return
    if stamp >= closes_at:
        yield _wrong(event, f"its offer came at {instant(stamp)}, not before the close")
    late = instant(offer.decided_at) if offer.decided_at >= closes_at else None
    if event.kind is not Kind.SEALED and event.data.get("decided_at") != late:
        yield _wrong(event, f"it was decided at {instant(offer.decided_at)}, which the record says otherwise")


def refused(events: Sequence[Event], offers: Sequence[RefusedOffer]) -> Iterator[Violation]:
    """Check that nobody who was in time was told to be late, and the other way round."""
    opened = next((event for event in events if event.kind is Kind.OPENED), None)
    if opened is None:
        return
    ended = next((event for event in events if event.kind in _ENDINGS), None)
    closes = {event.seq: event.closes_at for event in events}
    for offer in offers:
        closes_at = closes.get(offer.lot_seq)
        if closes_at is None or offer.lot_seq < opened.seq:
            continue
        over = ended is not None and ended.seq <= offer.lot_seq
        until = min(closes_at, ended.at) if ended is not None and over else closes_at
        # One resumed by a clock that was set back is open from then on, by that clock.
        opens_at = min(each.at for each in events if each.kind in _OPENINGS and each.seq <= offer.lot_seq)
        in_time = opens_at <= offer.stamp < until
        late_said, in_time_said = offer.code == LotClosed.code, offer.code == ReceivedInTime.code
        if in_time and (late_said or (over and not in_time_said)):
            said = f"an offer of {instant(offer.stamp)} was answered {offer.code}, and it was here before the close"
            yield Violation(Fault.OFF_TIME, opened.lot, offer.lot_seq, said)
        if in_time_said and not (in_time and offer.decided_at >= until):
            said = f"an offer of {instant(offer.stamp)} was answered {offer.code}, and it was not"
            yield Violation(Fault.OFF_TIME, opened.lot, offer.lot_seq, said)


def by_stamp(events: Sequence[Event]) -> bool:
    """Return whether the lot was opened by a version that lets offers go by their stamps."""
    return bool(events) and "version" in events[0].data and number(events[0].data, "version") >= BY_STAMP


def _wrong(event: Event, said: str) -> Violation:
    return Violation(Fault.OFFER_DIFFERS, event.lot, event.seq, said)
