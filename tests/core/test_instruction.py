from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from techauction.core import bidding, instruction
from techauction.core.ascending import OwnBidStands
from techauction.core.increment import Ladder
from techauction.core.instruction import Instruction
from techauction.core.lot import Bid, Format, Lot, Stage
from techauction.core.money import ZERO, Money
from techauction.core.offer import Offer
from techauction.core.refusal import Refusal
from tests.conftest import TEN
from tests.core.lots import CLOSE, a_bid, a_lot, holder, wan


def left(*ceilings: tuple[int, int]) -> list[Instruction]:
    """Return instructions in the order of their placing: (paddle, ceiling)."""
    return [Instruction(paddle, wan(ceiling)) for paddle, ceiling in ceilings]


def duel(lot: Lot, instructions: list[Instruction]) -> list[tuple[int, int]]:
    """Return what is bid until nobody answers any more: (paddle, 万元)."""
    bids = []
    while (called := instruction.answer(lot, instructions)) is not None:
        paddle, amount = called
        lot = bidding.take(lot, Offer(amount, confirmed=True, defending=True), holder(paddle), TEN)
        bids.append((paddle, amount.minor // 1_000_000))
    return bids


def standing(paddle: int, amount: int) -> Lot:
    return a_lot(standing=a_bid(paddle, wan(amount)))


def test_an_instruction_bids_the_least_lawful_amount() -> None:
    assert duel(standing(1, 230), left((2, 300))) == [(2, 240)]


def test_before_any_bid_it_bids_the_start_price() -> None:
    assert duel(a_lot(), left((2, 300))) == [(2, 200)]


def test_it_does_not_bid_over_its_ceiling() -> None:
    assert duel(standing(1, 300), left((2, 300))) == []


def test_it_does_not_bid_against_itself() -> None:
    lot = a_lot(standing=a_bid(2, wan(230)), rules={"raise_own_bid": True})

    assert duel(lot, left((2, 300))) == []


def test_of_two_ceilings_the_higher_wins_at_the_lower_or_one_step_over_it() -> None:
    assert duel(a_lot(), left((1, 240), (2, 300)))[-1] == (2, 240)
    assert duel(a_lot(), left((1, 250), (2, 300)))[-1] == (2, 260)


@pytest.mark.parametrize("price", [200, 210])
def test_of_two_equal_ceilings_the_earlier_wins_at_the_ceiling_whoever_bids_first(price: int) -> None:
    assert duel(standing(9, price), left((1, 300), (2, 300)))[-1] == (1, 300)
    assert duel(standing(2, price), left((1, 300), (2, 300)))[-1] == (1, 300)
    assert duel(standing(1, price), left((1, 300), (2, 300)))[-1] == (1, 300)


def test_where_one_bid_may_rise_by_one_step_only_the_earlier_wins_at_the_ceiling_too() -> None:
    lot = a_lot(standing=a_bid(1, wan(210)), rules={"max_steps": 1})

    assert duel(lot, left((1, 300), (2, 300)))[-2:] == [(1, 290), (1, 300)]


def test_one_step_under_its_ceiling_the_earlier_comes_to_it_against_an_equal_one() -> None:
    assert duel(standing(1, 290), left((1, 300), (2, 300))) == [(1, 300)]
    assert duel(standing(1, 290), left((1, 300), (2, 290))) == []
    assert duel(standing(1, 290), left((1, 320), (2, 300))) == [(2, 300), (1, 310)]


@pytest.mark.parametrize("amount", [310, 320])
def test_a_leader_defends_its_lead_by_its_instruction_and_by_one_step_only(amount: int) -> None:
    with pytest.raises(OwnBidStands):
        bidding.take(standing(1, 290), Offer(wan(amount), defending=amount > 300), holder(1), TEN)
    with pytest.raises(OwnBidStands):
        bidding.take(standing(1, 290), Offer(wan(300)), holder(1), TEN)


def test_a_ladder_is_climbed_as_it_stands() -> None:
    lot = a_lot(ladder=Ladder(((ZERO, wan(10)), (wan(220), wan(50)))))

    assert duel(lot, left((1, 320), (2, 270)))[-1] == (1, 320)


ceilings = st.lists(st.tuples(st.integers(1, 5), st.integers(0, 30)), max_size=5, unique_by=lambda each: each[0])


@given(ceilings, st.integers(0, 5), st.integers(0, 12), st.integers(1, 4), st.sampled_from([None, 3, 7]))
def test_whatever_was_left_no_ceiling_is_passed_and_the_strongest_leads(
    steps: list[tuple[int, int]], leader: int, risen: int, max_steps: int, turn: int | None
) -> None:
    instructions = [Instruction(paddle, Money(100 + 10 * step)) for paddle, step in steps]
    rungs = ((ZERO, Money(10)),) if turn is None else ((ZERO, Money(10)), (Money(100 + 10 * turn), Money(30)))
    first = None if not leader else Bid(leader, Money(100 + 10 * risen), TEN)
    lot = a_lot(start=Money(100), ladder=Ladder(rungs), standing=first, rules={"max_steps": max_steps, "collar": 0})
    ceiling = {each.paddle: each.ceiling for each in instructions}
    bids: list[Bid] = []
    while (called := instruction.answer(lot, instructions)) is not None:
        lot = bidding.take(lot, Offer(called[1], defending=True), holder(called[0]), TEN)
        assert lot.standing is not None
        assert lot.standing.amount <= ceiling[called[0]]
        bids.append(lot.standing)
        assert len(bids) < 100

    strongest = max(instructions, key=lambda each: each.ceiling.minor, default=None)
    if bids and strongest is not None:
        assert bids[-1].paddle == strongest.paddle


@given(st.integers(0, 5), st.integers(0, 30), st.integers(0, 30), st.integers(1, 4), st.booleans())
def test_equal_ceilings_end_at_the_ceiling_with_the_earlier(
    leader: int, risen: int, steps: int, max_steps: int, raise_own: bool
) -> None:
    ceiling = Money(100 + 10 * max(risen, steps))
    instructions = [Instruction(1, ceiling), Instruction(2, ceiling)]
    first = None if not leader else Bid(leader, Money(100 + 10 * min(risen, steps)), TEN)
    lot = a_lot(start=Money(100), ladder=Ladder.flat(Money(10)), standing=first, rules={"max_steps": max_steps, "collar": 0})
    lot = replace(lot, rules=replace(lot.rules, raise_own_bid=raise_own))
    while (called := instruction.answer(lot, instructions)) is not None:
        lot = bidding.take(lot, Offer(called[1], defending=True), holder(called[0]), TEN)

    reached = first is not None and first.amount == ceiling
    assert lot.standing is not None
    assert (lot.standing.paddle, lot.standing.amount) == (leader if reached else 1, ceiling)


def place(lot: Lot, ceiling: Money, *, at: Any = TEN, **bidder: Any) -> Instruction:
    return instruction.place(lot, ceiling, holder(8, **bidder), at)


@pytest.mark.parametrize(
    ("lot", "ceiling", "bidder", "code"),
    [
        (standing(7, 230), wan(239), {}, "instruction_too_low"),
        (standing(7, 230), wan(245), {}, "instruction_off_grid"),
        (standing(7, 230), wan(240 + 10 * 1_001), {}, "instruction_too_far"),
        (a_lot(stage=Stage.ENDED), wan(300), {}, "closed"),
        (a_lot(format=Format.SEALED), wan(300), {}, "instruction_not_here"),
        (a_lot(), wan(300), {"paddle_voided": True}, "paddle_voided"),
        (a_lot(), wan(300), {"admitted": False}, "not_admitted"),
        (a_lot(), wan(300), {"deposit_required": Money(1)}, "deposit_insufficient"),
    ],
)
def test_an_instruction_that_may_not_be_left_is_refused(lot: Lot, ceiling: Money, bidder: dict[str, Any], code: str) -> None:
    with pytest.raises(Refusal) as refused:
        place(lot, ceiling, **bidder)

    assert refused.value.code == code


def test_an_instruction_comes_too_late_at_the_close() -> None:
    with pytest.raises(bidding.LotClosed):
        place(a_lot(), wan(300), at=CLOSE)
    assert place(a_lot(), wan(300), at=CLOSE - timedelta(microseconds=1)) == Instruction(8, wan(300))


@pytest.mark.parametrize("stage", [Stage.LISTED, Stage.OPEN, Stage.PAUSED, Stage.INTERRUPTED])
def test_an_instruction_may_be_left_from_the_listing_on(stage: Stage) -> None:
    assert place(a_lot(stage=stage), wan(300)) == Instruction(8, wan(300))


def test_a_ceiling_reaches_a_thousand_increments_over_the_least_bid() -> None:
    furthest = wan(200) + wan(10).times(instruction.MOST_INCREMENTS)

    assert place(a_lot(), furthest).ceiling == furthest


def test_a_ceiling_between_two_steps_is_told_of_both() -> None:
    with pytest.raises(instruction.InstructionOffGrid) as refused:
        place(standing(7, 230), wan(255))

    assert refused.value.facts == {"ceiling": wan(255), "below": wan(250), "above": wan(260)}
