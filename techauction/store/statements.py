"""Statements of the hot path: compiled once, then run by the driver itself, with the columns' own types on both sides.

To build a statement, to find it in SQLAlchemy's cache and to describe its result takes longer than a database takes to answer.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, repeat
from operator import is_
from typing import Any

import orjson
from sqlalchemy import (
    JSON,
    ColumnClause,
    Connection,
    Dialect,
    FromClause,
    Insert,
    Select,
    Table,
    Update,
    bindparam,
    cast,
    column,
    func,
    insert,
    select,
    values,
)
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.types import TypeEngine

from techauction.store.base import Row

MOST_VALUES = 32_766
"""As many values stand in one statement; SQLite takes no more as it is built by default."""

Process = Callable[[Any], Any]
Selected = Select[*tuple[Any, ...]]
Statement = Selected | Insert | Update
Results = tuple[tuple[int, Process], ...]
Rows = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class _Compiled:
    """A statement as one database takes it: the names of its values in order, and how each is made what the driver takes."""

    sql: str
    names: tuple[str, ...]
    positional: bool
    fixed: Mapping[str, Any]
    binds: tuple[tuple[str, Process], ...]
    results: Results

    def values(self, given: dict[str, Any]) -> Any:
        """Return the values of one execution as the driver takes them."""
        return tuple([given[name] for name in self.names]) if self.positional else {name: given[name] for name in self.names}


class Reading:
    """A SELECT with named values; one that is a list stands in an `IN (…)`."""

    def __init__(self, statement: Selected) -> None:
        self._statement = statement
        self._compiled: dict[tuple[object, ...], _Compiled] = {}

    def rows(self, connection: Connection, **given: Any) -> list[Sequence[Any]]:
        """Return what is found inside the connection's transaction."""
        given |= {name: _padded(value) for name, value in given.items() if isinstance(value, list)}
        lists = [name for name, value in given.items() if isinstance(value, list)]
        which = (connection.dialect.name, *(len(given[name]) for name in lists))
        for name in lists:
            given.update((f"{name}_{place}", value) for place, value in enumerate(given[name], 1))
        compiled = self._compiled.get(which)
        if compiled is None:
            compiled = self._compiled[which] = _compile(self._statement, connection.dialect, given)
        given |= compiled.fixed
        for name, process in compiled.binds:
            given[name] = process(given[name])
        return _fetched(connection, compiled.sql, compiled.values(given), compiled.results)


@dataclass(frozen=True, slots=True)
class _CompiledWithRows:
    """A statement with a table of values as one database takes it, and how the values of each column are made."""

    sql: str
    binds: tuple[Process | None, ...]
    results: Results


