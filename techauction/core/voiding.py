"""Taking back what was taken: a bid of a lot that stands still, or the outcome of a lot that was sold."""

from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from techauction.core.lot import Bid, Lot, Stage
from techauction.core.outcome import Ending
from techauction.core.refusal import Refusal


class LotNotStopped(Refusal):
    """A bid is voided only while its lot is paused or interrupted."""

    code = "lot_not_stopped"


class NoSuchBid(Refusal):
    """The lot has no such bid, or it was voided already."""

    code = "no_such_bid"

    def __init__(self, seq: int) -> None:
        super().__init__(seq=seq)


class VoidedPaddleNext(Refusal):
    """The bid that would stand then is that of a paddle that was voided: it must be voided first."""

    code = "voided_paddle_next"

    def __init__(self, paddle: int) -> None:
        super().__init__(paddle=paddle)


class NotSold(Refusal):
    """Only the outcome of a lot that was sold can be voided."""

    code = "not_sold"


@dataclass(frozen=True, slots=True)
class Holding:
    """A bid that holds, with its place in the record, and the one before it. A chain, so that adding one copies none."""

    seq: int
    bid: Bid
    before: "Holding | None" = field(repr=False, compare=False, default=None)


def holding(bids: Iterable[tuple[int, Bid]]) -> Holding | None:
    """Return the bids, the first first, as a chain."""
    last = None
    for seq, bid in bids:
        last = Holding(seq, bid, last)
    return last


def each(last: Holding | None) -> Iterator[Holding]:
    """Yield the bids that hold, the last first."""
    while last is not None:
        yield last
        last = last.before


def void_bid(lot: Lot, last: Holding | None, seq: int) -> tuple[Lot, Holding | None]:
    """Return the lot as if the bid had never been, and the bids that still hold; matches of it go with it.

    Each bid that holds is higher than those before it, or matches one: the last stands. The close stays where it is; a resume
    gives everybody a full period.

    :raises LotNotStopped: the lot is neither paused nor interrupted
    :raises NoSuchBid: no bid that holds has that place in the record
    """
    if lot.stage not in (Stage.PAUSED, Stage.INTERRUPTED):
        raise LotNotStopped
    gone = {seq, *matches_of(last, seq)}
    left = [other for other in each(last) if other.seq not in gone]
    standing = left[0].bid if left else None
    bidders = frozenset(other.bid.paddle for other in left)
    kept = holding((other.seq, other.bid) for other in reversed(left))
    return replace(lot, standing=standing, bidders=bidders), kept


def matches_of(last: Holding | None, seq: int) -> list[int]:
    """Return the places of the bids that match this one, and no other: none made their price but it.

    :raises NoSuchBid: no bid that holds has that place in the record
    """
    bids = list(each(last))
    amount = next((other.bid.amount for other in bids if other.seq == seq), None)
    if amount is None:
        raise NoSuchBid(seq)
    made, *matches = sorted(other.seq for other in bids if other.bid.amount == amount)
    return matches if made == seq else []


def voided_by(data: Mapping[str, object]) -> list[object]:
    """Return the places of the bids that the data of an event say were voided: one, and its matches; none with an outcome."""
    matches = data.get("matches", [])
    return [data["seq"], *(matches if isinstance(matches, list) else [])] if "seq" in data else []


def must_not_stand(lot: Lot, voided: Container[int]) -> None:
    """Refuse that a bid of a voided paddle stands.

    :raises VoidedPaddleNext: as it says
    """
    if lot.standing is not None and lot.standing.paddle in voided:
        raise VoidedPaddleNext(lot.standing.paddle)


def void_outcome(ending: Ending | None) -> Ending:
    """Return how the lot ends then.

    :raises NotSold: there is no sale to void
    """
    if ending is not Ending.SOLD:
        raise NotSold
    return Ending.VOID
