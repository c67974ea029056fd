"""A result as its institute describes it, and the terms on which it is to be sold."""

from dataclasses import dataclass

from techauction.core.consigning import Instrument
from techauction.core.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """A result as its institute describes it."""

    title_zh: str
    title_en: str
    summary_zh: str
    summary_en: str
    field: str
    maturity: int
    instrument: Instrument
    owners: str
    rights: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """On which terms a result is to be sold. Prices may be missing until the round is published."""

    start: Money | None
    increment: Money | None
    reserve_announced: bool