class _WithRows:
    """A statement with a table of values: `make` has it from the table, whose columns stand in `given`.

    SQLite is given a value after the other. PostgreSQL is given one document: psycopg takes longer over hundreds of values than
    the server takes to read them.
    """

    def __init__(self, given: Sequence[ColumnClause[Any]], make: Callable[[FromClause], Statement]) -> None:
        self._given = tuple(given)
        self._names = tuple(each.name for each in given)
        self._make = make
        self._compiled: dict[tuple[str, int], _CompiledWithRows] = {}

    def _results_of(self, connection: Connection, rows: Rows) -> Iterator[list[Sequence[Any]]]:
        """Run the statement for the rows, in as many parts as the database needs, and yield what each found."""
        if rows and _takes_document(connection.dialect):
            yield self._run(connection, rows)
            return
        for part in self._parts(rows):
            yield self._run(connection, part)

    def _parts(self, rows: Rows) -> Iterator[Rows]:
        """Yield the rows in parts that SQLite takes; padded, so that few lengths are compiled."""
        most = _power_of_two(MOST_VALUES // len(self._names))
        for place in range(0, len(rows), most):
            yield _padded(list(rows[place : place + most]))

    def _run(self, connection: Connection, rows: Rows) -> list[Sequence[Any]]:
        dialect = connection.dialect
        as_document = _takes_document(dialect)
        which = (dialect.name, 0 if as_document else len(rows))
        compiled = self._compiled.get(which)
        if compiled is None:
            compiled = self._compiled[which] = self._compile(dialect) if as_document else self._repeated(dialect, len(rows))
        made = [_made(process, [row[name] for row in rows]) for name, process in zip(self._names, compiled.binds, strict=True)]
        table = zip(*made, strict=True)
        if as_document:
            document = orjson.dumps([dict(zip(self._names, row, strict=True)) for row in table])
            return _fetched(connection, compiled.sql, {_DOCUMENT: document.decode()}, compiled.results)
        return _fetched(connection, compiled.sql, tuple(chain.from_iterable(table)), compiled.results)

    def _repeated(self, dialect: Dialect, count: int) -> _CompiledWithRows:
        """Return the statement for so many rows, made from that for one: SQLAlchemy takes a quarter of a millisecond a row."""
        one = self._compiled.get((dialect.name, 1))
        if one is None:
            one = self._compiled[dialect.name, 1] = self._compile(dialect)
        row = f"({', '.join('?' * len(self._given))})"
        before, after = one.sql.split(f"VALUES {row}")
        return replace(one, sql=f"{before}VALUES {', '.join([row] * count)}{after}")

    def _compile(self, dialect: Dialect) -> _CompiledWithRows:
        """Return the statement with one row of values, or with one document."""
        statement = self._make(self._table(dialect))
        compiled = statement.compile(dialect=dialect)
        as_document = _takes_document(dialect)
        assert len(compiled.params) == (1 if as_document else len(self._given)), "all values are the table's"
        types = [each.type for each in self._given]
        return _CompiledWithRows(
            sql=compiled.string,
            # In a document JSON is what it is.
            binds=tuple(None if as_document and isinstance(each, JSON) else _bind(each, dialect) for each in types),
            results=_results(statement, dialect),
        )

    def _table(self, dialect: Dialect) -> FromClause:
        if _takes_document(dialect):
            document = func.json_to_recordset(cast(bindparam(_DOCUMENT), JSON))
            return document.table_valued(*self._given, name="given").render_derived(name="given", with_types=True)
        row = tuple(bindparam(f"{each.name}_value", type_=each.type) for each in self._given)
        return values(*self._given, name="given").data([row]).cte()


class Matching(_WithRows):
    """A SELECT that joins a table of values; what matches a value may be found more than once."""

    def rows(self, connection: Connection, rows: Rows) -> list[Sequence[Any]]:
        """Return what is found inside the connection's transaction."""
        return list(chain.from_iterable(self._results_of(connection, rows)))


class Changing(_WithRows):
    """An UPDATE of many rows in one statement, from a table of values.

    `executemany` would give up Python's lock for each row, and wait for it behind whoever works: up to five milliseconds a row.
    """

    def rows(self, connection: Connection, rows: Rows) -> None:
        """Change or add the rows inside the connection's transaction; nothing is done for none."""
        for _ in self._results_of(connection, rows):
            pass


class Writing(Changing):
    """An INSERT of many rows of a table in one statement; all columns but the id are given."""

    def __init__(self, row: type[Row]) -> None:
        table: Table = row.__table__  # type: ignore[assignment]
        names = [each.key for each in table.c if each.key != "id"]
        super().__init__(
            [column(name, table.c[name].type) for name in names],
            lambda given: insert(table).from_select(names, select(*(given.c[name] for name in names)), include_defaults=False),
        )

    def _parts(self, rows: Rows) -> Iterator[Rows]:
        """Yield the rows in parts, as many in each as a power of two has, so that few lengths are compiled."""
        place = 0
        while place < len(rows):
            size = _power_of_two(min(len(rows) - place, MOST_VALUES // len(self._names)))
            yield rows[place : place + size]
            place += size


_DOCUMENT = "document"


def _takes_document(dialect: Dialect) -> bool:
    return dialect.name == "postgresql"


def _compile(statement: Statement, dialect: Dialect, given: Mapping[str, Any]) -> _Compiled:
    """Return the statement for a database; a list in `given` fixes how many values its `IN` has."""
    compiled = statement.compile(dialect=dialect)
    assert isinstance(compiled, SQLCompiler)
    state = compiled.construct_expanded_state(given)
    names = tuple(state.parameters if state.positiontup is None else state.positiontup)
    whole = {part: name for name, parts in state.parameter_expansion.items() for part in parts}
    made = ((name, _bind(compiled.binds[whole.get(name, name)].type, dialect)) for name in names)
    return _Compiled(
        sql=state.statement,
        names=names,
        positional=state.positiontup is not None,
        fixed={name: state.parameters[name] for name in names if name not in given and name not in whole},
        binds=tuple((name, process) for name, process in made if process is not None),
        results=_results(statement, dialect),
    )


def _bind(type_: TypeEngine[Any], dialect: Dialect) -> Process | None:
    """Return what makes a value of the type what the driver takes."""
    return type_.dialect_impl(dialect).bind_processor(dialect)


def _results(statement: Statement, dialect: Dialect) -> Results:
    """Return what makes of a found value, by its place, what its column's type says."""
    types = [column.type for column in statement.selected_columns] if isinstance(statement, Select) else []
    found = ((place, type_.dialect_impl(dialect).result_processor(dialect, None)) for place, type_ in enumerate(types))
    return tuple((place, process) for place, process in found if process is not None)


def _fetched(connection: Connection, sql: str, given: Any, results: Results) -> list[Sequence[Any]]:
    """Run the statement, and return what it found as its columns' types say."""
    cursor = connection.connection.cursor()
    try:
        cursor.execute(sql, given)
        found = cursor.fetchall() if cursor.description else []
    finally:
        cursor.close()
    return _processed(found, results) if found and results else list(found)


def _power_of_two(most: int) -> int:
    """Return the largest power of two that is not over `most`."""
    return 1 << most.bit_length() - 1


def _made(process: Process | None, values: list[Any]) -> list[Any]:
    """Return the values as the driver takes them. What all rows of a group share, as its instant, is made once."""
    if process is None:
        return values
    first = values[0]
    if all(map(is_, values, repeat(first))):
        return [process(first)] * len(values)
    return [process(value) for value in values]


def _padded(values: list[Any]) -> list[Any]:
    """Return the values with the last repeated up to a power of two, so that few lengths are compiled."""
    length = 1 << (len(values) - 1).bit_length()
    return values + values[-1:] * (length - len(values))


def _processed(rows: Sequence[Sequence[Any]], processes: Results) -> list[Sequence[Any]]:
    """Return the rows as the columns' types say. What rows share, as their round's instants, is made once."""
    if len(rows) == 1:
        row = list(rows[0])
        for place, process in processes:
            row[place] = process(row[place])
        return [row]
    columns: list[Sequence[Any]] = list(zip(*rows, strict=True))
    for place, process in processes:
        made = {value: process(value) for value in set(columns[place])}
        columns[place] = [made[value] for value in columns[place]]
    return list(zip(*columns, strict=True))
