"""Medians of runs, with the least and the most; percentiles."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median


def percentile(ascending: Sequence[float], per_cent: float) -> float:
    """Return the value that so many per cent of the values, which ascend, do not exceed (nearest rank)."""
    assert ascending
    return ascending[max(math.ceil(len(ascending) * per_cent / 100), 1) - 1]


@dataclass(frozen=True, slots=True)
class Spread:
    """A figure over several runs."""

    median: float
    least: float
    most: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        """Return the spread of what the runs gave."""
        return cls(median(values), min(values), max(values))

    def said(self, places: int = 0) -> str:
        """Return `median (least to most)`."""
        return f"{self.median:,.{places}f} ({self.least:,.{places}f}–{self.most:,.{places}f})"
