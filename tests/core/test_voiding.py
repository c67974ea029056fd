from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from techauction.core import bidding, voiding
from techauction.core.lot import Bid, Lot, Stage
from techauction.core.money import Money
from techauction.core.outcome import Ending
from techauction.core.refusal import Refusal
from techauction.core.voiding import Holding, LotNotStopped, NoSuchBid, NotSold, VoidedPaddleNext
from tests.conftest import TEN
from tests.core.lots import a_bid, a_lot, an_offer, holder, wan

SECOND = timedelta(seconds=1)


def a_stopped_lot(*bids: Bid) -> tuple[Lot, Holding | None]:
    """Return a paused lot on which these bids hold, with the places 1, 2, …"""
    lot = a_lot(stage=Stage.PAUSED, standing=bids[-1] if bids else None, bidders=frozenset(bid.paddle for bid in bids))
    return lot, voiding.holding(enumerate(bids, 1))


@pytest.mark.parametrize("stage", [Stage.PAUSED, Stage.INTERRUPTED])
def test_after_a_void_the_highest_bid_left_stands(stage: Stage) -> None:
    first, second = a_bid(1, wan(200)), a_bid(2, wan(210), TEN + SECOND)
    lot, held = a_stopped_lot(first, second)

    after, left = voiding.void_bid(replace(lot, stage=stage), held, 2)

    assert (after.standing, after.bidders, after.closes_at) == (first, frozenset({1}), lot.closes_at)
    assert [each.seq for each in voiding.each(left)] == [1]


def test_a_lower_bid_is_voided_and_the_standing_one_stays() -> None:
    lot, held = a_stopped_lot(a_bid(1, wan(200)), a_bid(2, wan(210)), a_bid(1, wan(220)))

    after, left = voiding.void_bid(lot, held, 1)

    assert (after.standing, after.bidders) == (a_bid(1, wan(220)), frozenset({1, 2}))
    assert [each.seq for each in voiding.each(left)] == [3, 2]


def test_the_only_bid_is_voided_and_none_stands() -> None:
    after, left = voiding.void_bid(*a_stopped_lot(a_bid(1, wan(200))), 1)

    assert (after.standing, after.bidders, after.least_bid(), left) == (None, frozenset(), wan(200), None)


def test_a_bid_is_voided_once() -> None:
    lot, held = voiding.void_bid(*a_stopped_lot(a_bid(1, wan(200)), a_bid(2, wan(210))), 2)

    with pytest.raises(NoSuchBid):
        voiding.void_bid(lot, held, 2)


@pytest.mark.parametrize("stage", [Stage.OPEN, Stage.ENDED, Stage.LISTED])
def test_a_lot_that_does_not_stand_still_keeps_its_bids(stage: Stage) -> None:
    lot, held = a_stopped_lot(a_bid(1, wan(200)))

    with pytest.raises(LotNotStopped):
        voiding.void_bid(replace(lot, stage=stage), held, 1)


@pytest.mark.parametrize("ending", [each for each in Ending if each is not Ending.SOLD] + [None])
def test_only_a_sale_can_be_voided(ending: Ending | None) -> None:
    with pytest.raises(NotSold):
        voiding.void_outcome(ending)


def test_a_sale_that_is_voided_is_void() -> None:
    assert voiding.void_outcome(Ending.SOLD) is Ending.VOID


def test_the_matches_of_a_bid_are_voided_with_it() -> None:
    first, made = a_bid(1, wan(200)), a_bid(2, wan(210))
    lot, held = a_stopped_lot(first, made, replace(made, paddle=3, rank=2), replace(made, paddle=4, rank=1))

    after, left = voiding.void_bid(lot, held, 2)

    assert voiding.matches_of(held, 2) == [3, 4]
    assert (after.standing, after.bidders) == (first, frozenset({1}))
    assert [each.seq for each in voiding.each(left)] == [1]


def test_a_match_is_voided_alone() -> None:
    made = a_bid(2, wan(210))
    lot, held = a_stopped_lot(made, replace(made, paddle=3, rank=2), replace(made, paddle=4, rank=1))

    after, left = voiding.void_bid(lot, held, 2)

    assert voiding.matches_of(held, 2) == []
    assert after.standing == replace(made, paddle=4, rank=1)
    assert [each.seq for each in voiding.each(left)] == [3, 1]


def test_nobody_stands_who_was_voided() -> None:
    lot, _ = a_stopped_lot(a_bid(1, wan(200)))

    with pytest.raises(VoidedPaddleNext):
        voiding.must_not_stand(lot, {1})
    voiding.must_not_stand(lot, {2})
    voiding.must_not_stand(replace(lot, standing=None), {1})


MOVES = st.lists(
    st.tuples(st.just("bid"), st.integers(1, 4), st.integers(1, 3))
    | st.tuples(st.just("void"), st.integers(1, 12), st.just(0)),
    max_size=24,
)


@given(MOVES, st.booleans())
def test_bids_and_voids_in_any_order_leave_what_was_never_voided(moves: list[tuple[str, int, int]], raising: bool) -> None:
    lot, held = a_lot(rules={"raise_own_bid": raising, "collar": 0}), None
    kept: dict[int, tuple[int, Money]] = {}
    for seq, (what, who, steps) in enumerate(moves, 1):
        now = TEN + seq * SECOND
        try:
            if what == "void":
                stopped, held = voiding.void_bid(replace(lot, stage=Stage.PAUSED), held, who)
                lot = replace(stopped, stage=Stage.OPEN)
                del kept[who]
            else:
                price = lot.least_bid() + lot.increment().times(steps - 1)
                lot = bidding.take(lot, an_offer(price), holder(who), now)
                held = Holding(seq, Bid(who, price, now), held)
                kept[seq] = (who, price)
        except Refusal:
            assert what == "bid" or who not in kept

    best = max(kept, key=lambda seq: kept[seq][1], default=None)
    standing = None if lot.standing is None else (lot.standing.paddle, lot.standing.amount)
    assert standing == (None if best is None else kept[best])
    assert lot.bidders == frozenset(who for who, _ in kept.values())
    assert [each.seq for each in voiding.each(held)] == sorted(kept, reverse=True)
