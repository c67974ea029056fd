"""Statements of the hot path: compiled once, then run by the driver itself, with the columns' own types on both sides.

To build a statement, to find it in SQLAlchemy's cache and to describe its result takes longer than a database takes to answer.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from sqlalchemy import Connection, Insert, Select, Update, bindparam

from techauction.store.base import Row

MOST_VALUES = 32_766
"""As many values stand in one statement; SQLite takes no more as it is built by default."""

Process = Callable[[Any], Any]
Selected = Select[*tuple[Any, ...]]
Statement = Selected | Insert | Update


@dataclass(frozen=True, slots=True)
class _Compiled:
    """A statement as one database takes it: the names of its values in order, and how each is made what the driver takes."""

    sql: str
    names: tuple[str, ...]
    positional: bool
    fixed: Mapping[str, Any]
    binds: tuple[tuple[str, Process], ...]
    results: tuple[tuple[int, Process], ...]

    def values(self, given: dict[str, Any]) -> Any:
        """Return the values of one execution as the driver takes them."""
        return tuple([given[name] for name in self.names]) if self.positional else {name: given[name] for name in self.names}


def columns(row: type[Row]) -> dict[str, Any]:
    """Return a named value for each of the row's columns but its id, for an INSERT."""
    return {each.key: bindparam(each.key) for each in row.__table__.c if each.key != "id"}


class Reading:
    """A SELECT with named values; one that is a list stands in an `IN (…)`.

    Instead of the statement there may be what makes it for lists of a length: with the values `name_1`, `name_2`, … of each.
    """

    def __init__(self, statement: Selected | Callable[[int], Selected]) -> None:
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
            statement = self._statement if isinstance(self._statement, Select) else self._statement(len(given[lists[0]]))
            compiled = self._compiled[which] = _compile(statement, connection, given)
        given |= compiled.fixed
        for name, process in compiled.binds:
            given[name] = process(given[name])

        cursor = connection.connection.cursor()
        try:
            cursor.execute(compiled.sql, compiled.values(given))
            found = cursor.fetchall()
        finally:
            cursor.close()
        return _processed(found, compiled.results) if found and compiled.results else list(found)


class Changing:
    """An UPDATE of many rows in one statement. `statement` makes it for a number of rows, with values `name_1`, `name_2` ….

    `executemany` would give up Python's lock for each row, and wait for it behind whoever works.
    """

    def __init__(self, statement: Callable[[int], Update]) -> None:
        self._statement = statement
        self._compiled: dict[tuple[str, int], _Compiled] = {}

    def rows(self, connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
        """Change the rows inside the connection's transaction; nothing is done for none."""
        most = _power_of_two(MOST_VALUES // len(rows[0])) if rows else 1
        for place in range(0, len(rows), most):
            self._change(connection, rows[place : place + most])

    def _change(self, connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
        rows = _padded(list(rows))
        given = {f"{name}_{place}": value for place, row in enumerate(rows, 1) for name, value in row.items()}
        which = (connection.dialect.name, len(rows))
        compiled = self._compiled.get(which)
        if compiled is None:
            compiled = self._compiled[which] = _compile(self._statement(len(rows)), connection, given)
        given |= compiled.fixed
        for name, process in compiled.binds:
            given[name] = process(given[name])
        cursor = connection.connection.cursor()
        try:
            cursor.execute(compiled.sql, compiled.values(given))
        finally:
            cursor.close()


class Writing:
    """An INSERT with named values, run for many rows at once."""

    def __init__(self, statement: Insert) -> None:
        self._statement = statement.inline()
        self._compiled: dict[str, _Compiled] = {}

    def rows(self, connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
        """Write the rows inside the connection's transaction; nothing is done for none."""
        if not rows:
            return
        compiled = self._compiled.get(connection.dialect.name)
        if compiled is None:
            compiled = self._compiled[connection.dialect.name] = _compile(self._statement, connection, rows[0])
        columns = {name: [row[name] for row in rows] for name in rows[0]}
        columns |= {name: [value] * len(rows) for name, value in compiled.fixed.items()}
        for name, process in compiled.binds:
            columns[name] = _made(process, columns[name])
        values: list[Any] = list(zip(*(columns[name] for name in compiled.names), strict=True))
        if not compiled.positional:
            values = [dict(zip(compiled.names, each, strict=True)) for each in values]
        cursor = connection.connection.cursor()
        try:
            if compiled.positional:
                _insert(cursor, compiled.sql, values)
            else:
                cursor.executemany(compiled.sql, values)
        finally:
            cursor.close()


def _compile(statement: Statement, connection: Connection, given: Mapping[str, Any]) -> _Compiled:
    """Return the statement for the connection's database; a list in `given` fixes how many values its `IN` has."""
    dialect = connection.dialect
    compiled = statement.compile(dialect=dialect)
    state = compiled.construct_expanded_state(given)
    names = tuple(state.parameters if state.positiontup is None else state.positiontup)
    whole = {part: name for name, parts in state.parameter_expansion.items() for part in parts}
    binds = ((name, compiled.binds[whole.get(name, name)].type) for name in names)
    made = ((name, type_.dialect_impl(dialect).bind_processor(dialect)) for name, type_ in binds)
    types = [column.type for column in statement.selected_columns] if isinstance(statement, Select) else []
    found = ((place, type_.dialect_impl(dialect).result_processor(dialect, None)) for place, type_ in enumerate(types))
    return _Compiled(
        sql=state.statement,
        names=names,
        positional=state.positiontup is not None,
        fixed={name: state.parameters[name] for name in names if name not in given and name not in whole},
        binds=tuple((name, process) for name, process in made if process is not None),
        results=tuple((place, process) for place, process in found if process is not None),
    )


def _insert(cursor: Any, sql: str, rows: list[tuple[Any, ...]]) -> None:
    """Insert the rows on SQLite, as many in a statement as a power of two has, so that few statements are prepared.

    `executemany` gives up Python's lock for each row, and waits for it behind whoever works: up to five milliseconds a row.
    """
    head, _, row = sql.rpartition(" VALUES ")
    most = MOST_VALUES // len(rows[0])
    place = 0
    while place < len(rows):
        size = _power_of_two(min(len(rows) - place, most))
        cursor.execute(f"{head} VALUES {', '.join([row] * size)}", list(chain.from_iterable(rows[place : place + size])))
        place += size


def _power_of_two(most: int) -> int:
    """Return the largest power of two that is not over `most`."""
    return 1 << most.bit_length() - 1


def _made(process: Process, values: list[Any]) -> list[Any]:
    """Return the values as the driver takes them. What all rows of a group share, as its instant, is made once."""
    first = values[0]
    if all(value is first for value in values):
        return [process(first)] * len(values)
    return [process(value) for value in values]


def _padded(values: list[Any]) -> list[Any]:
    """Return the values with the last repeated up to a power of two, so that few lengths are compiled."""
    length = 1 << (len(values) - 1).bit_length()
    return values + values[-1:] * (length - len(values))


def _processed(rows: Sequence[Sequence[Any]], processes: tuple[tuple[int, Process], ...]) -> list[Sequence[Any]]:
    """Return the rows as the columns' types say. What rows share, as their round's instants, is made once."""
    columns: list[Sequence[Any]] = list(zip(*rows, strict=True))
    for place, process in processes:
        made = {value: process(value) for value in set(columns[place])}
        columns[place] = [made[value] for value in columns[place]]
    return list(zip(*columns, strict=True))
