"""Whether what somebody changes is still what they were shown: a mark for each value, compared under the lock."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from typing import Any

from techauction.core.money import Money
from techauction.core.refusal import Refusal

Marks = Mapping[str, str]
_LENGTH = 12


class ChangedMeanwhile(Refusal):
    """Another changed what is being changed; `names` are the values that are not what was shown any more."""

    code = "changed_meanwhile"

    def __init__(self, names: tuple[str, ...]) -> None:
        self.names = names
        super().__init__(names=", ".join(names))


def values_of(*said: Any) -> dict[str, object]:
    """Return the values of dataclasses by name; those of one within another have its name before theirs (`deposit_kind`)."""
    return {name: value for each in said for name, value in _values(each)}


def marks_of(values: Mapping[str, object]) -> Marks:
    """Return a mark for each value: alike values have the same."""
    return {name: hashlib.sha256(_plain(value).encode()).hexdigest()[:_LENGTH] for name, value in values.items()}


def written(marks: Marks) -> str:
    """Return the marks in one line, for a form to carry."""
    return " ".join(f"{name}={mark}" for name, mark in marks.items())


def read(text: str) -> Marks:
    """Return the marks that a form carried; what cannot be read marks nothing, and so agrees with nothing."""
    return dict(each.split("=", 1) for each in text.split() if "=" in each)


def must_be_as_seen(values: Mapping[str, object], seen: Marks) -> None:
    """Refuse a change of values that are not what was shown.

    :raises ChangedMeanwhile: with the names of those that differ
    """
    changed = tuple(name for name, mark in marks_of(values).items() if seen.get(name) != mark)
    if changed:
        raise ChangedMeanwhile(changed)


def _values(said: Any) -> Iterator[tuple[str, object]]:
    for field in fields(said):
        value = getattr(said, field.name)
        if is_dataclass(value) and not isinstance(value, Money):
            yield from ((f"{field.name}_{name}", inner) for name, inner in _values(value))
        else:
            yield field.name, value


def _plain(value: object) -> str:
    match value:
        case datetime():
            return value.astimezone(UTC).isoformat()
        case tuple() | frozenset():
            return "\n".join(sorted(map(str, value)))
        case _:
            return "" if value is None else str(value)
