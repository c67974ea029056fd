from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from techauction.core import bidding, rivalry
from techauction.core.increment import Ladder
from techauction.core.lot import Extension, Lot, Rules, Stage
from techauction.core.money import ZERO, Money
from techauction.core.offer import Eligibility, Offer
from techauction.core.rivalry import Temper
from tests.builders import OPENS, wan

RIVALS = (231, 247, 255, 266)
VISITOR = 260
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)


def a_lot(*, minutes: int = 10) -> Lot:
    closes_at = OPENS + MINUTE * minutes
    return Lot(
        stage=Stage.OPEN,
        start=wan(200),
        ladder=Ladder.flat(wan(10)),
        rules=Rules(extension=Extension(trigger=MINUTE, length=MINUTE)),
        opens_at=OPENS,
        closes_at=closes_at,
        scheduled_closes_at=closes_at,
    )


def a_temper(**said: object) -> Temper:
    usual = Temper(rivals=RIVALS, ceiling=wan(240), answers=3, pause=timedelta(seconds=20), late=False, next_at=OPENS + SECOND)
    return replace(usual, **said)  # type: ignore[arg-type]


def bid(lot: Lot, paddle: int, amount: Money, at: datetime) -> Lot:
    bidder = Eligibility(paddle=paddle, admitted=True, paddle_voided=False, deposit_held=ZERO, deposit_required=ZERO)
    return bidding.take(lot, Offer(amount, confirmed=True), bidder, at)


def a_sale(seen: Temper, *, seed: int, visitor: bool, until: timedelta = timedelta(minutes=30)) -> Iterator[Lot]:
    """Yield the lot after each second in which somebody bid; a visitor answers every rival at once."""
    lot, rnd, now = a_lot(), Random(seed), OPENS
    while now < OPENS + until:
        now += SECOND
        wish, seen = rivalry.look(lot, seen, now=now, rnd=rnd)
        if wish is not None:
            lot = bid(lot, wish.paddle, wish.amount, now)
            yield lot
            if visitor:
                now += SECOND
                lot = bid(lot, VISITOR, lot.least_bid(), now)
                yield lot


@given(seed=st.integers(0, 10_000))
def test_among_themselves_rivals_bid_lawfully_and_stop_at_their_ceiling(seed: int) -> None:
    bids = list(a_sale(a_temper(), seed=seed, visitor=False))

    assert bids
    assert all(lot.standing is not None and lot.standing.amount <= wan(240) for lot in bids)


@given(seed=st.integers(0, 10_000), answers=st.integers(1, 5))
def test_a_visitor_is_outbid_some_times_and_then_let_alone(seed: int, answers: int) -> None:
    bids = list(a_sale(a_temper(answers=answers), seed=seed, visitor=True))

    assert bids[-1].standing is not None
    assert bids[-1].standing.paddle == VISITOR
    assert len(bids) == 2 * (1 + answers)


@pytest.mark.parametrize("seed", range(20))
def test_a_visitor_is_answered_within_some_seconds(seed: int) -> None:
    lot = bid(a_lot(), VISITOR, wan(200), OPENS + SECOND)
    seen, rnd, now = a_temper(next_at=OPENS + MINUTE * 5), Random(seed), OPENS + SECOND
    wish = None

    while wish is None:
        now += SECOND
        wish, seen = rivalry.look(lot, seen, now=now, rnd=rnd)

    assert now <= OPENS + timedelta(seconds=13)


def test_one_waits_for_the_last_minute_so_that_a_visitor_sees_the_close_move() -> None:
    lot = bid(a_lot(), RIVALS[0], wan(200), OPENS + SECOND)
    seen = a_temper(late=True, next_at=OPENS + MINUTE * 60)
    now = lot.closes_at - timedelta(seconds=45)

    wish, after = rivalry.look(lot, seen, now=now, rnd=Random(1))

    assert wish is not None
    assert bid(lot, wish.paddle, wish.amount, now).closes_at > lot.closes_at
    assert after.late is False


@pytest.mark.parametrize("stage", [Stage.PAUSED, Stage.INTERRUPTED, Stage.ENDED])
def test_nobody_offers_on_a_lot_that_takes_no_offers(stage: Stage) -> None:
    seen = a_temper()

    assert rivalry.look(replace(a_lot(), stage=stage), seen, now=OPENS + MINUTE, rnd=Random(1)) == (None, seen)


def test_rivals_of_a_new_lot_are_some_of_those_that_there_are() -> None:
    seen = rivalry.temper(a_lot(), RIVALS, now=OPENS, rnd=Random(3))

    assert 2 <= len(seen.rivals) <= 4
    assert set(seen.rivals) <= set(RIVALS)
    assert seen.ceiling > wan(200)
    assert seen.next_at > OPENS
