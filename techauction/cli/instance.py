"""The installation a command works on."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from errno import EACCES, EDQUOT, EIO, EISDIR, ENOSPC, ENOTDIR, EPERM, EROFS
from functools import cached_property
from pathlib import Path

import click
from sqlalchemy import Engine
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DatabaseError, OperationalError
from sqlalchemy.orm import Session

from techauction import lock, migrating
from techauction.clock import SystemClock
from techauction.core.refusal import NoSuch, Refusal
from techauction.custody import CustodyUnready
from techauction.db import PragmaRefused, make_engine, writing
from techauction.serving import AddressTaken
from techauction.settings import Settings, SettingsUnreadable, load
from techauction.supervising import OneProcessOnly, WorkerFailed
from techauction.wording import say


class Refused(click.ClickException):
    """A command that was understood is not carried out; exit code 1."""


class Instance:
    """An installation's directory, its settings and its database, each looked at when a command needs it."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory.resolve()
        self.clock = SystemClock()

    @cached_property
    def settings(self) -> Settings:
        """Return the settings.

        :raises Refused: there is no installation
        """
        if not self.directory.is_dir() or not any(self.directory.iterdir()):
            raise Refused(f"there is no installation in {self.directory}: make one with `techauction init`")
        return load(self.directory)

    @property
    def database_file(self) -> Path | None:
        """Return the SQLite file; none where the database is a server."""
        url = make_url(self.settings.database_url)
        return Path(url.database) if url.get_backend_name() == "sqlite" and url.database else None

    @cached_property
    def engine(self) -> Engine:
        """Return an engine on the installation's database, at whatever schema.

        :raises Refused: there is no database
        """
        if self.database_file is not None and not self.database_file.is_file():
            raise Refused(f"there is no database at {self.database_file}: make one with `techauction init`")
        return make_engine(self.settings.database_url)

    def close(self) -> None:
        """Let the database go."""
        if "engine" in self.__dict__:
            self.engine.dispose()

    def forget(self) -> None:
        """Look at settings and database anew when they are wanted next."""
        self.close()
        for each in ("engine", "settings"):
            self.__dict__.pop(each, None)

    def must_be_current(self) -> None:
        """Refuse a database that another version's migrations have made.

        :raises Refused: it is behind, or ahead
        """
        here, wanted = migrating.present(self.engine), migrating.newest(self.engine)
        if here != wanted:
            raise Refused(
                f"the database is at revision {here or 'none'}, and this version needs {wanted}: run `techauction db upgrade`"
            )

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Read one snapshot of the database; a sale may run meanwhile."""
        self.must_be_current()
        with Session(self.engine, expire_on_commit=False) as session:
            if self.engine.dialect.name == "postgresql":  # SQLite's transactions read one snapshot by themselves
                session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
            yield session

    @contextmanager
    def reading_round(self, slug: str) -> Iterator[Session]:
        """Read about one round.

        :raises Refused: there is none of that name
        """
        with self.reading() as session:
            try:
                yield session
            except NoSuch as refusal:
                raise Refused(f"there is no round {slug}") from refusal

    @contextmanager
    def writing(self, what: str) -> Iterator[Session]:
        """Write in one transaction, holding the installation's lock."""
        with lock.held(self.directory, what), self.reading() as session, writing(session):
            yield session


_SAID = (CustodyUnready, lock.InstanceBusy, SettingsUnreadable, PragmaRefused, AddressTaken, OneProcessOnly, WorkerFailed)
"""Faults whose own words are for the person at the command line."""

_DISK = frozenset({EACCES, EPERM, EROFS, ENOSPC, EDQUOT, ENOTDIR, EISDIR, EIO})
"""What a folder or a disk says no by; other faults of the system are to be seen in full."""

pass_instance = click.make_pass_decorator(Instance)


@contextmanager
def refusals_said() -> Iterator[None]:
    """Turn every lawful "no" into one line on standard error and exit code 1."""
    try:
        yield
    except Refusal as refusal:
        raise Refused(say(refusal)) from refusal
    except _SAID as error:
        raise Refused(str(error)) from error
    except (OperationalError, sqlite3.DatabaseError) as error:
        raise Refused(_first_line("the database does not answer", error)) from error
    except OSError as error:
        if error.errno not in _DISK:
            raise
        raise Refused(f"{error.filename or 'the disk'}: {error.strerror}") from error
    except DatabaseError as error:
        if type(error) is not DatabaseError:  # its other kinds are faults of ours, to be seen in full
            raise
        raise Refused(_first_line("the database is damaged", error)) from error


def _first_line(what: str, error: OperationalError | DatabaseError | sqlite3.DatabaseError) -> str:
    return f"{what}: {getattr(error, 'orig', error)}".splitlines()[0]


def tell(line: str) -> None:
    """Say something to the person, beside the data."""
    click.echo(line, err=True)
