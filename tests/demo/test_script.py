from datetime import timedelta
from itertools import chain, pairwise

from hypothesis import given
from hypothesis import strategies as st

from techauction.core import bidding
from techauction.core.increment import Ladder
from techauction.core.lot import Extension, Lot, Rules, Stage
from techauction.core.money import ZERO
from techauction.core.offer import Eligibility, Offer
from techauction.core.refusal import Refusal
from techauction.demo import script
from techauction.demo.data import Aim
from techauction.demo.script import Cue, Part
from tests.builders import CLOSES, OPENS, wan

PADDLES = tuple(range(201, 212))
STRANGER = 290


def a_part(*, steps: int = 12, paddle: int | None = None, number: int = 1) -> Part:
    minute = timedelta(minutes=2)
    lot = Lot(
        stage=Stage.OPEN,
        start=wan(200),
        ladder=Ladder.flat(wan(10)),
        rules=Rules(extension=Extension(trigger=minute, length=minute)),
        opens_at=OPENS,
        closes_at=CLOSES,
        scheduled_closes_at=CLOSES,
    )
    aim = Aim(price=wan(200 + 10 * steps), paddle=paddle)
    return Part(number=number, lot=lot, admitted=PADDLES, stranger=STRANGER, aim=aim)


def a_bidder(paddle: int) -> Eligibility:
    return Eligibility(paddle=paddle, admitted=paddle in PADDLES, paddle_voided=False, deposit_held=ZERO, deposit_required=ZERO)


def answered(lot: Lot, cue: Cue) -> tuple[Lot, str | None]:
    try:
        return bidding.take(lot, Offer(cue.amount), a_bidder(cue.paddle), cue.at), None
    except Refusal as refusal:
        return lot, refusal.code


def bids(cues: list[Cue]) -> list[Cue]:
    return [cue for cue in cues if cue.refused is None]


@given(seed=st.integers(0, 10_000), steps=st.integers(3, 60))
def test_the_rules_take_every_bid_and_refuse_every_mistake_as_written(seed: int, steps: int) -> None:
    part = a_part(steps=steps)
    lot = part.lot

    for cue in script.write([part], seed=seed):
        lot, code = answered(lot, cue)
        assert code == cue.refused

    assert lot.standing is not None
    assert lot.standing.amount == part.aim.price


@given(seed=st.integers(0, 10_000), steps=st.integers(3, 60))
def test_a_lot_gets_from_three_to_thirty_bids_and_the_same_paddle_never_twice_in_turn(seed: int, steps: int) -> None:
    written = bids(script.write([a_part(steps=steps)], seed=seed))

    assert 2 <= len(written) <= 31
    assert all(one.paddle != other.paddle and one.at <= other.at for one, other in pairwise(written))


@given(seed=st.integers(0, 10_000))
def test_the_paddle_aimed_at_makes_the_last_bid(seed: int) -> None:
    written = bids(script.write([a_part(paddle=205)], seed=seed))

    assert (written[-1].paddle, written[-1].amount) == (205, wan(320))


def test_the_same_play_is_written_every_time() -> None:
    parts = [a_part(number=1), a_part(number=2, steps=5)]

    assert script.write(parts, seed=7) == script.write(parts, seed=7)
    assert script.write(parts, seed=7) != script.write(parts, seed=8)


def test_offers_on_several_lots_are_given_at_one_instant() -> None:
    cues = script.write([a_part(number=number) for number in range(1, 31)], seed=7)

    beats = script.by_beat(cues)

    assert list(chain.from_iterable(beats.values())) == cues
    assert len(beats) < len(cues) / 3
