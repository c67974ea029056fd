from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from techauction.core import bidding
from techauction.core.ascending import OwnBidStands
from techauction.core.increment import Ladder
from techauction.core.lot import Extension, ExtensionKind, Lot, Stage
from techauction.core.money import ZERO, Money
from techauction.core.offer import BidTooLow, Eligibility, NeedsConfirmation
from techauction.core.refusal import Refusal
from tests.conftest import TEN
from tests.core.lots import CLOSE, a_bid, a_lot, an_offer, holder, wan

MICROSECOND = timedelta(microseconds=1)
LED = a_bid(7, wan(230))


@pytest.mark.parametrize(
    ("amount", "standing", "code", "facts"),
    [
        (199, None, "too_low", {"least": wan(200)}),
        (205, None, "off_grid", {"below": wan(200), "above": wan(210)}),
        (310, None, "too_many_steps", {"most": wan(300)}),
        (200, LED, "start_only_first", {"least": wan(240)}),
        (230, LED, "too_low", {"least": wan(240)}),
        (239, LED, "too_low", {"least": wan(240)}),
        (245, LED, "off_grid", {"below": wan(240), "above": wan(250)}),
        (331, LED, "too_many_steps", {"most": wan(330)}),
    ],
)
def test_an_amount_that_may_not_stand_is_refused_with_what_may(
    amount: int, standing: Any, code: str, facts: dict[str, Money]
) -> None:
    with pytest.raises(Refusal) as refused:
        bidding.take(a_lot(standing=standing), an_offer(wan(amount)), holder(8), TEN)

    assert refused.value.code == code
    assert refused.value.facts.items() >= facts.items()


@pytest.mark.parametrize("amount", [200, 210, 300])
def test_the_first_bid_may_be_the_start_price_and_up_to_ten_steps_more(amount: int) -> None:
    lot = bidding.take(a_lot(), an_offer(wan(amount)), holder(8), TEN)

    assert lot.standing == a_bid(8, wan(amount))


@pytest.mark.parametrize("amount", [240, 330])
def test_a_later_bid_rises_by_one_to_ten_steps(amount: int) -> None:
    assert bidding.take(a_lot(standing=LED), an_offer(wan(amount)), holder(8), TEN).standing == a_bid(8, wan(amount))


def test_the_increment_follows_the_standing_price() -> None:
    ladder = Ladder(((ZERO, wan(10)), (wan(230), wan(50))))

    with pytest.raises(BidTooLow) as refused:
        bidding.take(a_lot(standing=LED, ladder=ladder), an_offer(wan(240)), holder(8), TEN)

    assert refused.value.facts["least"] == wan(280)


def test_ones_own_bid_is_not_raised() -> None:
    with pytest.raises(OwnBidStands):
        bidding.take(a_lot(standing=LED), an_offer(wan(240)), holder(7), TEN)


def test_ones_own_bid_is_raised_where_the_round_says_so() -> None:
    lot = a_lot(standing=LED, rules={"raise_own_bid": True})

    assert bidding.take(lot, an_offer(wan(240)), holder(7), TEN).standing == a_bid(7, wan(240))


def test_an_amount_over_the_collar_must_be_confirmed() -> None:
    lot = a_lot(rules={"max_steps": 100})

    with pytest.raises(NeedsConfirmation):
        bidding.take(lot, an_offer(wan(610)), holder(8), TEN)
    assert bidding.take(lot, an_offer(wan(600)), holder(8), TEN).standing == a_bid(8, wan(600))
    assert bidding.take(lot, an_offer(wan(610), confirmed=True), holder(8), TEN).standing == a_bid(8, wan(610))


@pytest.mark.parametrize(
    ("stage", "code"),
    [
        (Stage.LISTED, "not_open"),
        (Stage.PAUSED, "paused"),
        (Stage.INTERRUPTED, "paused"),
        (Stage.ENDED, "closed"),
    ],
)
def test_a_lot_that_is_not_open_takes_no_bid(stage: Stage, code: str) -> None:
    with pytest.raises(Refusal) as refused:
        bidding.take(a_lot(stage=stage), an_offer(wan(200)), holder(8), TEN)

    assert refused.value.code == code


def test_a_bid_before_the_opening_is_early_and_at_it_is_not() -> None:
    with pytest.raises(bidding.LotNotOpen):
        bidding.take(a_lot(), an_offer(wan(200)), holder(8), TEN - MICROSECOND)
    assert bidding.take(a_lot(), an_offer(wan(200)), holder(8), TEN).standing is not None


def test_a_bid_at_the_closing_instant_is_late_and_one_microsecond_before_is_not() -> None:
    with pytest.raises(bidding.LotClosed):
        bidding.take(a_lot(), an_offer(wan(200)), holder(8), CLOSE)
    assert bidding.take(a_lot(), an_offer(wan(200)), holder(8), CLOSE - MICROSECOND).standing is not None


