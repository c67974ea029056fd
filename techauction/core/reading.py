"""Reading plain JSON strictly: every fault is noted under its path, and none stops the reading."""

import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final, TypeVar

from techauction.core import credit_code
from techauction.core.credit_code import CreditCodeUnchecked, CreditCodeWrong
from techauction.core.money import LARGEST_FEN, Money
from techauction.core.terms import LONGEST_SLUG, is_slug

E = TypeVar("E", bound=StrEnum)
V = TypeVar("V")

_MOST_NAMED = 20
_YEARS = range(1970, 3000)
"""Years that a round may be of; arithmetic with them never leaves the calendar."""


class _Required:
    """Marks a value that must be there."""


REQUIRED: Final = _Required()


MOST_TOLD = 100
"""So many faults are told; of the others, how many."""


@dataclass(slots=True)
class Faults:
    """What was found wrong: the first faults, each the path and what is wrong there, and how many more there are."""

    noted: list[tuple[str, str]] = field(default_factory=list)
    more: int = 0

    def note(self, path: str, what: str) -> None:
        """Keep a fault, or count it."""
        if len(self.noted) < MOST_TOLD:
            self.noted.append((path, what))
        else:
            self.more += 1

    def any_under(self, path: str) -> bool:
        """Return whether something below `path` is wrong."""
        return any(each == path or each.startswith(f"{path}.") for each, _what in self.noted)


