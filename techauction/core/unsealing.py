"""Playing sealed offers again: committed one by one, opened together."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from techauction.core import bidding, sealed
from techauction.core.lot import Format, Lot
from techauction.core.money import Money
from techauction.core.offer import Eligibility, Offer
from techauction.core.organized import keeps_close
from techauction.core.plain import number, text
from techauction.core.record import Event, sealed_digest
from techauction.core.refusal import Refusal
from techauction.core.replayed import Envelope, Replay
from techauction.core.sealed import SealedOffer
from techauction.core.violation import Fault


def seal(here: Replay, lot: Lot, event: Event) -> Replay:
    """Lay one more envelope to the others; the bidding time is looked at now, the rest when it is opened."""
    here = keeps_close(here, lot, event)
    if lot.format is not Format.SEALED:
        here = here.but(Fault.UNLAWFUL, "a sealed offer on a lot that is not sold by sealed offers")
    if event.paddle is not None or event.amount is not None:
        here = here.but(Fault.UNLAWFUL, "a sealed offer that stands open")
    envelope = Envelope(event.seq, text(event.data, "commitment"), event.at)
    here = replace(here, envelopes=(*here.envelopes, envelope), bids=here.bids + 1)
    try:
        bidding.must_be_open(lot, event.at)
    except Refusal as refusal:
        here = here.but(Fault.OFF_TIME, f"{event.kind}: {refusal}")
    return here


def unseal(here: Replay, lot: Lot, event: Event) -> Replay:
    """Open all envelopes: each must hold what was committed, and an offer that was lawful then."""
    here = keeps_close(here, lot, event)
    bids = event.data["bids"]
    assert isinstance(bids, list)
    offers = [_offer(each, here.envelopes) for each in bids]
    if [each.seq for each in offers] != [each.seq for each in here.envelopes]:
        here = here.but(Fault.UNLAWFUL, "not all sealed offers were opened together, in their order")
    committed = {each.seq: each.commitment for each in here.envelopes}
    before = lot
    for each in offers:
        if sealed_digest(here.name, each.paddle, each.amount, each.salt) != committed.get(each.seq):
            here = here.but(Fault.UNLAWFUL, f"the sealed offer of event {each.seq} is not the one committed")
        try:
            before = sealed.take(before, Offer(each.amount, confirmed=each.confirmed), _bidder(each), each.placed_at)
        except Refusal as refusal:
            here = here.but(Fault.UNLAWFUL, f"the sealed offer of event {each.seq}: {refusal}")
    if offers:
        here = replace(here, lot=sealed.unseal(lot, offers), envelopes=())
    if event.at < lot.closes_at:
        here = here.but(Fault.OFF_TIME, "the sealed offers were opened before the close")
    return here


def must_be_open(here: Replay) -> Replay:
    """Look whether the hammer waited until the envelopes were opened."""
    if not here.envelopes:
        return here
    return replace(here, envelopes=()).but(Fault.UNLAWFUL, "hammered before the sealed offers were opened")


def _offer(said: Mapping[str, object], envelopes: tuple[Envelope, ...]) -> SealedOffer:
    seq = number(said, "seq")
    rank, confirmed = said["rank"], said["confirmed"]
    assert isinstance(confirmed, bool)
    return SealedOffer(
        seq=seq,
        paddle=number(said, "paddle"),
        amount=Money(number(said, "amount_fen")),
        salt=text(said, "salt"),
        confirmed=confirmed,
        rank=None if rank is None else number(said, "rank"),
        placed_at=_placed_at(seq, envelopes),
    )


def _placed_at(seq: int, envelopes: tuple[Envelope, ...]) -> datetime:
    """Return when the offer was made.

    :raises IndexError: there is no such envelope
    """
    return [each.at for each in envelopes if each.seq == seq][0]  # noqa: RUF015 (what is unreadable is an IndexError)


def _bidder(offer: SealedOffer) -> Eligibility:
    # Whether the paddle was admitted stands outside the record; the verifier asks the database.
    return Eligibility(offer.paddle, admitted=True, priority_rank=offer.rank)
