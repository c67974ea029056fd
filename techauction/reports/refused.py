"""Whether what was refused at a lot is what it was: the chain of refused offers, and what the record says of its head."""

from collections.abc import Iterator, Mapping, Sequence

from techauction.core.plain import number, text
from techauction.core.record import GENESIS, Event, Kind
from techauction.core.refused import NAME, SAYING, Chain, RefusedOffer
from techauction.core.violation import Fault, Violation
from techauction.reports.books import Books
from techauction.store.consigning import LotRow


def refused(
    name: str, events: Sequence[Event], row: LotRow, books: Books, at_close: Mapping[int, Chain] | None
) -> Iterator[Violation]:
    """Yield what is wrong with the chain of a lot's refused offers.

    It goes on after the lot has ended: what the ending says is the chain as far as it had come by then; `at_close`, which the
    round's own record says by lot number, as far as it had come when the round closed. Lots that an earlier version opened say
    nothing of it, nor do offers that it refused stand in a chain.
    """
    chained = books.chained[row.id]
    heads = [GENESIS]
    for place, (offer, kept) in enumerate(chained, 1):
        if offer.place != place:
            yield _wrong(name, f"the refused offer at place {place} is missing; the next is at {offer.place}")
            break
        heads.append(kept)
        if offer.digest(heads[-2]) != kept:
            yield _wrong(name, f"the refused offer at place {place} is not the one that was refused")
    if row.refusals() != Chain(len(chained), heads[-1]):
        yield _wrong(
            name, f"{len(chained)} refused offers stand in the chain, and the lot knows {row.refused}, or another head"
        )
    closed = (at_close or {}).get(row.number or 0, Chain())
    if not _holds(heads, closed):
        yield _wrong(name, f"not the {closed.count} offers had been refused that the round's record says of its close")
    said = {event.seq: event for event in events if event.kind in SAYING and NAME in event.data}
    for event in said.values():
        yield from _as_said(name, event, [offer for offer, _ in chained], heads)
    opened = next((event for event in events if event.kind is Kind.OPENED), None)
    if opened is None or opened.seq not in said:
        return
    for event in events:
        if event.kind in SAYING and event.seq not in said:
            yield Violation(Fault.OFFER_DIFFERS, name, event.seq, "it does not say what had been refused")
    for each in books.unchained[row.id]:
        if each >= opened.at:
            yield _wrong(name, "an offer was refused that does not stand in the chain of those")


def _as_said(name: str, event: Event, chained: Sequence[RefusedOffer], heads: Sequence[str]) -> Iterator[Violation]:
    """Yield what differs from the chain as an event says it was before it: what came later was refused after the event."""
    said = event.data[NAME]
    assert isinstance(said, dict)
    count, head = number(said, "count"), text(said, "head")
    if not _holds(heads, Chain(count, head)):
        yield Violation(Fault.OFFER_DIFFERS, name, event.seq, f"not the {count} offers had been refused that it says")
    before = [offer.lot_seq < event.seq for offer in chained]
    if before != [place < count for place in range(len(before))]:
        yield Violation(Fault.OFFER_DIFFERS, name, event.seq, f"not {count} of the refused offers were refused before it")


def _holds(heads: Sequence[str], said: Chain) -> bool:
    """Return whether the chain was once as long as it is said to have been, and ended so."""
    return 0 <= said.count < len(heads) and heads[said.count] == said.head


def _wrong(name: str, detail: str) -> Violation:
    return Violation(Fault.OFFER_DIFFERS, name, None, detail)
