"""A notice in words, and how its facts are said."""

from collections.abc import Mapping
from dataclasses import dataclass

from techauction import wording
from techauction.core.money import Money
from techauction.core.names import Name

Facts = Mapping[str, int | str | None]


@dataclass(frozen=True, slots=True)
class Letter:
    """A notice in words."""

    subject: str
    body: str


def named(facts: Facts, name: str = "title") -> str:
    """Return a name that stands among the facts in two languages."""
    return wording.named(Name(str(facts[f"{name}_zh"] or ""), str(facts[f"{name}_en"] or "")))


def sum_of(facts: Facts, name: str) -> str:
    """Return a sum that stands among the facts."""
    fen = facts[name]
    assert isinstance(fen, int)
    return str(Money(fen))
