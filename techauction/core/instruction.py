"""Standing instructions (委托报价): up to which ceiling the house bids for a paddle, and what it bids next."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from techauction.core.bidding import LotClosed, must_be_eligible, must_not_be_over
from techauction.core.lot import Format, Lot, Stage
from techauction.core.money import Money
from techauction.core.offer import Eligibility
from techauction.core.refusal import Refusal

MOST_INCREMENTS = 1_000
"""No ceiling is further above the least bid than this when it is placed, so no duel takes longer."""


class InstructionNotHere(Refusal):
    """Instructions are for lots at which each bid is over the last."""

    code = "instruction_not_here"


class InstructionTooLow(Refusal):
    """The ceiling is under the least lawful bid, so nothing could be bid for it."""

    code = "instruction_too_low"

    def __init__(self, ceiling: Money, least: Money) -> None:
        super().__init__(ceiling=ceiling, least=least)


class InstructionTooFar(Refusal):
    """The ceiling is more increments away than an instruction may reach."""

    code = "instruction_too_far"

    def __init__(self, ceiling: Money, most: Money) -> None:
        super().__init__(ceiling=ceiling, most=most)


class InstructionOffGrid(Refusal):
    """The ceiling lies between two amounts that may be bid."""

    code = "instruction_off_grid"

    def __init__(self, ceiling: Money, below: Money, above: Money) -> None:
        super().__init__(ceiling=ceiling, below=below, above=above)


class NoInstruction(Refusal):
    """The bidder has no instruction at the lot."""

    code = "no_instruction"


@dataclass(frozen=True, slots=True)
class Instruction:
    """Up to which ceiling the house bids for a paddle."""

    paddle: int
    ceiling: Money


def place(lot: Lot, ceiling: Money, bidder: Eligibility, now: datetime) -> Instruction:
    """Return the instruction, which may be left from the lot's listing on until its close.

    :raises InstructionNotHere: not at a lot of this format
    :raises LotClosed, ReceivedInTime: the lot's close has come
    :raises NotAdmitted, PaddleVoided, DepositInsufficient: the bidder may not bid here
    :raises InstructionTooLow, InstructionTooFar, InstructionOffGrid: the ceiling is no good
    """
    if lot.format is not Format.ASCENDING:
        raise InstructionNotHere
    must_not_be_over(lot, now)
    if lot.stage is Stage.OPEN and now >= lot.closes_at:
        raise LotClosed(lot.closes_at)
    must_be_eligible(bidder)
    must_be_reachable(lot, ceiling)
    assert bidder.paddle is not None
    return Instruction(bidder.paddle, ceiling)


def must_be_reachable(lot: Lot, ceiling: Money) -> None:
    """Refuse a ceiling that steps of one increment from the least bid do not come to.

    :raises InstructionTooLow, InstructionTooFar, InstructionOffGrid: as they say
    """
    reached = lot.least_bid()
    if ceiling < reached:
        raise InstructionTooLow(ceiling, reached)
    for _ in range(MOST_INCREMENTS):
        if reached == ceiling:
            return
        above = reached + lot.ladder.at(reached)
        if above > ceiling:
            raise InstructionOffGrid(ceiling, reached, above)
        reached = above
    if reached != ceiling:
        raise InstructionTooFar(ceiling, reached)


def answer(lot: Lot, instructions: Sequence[Instruction]) -> tuple[int, Money] | None:
    """Return which paddle the house bids for now and how much, or nothing; `instructions` in the order of their placing.

    The strongest ceiling that does not lead bids the least lawful amount; of equal ceilings the earlier is the stronger.
    Against a leader who is stronger it bids only what the leader can still answer: a weaker one drives up, and never beats.
    Where the leader could not answer, it comes to that amount itself: equal ceilings end at the ceiling, with the earlier.
    """
    leader, least = None if lot.standing is None else lot.standing.paddle, lot.least_bid()
    strongest = sorted(instructions, key=lambda each: -each.ceiling.minor)
    best = next((each for each in strongest if each.paddle != leader and each.ceiling >= least), None)
    if best is None:
        return None
    leading = next((each for each in strongest[: strongest.index(best)] if each.paddle == leader), None)
    if leading is None:
        return best.paddle, least
    driven = _driving(lot, best.ceiling, leading.ceiling)
    return (leading.paddle, least) if driven is None else (best.paddle, driven)


def _driving(lot: Lot, ceiling: Money, leading: Money) -> Money | None:
    """Return what is bid against a leader who is stronger, or nothing where the leader could not answer it.

    Step by step the leader might come to stand one increment under its ceiling, out of the other's reach: then one increment
    more is bid, where one bid may rise so far.
    """
    least = lot.least_bid()
    reply = least + lot.ladder.at(least)
    if reply > leading:
        return None
    beyond = reply + lot.ladder.at(reply)
    if beyond <= min(ceiling, leading) and beyond + lot.ladder.at(beyond) > leading and lot.standing is not None:
        more = least + lot.increment()
        if lot.rules.max_steps > 1 and more + lot.ladder.at(more) <= leading:
            return more
    return least
