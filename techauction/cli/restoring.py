"""Putting a backup in the place of an installation: whenever the process is killed, the old state is there or the new one.

What was unpacked and found sound is given the name `restoring` in one step. Until then the old state stands untouched. From
then on the new one is due, and whichever command comes next finishes it.
"""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from techauction import lock
from techauction.cli import postgresql
from techauction.cli.archive import DATABASES, KEYS, Manifest, check_sqlite, unpack
from techauction.cli.instance import Instance
from techauction.files import keep_name, keep_on_disk

_DUE, _UNFINISHED = "restoring", "restoring.part"


def is_due(directory: Path) -> bool:
    """Return whether a restore was begun here and not finished."""
    return (directory / _DUE).is_dir()


@contextmanager
def staged(file: Path, instance: Instance, kind: str) -> Iterator[Manifest]:
    """Unpack a backup and look whether it is sound. Where the block ends well, it is due.

    For whoever holds the instance's lock.

    :raises Refused: it is no backup of ours, was changed or cut, or its database is damaged
    """
    unfinished = instance.directory / _UNFINISHED
    shutil.rmtree(unfinished, ignore_errors=True)  # of a restore that was killed
    unfinished.mkdir(mode=0o700)
    try:
        manifest = unpack(file, unfinished)
        if kind == "sqlite" and manifest.database == kind:
            check_sqlite(unfinished / DATABASES[kind])
        yield manifest
        for part in unfinished.iterdir():
            keep_on_disk(part)
        keep_name(unfinished, instance.directory / _DUE)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def finish(instance: Instance) -> None:
    """Put what is due in place; harmless to repeat. For whoever holds the instance's lock.

    :raises Refused: the database server does not take it
    """
    due = instance.directory / _DUE
    if instance.database_file is not None:
        _put_sqlite(due / DATABASES["sqlite"], instance.database_file)
    elif (dump := due / DATABASES["postgresql"]).exists():
        postgresql.restore(instance.settings.database_url, dump)
    for name in KEYS:
        if (due / name).exists():
            keep_name(due / name, instance.directory / name)
    # Its name goes first: a folder that is half deleted must not be due.
    keep_name(due, instance.directory / _UNFINISHED)
    shutil.rmtree(instance.directory / _UNFINISHED)
    instance.forget()


def finish_if_due(instance: Instance) -> None:
    """Finish a restore that was killed, before anything is done on the installation.

    :raises InstanceBusy: it is being restored at this moment
    """
    if is_due(instance.directory):
        with lock.held(instance.directory, "restore"):
            if is_due(instance.directory):
                finish(instance)


def _put_sqlite(source: Path, target: Path) -> None:
    """Put a database file in the place of another, which is whole without its WAL before that goes."""
    if not source.exists():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.exists():
        _fold_wal(target)
    for beside in ("-wal", "-shm"):
        target.with_name(target.name + beside).unlink(missing_ok=True)
    keep_name(source, target)


def _fold_wal(file: Path) -> None:
    try:
        with closing(sqlite3.connect(file)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    except sqlite3.DatabaseError:
        return  # it is damaged, which may be why another takes its place
