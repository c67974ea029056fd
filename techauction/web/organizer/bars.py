"""A bar chart as the server draws it: how long each bar is, in thousandths of the longest."""

from collections.abc import Sequence
from dataclasses import dataclass

from techauction.core.money import Money
from techauction.core.names import Name
from techauction.core.value_added import ValueAdded
from techauction.reports.value_added import Group

FULL = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Bars:
    """The two bars of a group: the start prices of the lots it sold, and their hammer prices."""

    name: Name
    sums: ValueAdded
    start: int
    hammer: int


def draw(groups: Sequence[Group]) -> tuple[Bars, ...]:
    """Return the bars of the groups, all on one scale."""
    longest = max((max(group.sums.hammer, group.sums.sold_start) for group in groups), default=Money(0))
    return tuple(
        Bars(
            name=group.name,
            sums=group.sums,
            start=_length(group.sums.sold_start, longest),
            hammer=_length(group.sums.hammer, longest),
        )
        for group in groups
    )


def _length(amount: Money, longest: Money) -> int:
    return amount.minor * FULL // longest.minor if longest.minor else 0
