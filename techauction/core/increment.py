"""The steps in which a price may rise."""

from dataclasses import dataclass
from functools import lru_cache

from techauction.core.money import Money


@dataclass(frozen=True, slots=True)
class Ladder:
    """Increments by the standing price: from each price on (inclusive), its increment. The first rung starts at zero."""

    rungs: tuple[tuple[Money, Money], ...]

    def __post_init__(self) -> None:
        assert self.rungs
        assert self.rungs[0][0] == Money(0)
        assert all(lower[0] < upper[0] for lower, upper in zip(self.rungs, self.rungs[1:], strict=False))
        assert all(increment > Money(0) for _, increment in self.rungs)

    @classmethod
    @lru_cache
    def flat(cls, increment: Money) -> "Ladder":
        """Return the ladder with one increment at every price."""
        return cls(((Money(0), increment),))

    def at(self, price: Money) -> Money:
        """Return the increment that holds at `price`."""
        if len(self.rungs) == 1:  # a bid waits for it, and asks more than once
            return self.rungs[0][1]
        return next(increment for start, increment in reversed(self.rungs) if start <= price)

    def as_json(self) -> list[list[int]]:
        """Return the rungs as `[[from_fen, increment_fen], …]`."""
        return [[start.minor, increment.minor] for start, increment in self.rungs]

    @classmethod
    def from_json(cls, plain: list[list[int]]) -> "Ladder":
        """Return the ladder that `as_json` described."""
        return cls(tuple((Money(start), Money(increment)) for start, increment in plain))


_FEWEST_STEPS, _MOST_STEPS = 1, 1_000
"""Into so many increments a start price usually divides."""


def usual(start: Money) -> Money:
    """Return an increment that suits a start price: a twentieth, rounded down to 1, 2 or 5 with zeros; one yuan at least."""
    twentieth = max(start.minor // 20, 100)
    power = 10 ** (len(str(twentieth)) - 1)
    return Money(max(digit * power for digit in (1, 2, 5) if digit * power <= twentieth))


def is_odd(increment: Money, start: Money) -> bool:
    """Return whether an increment is so small or large beside the start price that it may be a slip of the pen."""
    return not start.minor <= increment.minor * _MOST_STEPS or increment.minor * _FEWEST_STEPS > max(start.minor, 100)
