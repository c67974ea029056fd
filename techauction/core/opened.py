"""Sealed offers as their record opens them, for whoever reads it without judging it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from techauction.core.money import Money


class Behind(StrEnum):
    """Why a sealed offer comes after the best: it is lower; or as high, and the other has the right, or was earlier."""

    LOWER = "lower"
    WITHOUT_RIGHT = "without_right"
    LATER_RANK = "later_rank"
    LATER = "later"


@dataclass(frozen=True, slots=True)
class Unsealed:
    """A sealed offer, opened: the event that it was taken by, its paddle and its amount."""

    seq: int
    paddle: int
    amount: Money
    rank: int | None

    def precedence(self) -> tuple[Money, bool, int, int]:
        """Return what orders offers."""
        return precedence(self.amount, self.rank, self.seq)

    def behind(self, best: "Unsealed") -> Behind | None:
        """Return why this offer comes after the best, or nothing if it is that one."""
        if self.seq == best.seq:
            return None
        if self.amount < best.amount:
            return Behind.LOWER
        if self.rank == best.rank:
            return Behind.LATER
        return Behind.WITHOUT_RIGHT if self.rank is None else Behind.LATER_RANK


def precedence(amount: Money, rank: int | None, seq: int) -> tuple[Money, bool, int, int]:
    """Return what orders sealed offers: the higher one, then a holder's of better rank, then the earlier."""
    return (amount, rank is not None, -(rank or 0), -seq)


def offers_of(data: Mapping[str, object]) -> Iterator[Unsealed]:
    """Yield the offers that an event opens; nothing where they cannot be read: the replay says so."""
    bids = data.get("bids")
    for each in bids if isinstance(bids, list) else ():
        match each:
            case {"seq": int(seq), "paddle": int(paddle), "amount_fen": int(amount), "rank": rank}:
                yield Unsealed(seq, paddle, Money(amount), rank if isinstance(rank, int) else None)
            case _:
                pass
