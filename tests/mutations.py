"""Ways to change a database behind the product's back, made from its tables: a column that is added is changed by itself."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Column, Enum, Table, delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from sqlalchemy.sql.base import Executable

from techauction.core.money import Money
from techauction.reports.damage import tables_of
from techauction.store.base import Instant, MoneyColumn

Kept = dict[str, Any]


@dataclass(frozen=True)
class Mutation:
    """A change to one row, or to two. `of` is what it changes: `table.column`, `table deleted`; `row`, how that was."""

    of: str
    row: Kept
    said: str
    statements: Sequence[Executable]

    def do(self, session: Session) -> bool:
        """Make the change; return whether the database let it."""
        try:
            for statement in self.statements:
                session.execute(statement)
        except IntegrityError:
            return False
        return True


def mutations(session: Session, round_id: int) -> Iterator[Mutation]:
    """Yield changes to each kind of row of the round, and to each of its columns."""
    for table, its in tables_of(round_id):
        rows: list[Kept] = [dict(row) for row in session.execute(select(table).where(its)).mappings()]
        for row in _kinds(rows):
            yield from _of_row(table, row, rows)


def _kinds(rows: list[Kept]) -> list[Kept]:
    """Return one row of each kind: by what is said by an enumeration, what is yes or no, and what stands empty."""
    return list({tuple(_kind(value) for value in row.values()): row for row in rows}.values())


def _kind(value: object) -> object:
    return value if isinstance(value, StrEnum | bool) else value is None


def _of_row(table: Table, row: Kept, rows: list[Kept]) -> Iterator[Mutation]:
    this = _this(table, row)
    yield Mutation(f"{table.name} deleted", row, f"{_named(table, row)} deleted", [delete(table).where(this)])
    if "id" in table.c:
        again = {name: value for name, value in row.items() if name != "id"}
        yield Mutation(f"{table.name} doubled", row, f"{_named(table, row)} doubled", [insert(table).values(again)])
    for column in table.c:
        if column.primary_key and column.name in ("id", "key"):
            continue
        name, kept = column.name, row[column.name]
        for value in _otherwise(column, kept, rows):
            said = f"{_named(table, row)} {name}: {kept!r} → {value!r}"
            yield Mutation(f"{table.name}.{name}", row, said, [update(table).where(this).values({name: value})])
        yield from _swapped(table, column, row, rows)


def _swapped(table: Table, column: Column[Any], row: Kept, rows: list[Kept]) -> Iterator[Mutation]:
    name = column.name
    other = next((each for each in rows if each[name] != row[name]), None)
    if other is None or column.primary_key:
        return
    said = f"{_named(table, row)} {name} swapped with another's"
    mine, its = update(table).where(_this(table, row)), update(table).where(_this(table, other))
    yield Mutation(f"{table.name}.{name} swapped", row, said, [mine.values({name: other[name]}), its.values({name: row[name]})])


def _otherwise(column: Column[Any], kept: Any, rows: list[Kept]) -> Iterator[Any]:
    """Yield other values that the column could hold; for one that refers to another row, that of another."""
    if kept is not None and column.nullable:
        yield None
    kind = column.type
    if column.foreign_keys:
        yield next((row[column.name] for row in rows if row[column.name] not in (kept, None)), "elsewhere")
    elif isinstance(kind, Enum):
        yield next(each for each in kind.enum_class or () if each is not kept)
    else:
        yield _beside(_python(kind) if kept is None else type(kept), kept)


def _python(kind: Any) -> type:
    """Return the type of a column's values; the columns of our own do not say it."""
    return {MoneyColumn: Money, Instant: datetime, JSON: dict}.get(type(kind)) or kind.python_type


def _beside(kind: type, kept: Any) -> Any:
    """Return another value of the type than the one kept, which may be none."""
    if issubclass(kind, str):
        return ("0" if not str(kept or "").startswith("0") else "1") + str(kept or "")[1:]
    first, step = _STEPS[kind]
    return step(first if kept is None else kept)


_STEPS: dict[type, tuple[Any, Callable[[Any], Any]]] = {
    bool: (False, lambda kept: not kept),
    int: (0, lambda kept: kept + 1),
    Money: (Money(0), lambda kept: kept + Money(1)),
    datetime: (datetime.fromisoformat("2026-11-02T03:00:00+00:00"), lambda kept: kept + timedelta(microseconds=1)),
    date: (date.fromisoformat("2026-11-02"), lambda kept: kept + timedelta(days=1)),
    dict: ({}, lambda kept: {**kept, "said": "otherwise"}),
    list: ([], lambda kept: [*kept, 7]),
}


def _this(table: Table, row: Kept) -> Any:
    first, *rest = [column == row[column.name] for column in table.primary_key.columns]
    for each in rest:
        first &= each
    return first


def _named(table: Table, row: Kept) -> str:
    return f"{table.name} {'-'.join(str(row[column.name]) for column in table.primary_key.columns)}"
