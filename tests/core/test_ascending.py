from datetime import timedelta
from typing import Any

import pytest

from techauction.core import bidding, formats
from techauction.core.lot import Bid, Format
from techauction.core.offer import Offer
from techauction.core.refusal import Refusal
from tests.conftest import TEN
from tests.core.lots import CLOSE, a_bid, a_lot, holder, wan

LED = a_bid(7, wan(230))


def match(lot: Any, paddle: int, amount: int, *, rank: int | None = 1, at: Any = TEN) -> Any:
    return bidding.take(lot, Offer(wan(amount), matching=True), holder(paddle, priority_rank=rank), at)


def test_every_format_answers_the_three_questions() -> None:
    assert set(formats.FORMATS) == set(Format)


def test_a_holder_takes_the_standing_bids_place_at_the_same_amount() -> None:
    lot = match(a_lot(standing=LED), 8, 230)

    assert lot.standing == Bid(8, wan(230), TEN, 1)
    assert lot.bidders == {7, 8}


def test_a_match_moves_the_close_as_a_bid_does() -> None:
    at = CLOSE - timedelta(seconds=10)

    assert match(a_lot(standing=LED), 8, 230, at=at).closes_at == at + timedelta(seconds=300)


@pytest.mark.parametrize(
    ("standing", "paddle", "amount", "rank", "code"),
    [
        (LED, 8, 230, None, "no_priority_right"),
        (None, 8, 200, 1, "nothing_to_match"),
        (LED, 8, 240, 1, "nothing_to_match"),
        (LED, 8, 220, 1, "nothing_to_match"),
        (LED, 7, 230, 1, "own_bid_stands"),
        (Bid(7, wan(230), TEN, 1), 8, 230, 1, "outranked"),
        (Bid(7, wan(230), TEN, 1), 8, 230, 2, "outranked"),
    ],
)
def test_a_match_that_may_not_be_is_refused(
    standing: Bid | None, paddle: int, amount: int, rank: int | None, code: str
) -> None:
    with pytest.raises(Refusal) as refused:
        match(a_lot(standing=standing), paddle, amount, rank=rank)

    assert refused.value.code == code


def test_a_better_rank_matches_a_holder_of_a_worse_one() -> None:
    assert match(a_lot(standing=Bid(7, wan(230), TEN, 2)), 8, 230, rank=1).standing == Bid(8, wan(230), TEN, 1)


def test_an_ordinary_bid_of_a_holder_keeps_its_rank() -> None:
    lot = bidding.take(a_lot(standing=LED), Offer(wan(240)), holder(8, priority_rank=1), TEN)

    assert lot.standing == Bid(8, wan(240), TEN, 1)


def test_over_a_match_anybody_may_bid_more() -> None:
    lot = match(a_lot(standing=LED), 8, 230)

    assert bidding.take(lot, Offer(wan(240)), holder(7), TEN).standing == a_bid(7, wan(240))
