"""Sealed offers as their record opens them, for whoever reads it without judging it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from techauction.core.money import Money


@dataclass(frozen=True, slots=True)
class Unsealed:
    """A sealed offer, opened: the event that it was taken by, its paddle and its amount."""

    seq: int
    paddle: int
    amount: Money
    rank: int | None


def offers_of(data: Mapping[str, object]) -> Iterator[Unsealed]:
    """Yield the offers that an event opens; nothing where they cannot be read: the replay says so."""
    bids = data.get("bids")
    for each in bids if isinstance(bids, list) else ():
        match each:
            case {"seq": int(seq), "paddle": int(paddle), "amount_fen": int(amount), "rank": rank}:
                yield Unsealed(seq, paddle, Money(amount), rank if isinstance(rank, int) else None)
            case _:
                pass
