"""A notice in words, and how its facts are said."""

from collections.abc import Mapping
from dataclasses import dataclass

from flask_babel import get_locale

from techauction.core.money import Money

Facts = Mapping[str, int | str | None]


@dataclass(frozen=True, slots=True)
class Letter:
    """A notice in words."""

    subject: str
    body: str


def named(facts: Facts, name: str = "title") -> str:
    """Return a name that stands among the facts in two languages."""
    zh, en = str(facts[f"{name}_zh"] or ""), str(facts[f"{name}_en"] or "")
    locale = get_locale()
    chinese = locale is not None and locale.language == "zh"
    return (zh or en) if chinese else (en or zh)


def sum_of(facts: Facts, name: str) -> str:
    """Return a sum that stands among the facts."""
    fen = facts[name]
    assert isinstance(fen, int)
    return str(Money(fen))
