from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from techauction.core import bidding, formats, hammer, sealed
from techauction.core.ascending import NothingToMatch
from techauction.core.bidding import LotClosed
from techauction.core.lawful import nearest
from techauction.core.lot import Bid, Format, Lot
from techauction.core.money import ZERO, Money
from techauction.core.offer import BidTooLow, Eligibility, NeedsConfirmation, Offer, OffGrid
from techauction.core.outcome import PassedIn, PassedInFor, Sold
from techauction.core.sealed import SealedOffer, SealedOnce
from tests.builders import wan
from tests.core.lots import CLOSE, TEN, a_lot


def a_sealed_lot(**more: object) -> Lot:
    return a_lot(format=Format.SEALED, **more)  # type: ignore[arg-type]


def holder(paddle: int) -> Eligibility:
    return Eligibility(paddle=paddle, admitted=True, paddle_voided=False, deposit_held=ZERO, deposit_required=ZERO)


def offered(lot: Lot, paddle: int, amount: Money, *, confirmed: bool = False) -> Lot:
    return bidding.take(lot, Offer(amount, confirmed=confirmed), holder(paddle), TEN)


def an_offer(paddle: int, amount: int, *, seq: int, rank: int | None = None) -> SealedOffer:
    return SealedOffer(
        seq=seq, paddle=paddle, amount=wan(amount), salt="5", confirmed=False, rank=rank, placed_at=TEN + timedelta(seconds=seq)
    )


def test_a_sealed_offer_moves_neither_price_nor_close_and_stands_nowhere() -> None:
    lot = a_sealed_lot()

    after = offered(lot, 7, wan(230))

    assert after == replace(lot, bidders=frozenset({7}))
    assert formats.standing(after) is None


def test_nothing_stands_that_a_holder_could_match() -> None:
    with pytest.raises(NothingToMatch):
        bidding.take(a_sealed_lot(), Offer(wan(230), matching=True), replace(holder(7), priority_rank=1), TEN)


def test_a_paddle_offers_once() -> None:
    with pytest.raises(SealedOnce):
        offered(offered(a_sealed_lot(), 7, wan(230)), 7, wan(240))


def test_a_sealed_offer_goes_by_start_grid_and_collar_and_by_no_step_cap() -> None:
    lot = a_sealed_lot()

    with pytest.raises(BidTooLow):
        offered(lot, 7, wan(199))
    with pytest.raises(OffGrid):
        offered(lot, 7, wan(205))
    with pytest.raises(NeedsConfirmation):
        offered(lot, 7, wan(610))
    assert offered(lot, 7, wan(200)).bidders == {7}
    assert offered(lot, 7, wan(9_000), confirmed=True).bidders == {7}


def test_a_sealed_offer_at_the_closing_instant_is_late() -> None:
    lot = a_sealed_lot()

    with pytest.raises(LotClosed):
        bidding.take(lot, Offer(wan(230)), holder(7), lot.closes_at)


@pytest.mark.parametrize(
    ("offers", "winner"),
    [
        ([an_offer(7, 210, seq=2), an_offer(8, 220, seq=3)], 8),
        ([an_offer(7, 220, seq=2), an_offer(8, 220, seq=3)], 7),
        ([an_offer(7, 220, seq=2), an_offer(8, 220, seq=3, rank=2)], 8),
        ([an_offer(7, 220, seq=2, rank=2), an_offer(8, 220, seq=3, rank=1)], 8),
        ([an_offer(7, 220, seq=2, rank=1), an_offer(8, 220, seq=3, rank=1)], 7),
        ([an_offer(7, 220, seq=2, rank=1), an_offer(8, 230, seq=3)], 8),
    ],
)
def test_the_highest_wins_then_the_better_rank_then_the_earlier(offers: list[SealedOffer], winner: int) -> None:
    lot = sealed.unseal(a_sealed_lot(), offers)

    assert hammer.fall(lot, None, CLOSE) == Sold(winner, max(each.amount for each in offers))


def test_opened_offers_end_as_bids_do() -> None:
    lot = sealed.unseal(a_sealed_lot(rules={"min_bidding": 2}), [an_offer(7, 220, seq=2)])

    assert hammer.fall(a_sealed_lot(), None, CLOSE) == PassedIn(PassedInFor.NO_BID)
    assert hammer.fall(lot, None, CLOSE) == PassedIn(PassedInFor.TOO_FEW_BIDDERS)
    lot = sealed.unseal(a_sealed_lot(), [an_offer(7, 220, seq=2)])
    assert hammer.fall(lot, wan(221), CLOSE) == PassedIn(PassedInFor.RESERVE_NOT_MET)
    assert hammer.fall(lot, wan(220), CLOSE) == Sold(7, wan(220))
    assert lot.standing == Bid(7, wan(220), TEN + timedelta(seconds=2))


@given(st.lists(st.tuples(st.integers(20, 25), st.one_of(st.none(), st.integers(1, 3))), min_size=1, max_size=6), st.randoms())
def test_the_order_in_which_offers_are_opened_decides_nothing(said: list[tuple[int, int | None]], chance: object) -> None:
    offers = [an_offer(101 + place, 10 * amount, seq=2 + place, rank=rank) for place, (amount, rank) in enumerate(said)]
    shuffled = offers[:]
    chance.shuffle(shuffled)  # type: ignore[attr-defined]

    assert sealed.unseal(a_sealed_lot(), shuffled) == sealed.unseal(a_sealed_lot(), offers)


@pytest.mark.parametrize(("amount", "near"), [(9_005, (9_000, 9_010)), (9_000, (9_000,)), (150, (200, 210)), (200, (200,))])
def test_the_nearest_sealed_offers_know_no_step_cap(amount: int, near: tuple[int, ...]) -> None:
    assert nearest(a_sealed_lot(), wan(amount)) == tuple(wan(each) for each in near)
