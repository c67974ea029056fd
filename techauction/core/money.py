"""Exact sums of money, and how they are written."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

FEN_PER_YUAN = 100
FEN_PER_WAN = 1_000_000
LARGEST_FEN = 10**15
"""The largest sum accepted anywhere: ten trillion yuan."""


@dataclass(frozen=True, order=True, slots=True)
class Money:
    """An exact sum, counted in the minor unit (fen). Never a float."""

    minor: int

    def __add__(self, other: "Money") -> "Money":
        return Money(self.minor + other.minor)

    def __sub__(self, other: "Money") -> "Money":
        return Money(self.minor - other.minor)

    def __str__(self) -> str:
        return f"¥{self.in_yuan()}"

    def times(self, count: int) -> "Money":
        """Return the sum taken `count` times."""
        return Money(self.minor * count)

    def share(self, basis_points: int) -> "Money":
        """Return the share of `basis_points` / 10,000, rounded half-up to the fen. Only for sums that are not negative."""
        assert self.minor >= 0
        assert basis_points >= 0
        return Money((self.minor * basis_points * 2 + 10_000) // 20_000)

    def in_yuan(self) -> str:
        """Return yuan with thousands separators; fen only where there are any (`2,000,000`, `0.05`)."""
        yuan, fen = divmod(abs(self.minor), FEN_PER_YUAN)
        sign = "-" if self.minor < 0 else ""
        return f"{sign}{yuan:,}.{fen:02d}" if fen else f"{sign}{yuan:,}"

    def in_wan(self) -> str:
        """Return exact 万元 without trailing zeros (`1204.58`, `200`)."""
        wan, rest = divmod(abs(self.minor), FEN_PER_WAN)
        sign = "-" if self.minor < 0 else ""
        return f"{sign}{wan}.{rest:06d}".rstrip("0").rstrip(".") if rest else f"{sign}{wan}"


ZERO = Money(0)


def total(sums: Iterable[Money]) -> Money:
    """Return the sums added up; nothing is zero."""
    return Money(sum(each.minor for each in sums))


def split(whole: Money, weights: Sequence[int]) -> list[Money]:
    """Return shares of `whole` in proportion to `weights` that add up to it exactly (largest remainder, ties to the first).

    `weights` are whole numbers, none negative, at least one positive.
    """
    weight = sum(weights)
    assert weight > 0
    assert min(weights) >= 0
    assert whole.minor >= 0
    shares = [whole.minor * each // weight for each in weights]
    by_remainder = sorted(range(len(weights)), key=lambda place: (-(whole.minor * weights[place] % weight), place))
    for place in by_remainder[: whole.minor - sum(shares)]:
        shares[place] += 1
    return [Money(share) for share in shares]


def rate(gained: Money, base: Money) -> str:
    """Return `gained` as a percentage of `base`, half-up at two places; "0.00" where there is no base."""
    if not base.minor:
        return "0.00"
    hundredths = (abs(gained.minor) * 20_000 + base.minor) // (2 * base.minor)
    sign = "-" if gained.minor < 0 and hundredths else ""
    return f"{sign}{hundredths // 100}.{hundredths % 100:02d}"