class Part:
    """One JSON object, read name by name. What is missing or wrong is noted, and a harmless value stands in for it."""

    def __init__(self, plain: object, path: str, faults: Faults) -> None:
        self.path = path
        self._faults = faults
        self._said: Mapping[str, object] = {}
        self._asked: set[str] = set()
        if isinstance(plain, dict):
            self._said = plain
        else:
            faults.note(path or "$", "must be an object")

    def refuse_others(self) -> None:
        """Note the names that nobody asked for; to be called when everything was read."""
        for name in self._said:
            if name not in self._asked:
                self.note(str(name)[:64], "is not known here")

    def at(self, name: str) -> str:
        """Return the path of a name of this object."""
        return f"{self.path}.{name}" if self.path else name

    def note(self, name: str, what: str) -> None:
        """Keep a fault of one name."""
        self._faults.note(self.at(name), what)

    def has(self, name: str) -> bool:
        """Return whether the name was said, and not as null."""
        self._asked.add(name)
        return self._said.get(name) is not None

    def value(self, name: str) -> object:
        """Return what was said as it stands, or nothing."""
        self._asked.add(name)
        return self._said.get(name)

    def text(self, name: str, default: str | _Required = REQUIRED, *, most: int = 200, lines: bool = False) -> str:
        """Return a text without control signs (line breaks only where `lines`)."""
        if not self.has(name):
            return self._missing(name, default, "")
        plain = self._said[name]
        if not isinstance(plain, str):
            return self._fault(name, "must be a text", "")
        plain = plain.strip()
        if not plain and isinstance(default, _Required):
            return self._fault(name, "must not be empty", "")
        if len(plain) > most:
            return self._fault(name, f"must have at most {most} characters", "")
        signs = set(plain) - {"\n"} if lines else set(plain)
        if any(unicodedata.category(sign) in ("Cc", "Cf", "Cs") for sign in signs):
            return self._fault(name, "must have no control characters", "")
        return plain

    def whole(self, name: str, default: int | _Required = REQUIRED, *, least: int = 0, most: int = 10_000) -> int:
        """Return a whole number; true, false and 1.0 are none."""
        if not self.has(name):
            return self._missing(name, default, least)
        return self._number(name, "must be a whole number", least, most)

    def money(self, name: str, *, least: int = 1) -> Money:
        """Return a sum that must be there, in whole fen."""
        if not self.has(name):
            return Money(self._missing(name, REQUIRED, least))
        return Money(self._number(name, "must be a whole number of fen", least, LARGEST_FEN))

    def money_or_none(self, name: str, *, least: int = 1) -> Money | None:
        """Return a sum in whole fen, or nothing where none was said."""
        return self.money(name, least=least) if self.has(name) else None

    def flag(self, name: str, *, default: bool) -> bool:
        """Return true or false."""
        if not self.has(name):
            return default
        plain = self._said[name]
        return plain if isinstance(plain, bool) else self._fault(name, "must be true or false", default)

    def instant(self, name: str) -> datetime | None:
        """Return an instant in UTC, or nothing where none was said or it cannot be read."""
        if not self.has(name):
            return None
        plain = self._said[name]
        if not isinstance(plain, str):
            return self._fault(name, "must be an instant in ISO 8601", None)
        try:
            read = datetime.fromisoformat(plain)
            if read.tzinfo is None:
                return self._fault(name, "must name its offset from UTC, as in 2026-11-02T10:00:00+08:00", None)
        except ValueError:
            return self._fault(name, "must be an instant in ISO 8601, as in 2026-11-02T10:00:00+08:00", None)
        if read.year not in _YEARS:
            return self._fault(name, f"must be of the years {_YEARS[0]} to {_YEARS[-1]}", None)
        return read.astimezone(UTC)

    def one_of(self, name: str, kind: type[E], default: E | None = None) -> E:
        """Return a member of an enumeration, by its value."""
        members = [member.value for member in kind]
        said = self.known(name, members, REQUIRED if default is None else default.value)
        return kind(said) if said in members else next(iter(kind))

    def known(self, name: str, allowed: Collection[str], default: str | _Required = REQUIRED) -> str:
        """Return a text that is one of those allowed."""
        if not self.has(name):
            return self._missing(name, default, "")
        plain = self._said[name]
        if isinstance(plain, str) and plain in allowed:
            return plain
        return self._fault(name, f"must be one of {', '.join(sorted(allowed)[:_MOST_NAMED])}", "")

    def slug(self, name: str) -> str:
        """Return a name for addresses: small letters, digits and single hyphens."""
        plain = self.text(name, most=LONGEST_SLUG)
        if plain and not is_slug(plain):
            return self._fault(name, "must be small letters, digits and single hyphens", "")
        return plain

    def credit_code(self, name: str, *, unchecked: bool = False) -> str:
        """Return a unified social credit code (统一社会信用代码), as it is kept; `unchecked`: its last sign need not check."""
        plain = self.text(name, most=18)
        if not plain:
            return plain
        try:
            read = credit_code.read(plain, unchecked=unchecked)
        except CreditCodeUnchecked:
            return self._fault(name, "must end with the sign that checks it, unless its market accepts it (code_accepted)", "")
        except CreditCodeWrong:
            return self._fault(name, "must be 18 digits and capital letters without I, O, S, V and Z", "")
        return (
            read if read == plain else self._fault(name, "must be 18 digits and capital letters without I, O, S, V and Z", "")
        )

    def each(self, name: str, *, most: int, required: bool = False) -> list["Part"]:
        """Return the objects of a list; of one that is too long, none."""
        plain = self.value(name)
        if plain is None:
            if required:
                self.note(name, "is missing")
            return []
        if not isinstance(plain, list):
            self.note(name, "must be a list")
            return []
        if len(plain) > most:
            self.note(name, f"must have at most {most} entries, not {len(plain)}")
            return []
        return [Part(each, f"{self.at(name)}[{place}]", self._faults) for place, each in enumerate(plain)]

    def part(self, name: str) -> "Part":
        """Return an object that must be there."""
        return Part(self.value(name), self.at(name), self._faults)

    def _number(self, name: str, what: str, least: int, most: int) -> int:
        plain = self._said[name]
        if not isinstance(plain, int) or isinstance(plain, bool):
            return self._fault(name, what, least)
        if not least <= plain <= most:
            return self._fault(name, f"must be from {least} to {most}", least)
        return plain

    def _missing(self, name: str, default: V | _Required, stand_in: V) -> V:
        return self._fault(name, "is missing", stand_in) if isinstance(default, _Required) else default

    def _fault(self, name: str, what: str, stand_in: V) -> V:
        self.note(name, what)
        return stand_in
