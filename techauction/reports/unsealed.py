"""Sealed offers as the record opens them, for those who look at bids."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from techauction.core.opened import offers_of
from techauction.core.record import Event, Kind


def as_bids(events: Iterable[Event]) -> Iterator[tuple[Event, datetime]]:
    """Yield each sealed offer as the bid that its bidder was answered: at its own event, without the sum that was not kept.

    Beside it stands when it was opened: until then its bidder could waive a priority right.
    """
    sealed: dict[int, Event] = {}
    for event in events:
        if event.kind is Kind.SEALED:
            sealed[event.seq] = event
        if event.kind is Kind.UNSEALED:
            for each in offers_of(event.data):
                if each.seq in sealed:
                    data: dict[str, object] = {"confirmed": False}
                    data |= {name: said for name, said in sealed[each.seq].data.items() if name != "commitment"}
                    if each.rank is not None:
                        data["rank"] = each.rank
                    bid = Event(
                        lot=event.lot,
                        seq=each.seq,
                        kind=Kind.BID,
                        at=sealed[each.seq].at,
                        paddle=each.paddle,
                        closes_at=sealed[each.seq].closes_at,
                        data=data,
                    )
                    yield bid, event.at
