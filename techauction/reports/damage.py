"""Where rows of a round cannot be read: values that this product cannot have written. Looked for only when something failed."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, Boolean, Column, ColumnElement, Date, Enum, Integer, Select, String, Table, and_, or_, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from techauction.core.money import Money
from techauction.core.violation import UNREADABLE, Fault, Violation
from techauction.store.base import Instant, MoneyColumn, Row

FAILS = (*UNREADABLE, OperationalError)
"""What reading a damaged value raises: SQLite's driver has an error of its own for text that is none."""
_AT_ONCE = 500
_LISTS = frozenset({"bidders", "ladder"})
_BESIDE = {"results": ("lots", "result_id"), "organisations": ("paddles", "organisation_id")}
"""Tables that know no round: which of its rows refer to theirs."""


def damaged(session: Session, slug: str, round_id: int) -> list[Violation]:
    """Return a violation for each value of the round's rows that is not what its column holds."""
    its_lots = select(_column("lots", "id"), _column("lots", "number")).where(_column("lots", "round_id") == round_id)
    numbers = {row[0]: row[1] for row in session.execute(its_lots)}
    return [each for table, its in tables_of(round_id) for each in _in_table(session, slug, table, its, numbers)]


def tables_of(round_id: int) -> Iterator[tuple[Table, ColumnElement[bool]]]:
    """Yield the tables that have rows of the round, and which those are; a table that is added is among them by itself."""
    rounds = {"rounds": _column("rounds", "id") == round_id}
    for through, name in (("lots", "lot_id"), ("paddles", "paddle_id")):
        rounds[through] = _column(through, "round_id") == round_id
        its = select(_column(through, "id")).where(rounds[through])
        rounds |= {table.name: table.c[name].in_(its) for table in Row.metadata.sorted_tables if name in table.c}
    rounds |= {table.name: table.c.round_id == round_id for table in Row.metadata.sorted_tables if "round_id" in table.c}
    for table_name, (through, name) in _BESIDE.items():
        its = select(_column(through, name)).where(rounds[through])
        rounds[table_name] = _column(table_name, "id").in_(its)
    institutes = select(_column("results", "institute_id")).where(rounds["results"])
    rounds["organisations"] |= _column("organisations", "id").in_(institutes)
    rounds["notices"] = _column("notices", "what") == "round_closed"
    for table in Row.metadata.sorted_tables:
        if table.name in rounds:
            yield table, rounds[table.name]


def _in_table(
    session: Session, slug: str, table: Table, its: ColumnElement[bool], numbers: dict[Any, Any]
) -> Iterator[Violation]:
    keys = [tuple(key) for key in session.execute(select(*table.primary_key.columns).where(its))]
    for place in range(0, len(keys), _AT_ONCE):
        for key in _damaged_keys(session, table, keys[place : place + _AT_ONCE]):
            yield from _in_row(session, slug, table, key, numbers)


def _damaged_keys(session: Session, table: Table, keys: Sequence[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Return those of the keys whose rows have a value that cannot be read, by halves."""
    if _can_be_read(session, select(table).where(_any_of(table, keys)), table.c.values()):
        return []
    if len(keys) == 1:
        return list(keys)
    middle = len(keys) // 2
    return _damaged_keys(session, table, keys[:middle]) + _damaged_keys(session, table, keys[middle:])


def _in_row(session: Session, slug: str, table: Table, key: tuple[Any, ...], numbers: dict[Any, Any]) -> Iterator[Violation]:
    this = _any_of(table, [key])
    names = ("id",) if table.name == "lots" else ("lot_id", "case_id")
    whose = next((name for name in names if name in table.c), None)
    lot = None if whose is None else numbers.get(_read(session, select(table.c[whose]).where(this)))
    seq = _read(session, select(table.c.seq).where(this)) if table.name == "record" else None
    for column in table.c:
        if not _can_be_read(session, select(column).where(this), [column]):
            said = f"{table.name} {'-'.join(map(str, key))}: {column.name} is nothing that can stand there"
            of = slug if lot is None else f"{slug}/{lot}"
            yield Violation(Fault.UNREADABLE, of, seq if isinstance(seq, int) else None, said)


def _read(session: Session, wanted: Select[tuple[Any]]) -> object:
    """Return what stands there; nothing where it cannot be read."""
    with suppress(*FAILS):
        return session.scalar(wanted)
    return None


def _can_be_read(session: Session, wanted: Select[*tuple[Any, ...]], columns: Sequence[Column[Any]]) -> bool:
    try:
        rows = session.execute(wanted).all()
    except FAILS:
        return False
    return all(_may_hold(column, value) for row in rows for column, value in zip(columns, row, strict=True))


def _may_hold(column: Column[Any], value: object) -> bool:
    """Return whether the value is of the column's type."""
    if value is None:
        return bool(column.nullable)
    kind = column.type
    if isinstance(kind, MoneyColumn):
        return isinstance(value, Money) and type(value.minor) is int
    if isinstance(kind, JSON):
        return isinstance(value, list if column.name in _LISTS else dict)
    for of, python in _PYTHON:
        if isinstance(kind, of):
            return type(value) is python if python is int else isinstance(value, python)
    return True


_PYTHON: tuple[tuple[Any, type], ...] = (
    (Instant, datetime),
    (Boolean, bool),
    (Integer, int),
    (Enum, str),
    (String, str),
    (Date, date),
)


def _any_of(table: Table, keys: Sequence[tuple[Any, ...]]) -> ColumnElement[bool]:
    columns = table.primary_key.columns.values()
    if len(columns) == 1:
        return columns[0].in_([key[0] for key in keys])
    return or_(*(_all_of(columns, key) for key in keys))


def _all_of(columns: Sequence[Column[Any]], key: tuple[Any, ...]) -> ColumnElement[bool]:
    return and_(*(column == value for column, value in zip(columns, key, strict=True)))


def _column(table: str, name: str) -> Column[Any]:
    return Row.metadata.tables[table].c[name]