@pytest.mark.parametrize(
    ("bidder", "code"),
    [
        (holder(None), "not_admitted"),
        (holder(8, admitted=False), "not_admitted"),
        (holder(8, paddle_voided=True), "paddle_voided"),
        (holder(8, deposit_held=Money(99), deposit_required=Money(100)), "deposit_insufficient"),
    ],
)
def test_a_bidder_without_admission_is_refused(bidder: Eligibility, code: str) -> None:
    with pytest.raises(Refusal) as refused:
        bidding.take(a_lot(), an_offer(wan(200)), bidder, TEN)

    assert refused.value.code == code


def test_eligibility_is_asked_before_the_amount_and_the_clock_before_both() -> None:
    with pytest.raises(bidding.NotAdmitted):
        bidding.take(a_lot(), an_offer(wan(1)), holder(None), TEN)
    with pytest.raises(bidding.LotClosed):
        bidding.take(a_lot(), an_offer(wan(1)), holder(None), CLOSE)


def test_the_published_example_of_a_soft_close() -> None:
    # rules.md's example: close 22:00:00, trigger 120 s, length 300 s, bid 21:58:15 -> 22:03:15
    extension = Extension(trigger=timedelta(seconds=120), length=timedelta(seconds=300))

    lot = bidding.take(a_lot(extension=extension), an_offer(wan(200)), holder(8), CLOSE - timedelta(seconds=105))

    assert lot.closes_at == CLOSE + timedelta(seconds=195)


@pytest.mark.parametrize(
    ("kind", "left", "moved"),
    [
        (ExtensionKind.FROM_BID, 301, 0),
        (ExtensionKind.FROM_BID, 300, 0),
        (ExtensionKind.FROM_BID, 299, 1),
        (ExtensionKind.FROM_BID, 1, 299),
        (ExtensionKind.FROM_CLOSE, 301, 0),
        (ExtensionKind.FROM_CLOSE, 300, 300),
        (ExtensionKind.FROM_CLOSE, 1, 300),
    ],
)
def test_a_late_bid_moves_the_close_as_its_kind_says(kind: ExtensionKind, left: int, moved: int) -> None:
    lot = bidding.take(a_lot(extension=Extension(kind=kind)), an_offer(wan(200)), holder(8), CLOSE - timedelta(seconds=left))

    assert lot.closes_at == CLOSE + timedelta(seconds=moved)


def test_all_extensions_together_stay_under_the_cap() -> None:
    lot = a_lot(extension=Extension(cap=timedelta(seconds=400)))
    for step in range(5):
        lot = bidding.take(lot, an_offer(wan(200 + 10 * step)), holder(8 + step % 2), lot.closes_at - MICROSECOND)

    assert lot.closes_at == CLOSE + timedelta(seconds=400)


offers = st.lists(
    st.tuples(st.integers(1, 4), st.integers(150, 600), st.booleans(), st.integers(0, 4_500)), min_size=1, max_size=40
)


@given(offers, st.integers(1, 20), st.booleans(), st.sampled_from(ExtensionKind), st.integers(1, 3600), st.integers(1, 3600))
def test_whatever_is_offered_prices_rise_on_the_grid_and_the_close_never_comes_nearer(
    asked: list[tuple[int, int, bool, int]], max_steps: int, own: bool, kind: ExtensionKind, trigger: int, length: int
) -> None:
    extension = Extension(kind=kind, trigger=timedelta(seconds=trigger), length=timedelta(seconds=length))
    lot = a_lot(extension=extension, rules={"max_steps": max_steps, "raise_own_bid": own})
    taken: list[Lot] = [lot]
    for paddle, amount, confirmed, second in sorted(asked, key=lambda each: each[3]):
        at = TEN + timedelta(seconds=second)
        try:
            taken.append(bidding.take(taken[-1], an_offer(wan(amount), confirmed=confirmed), holder(paddle), at))
        except Refusal:
            continue
        assert at < taken[-2].closes_at
        assert taken[-1].closes_at - at >= min(timedelta(seconds=length), taken[-2].closes_at - at)

    bids = [each.standing for each in taken[1:]]
    assert all(each is not None and not (each.amount - wan(200)).minor % wan(10).minor for each in bids)
    for before, after in pairwise(taken):
        assert after.closes_at >= before.closes_at
        assert before.least_bid() <= after.standing.amount <= before.most_bid()  # type: ignore[union-attr]
    for one, next_one in pairwise(bids):
        assert one is not None
        assert next_one is not None
        assert one.amount < next_one.amount
        assert own or one.paddle != next_one.paddle
