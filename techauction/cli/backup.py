"""`techauction backup` and `techauction restore`."""

import os
from importlib.metadata import version
from pathlib import Path

import click

from techauction import lock, migrating
from techauction.cli import postgresql
from techauction.cli.archive import (
    CUSTODY_PUBLIC,
    DATABASES,
    RECEIPT_KEYS,
    SECRET_KEY,
    check_sqlite,
    copy_sqlite,
    pack,
    unpack,
    working_folder,
)
from techauction.cli.instance import Instance, Refused, pass_instance, tell
from techauction.core.record import instant
from techauction.custody import key_ring
from techauction.receipts import Signer


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@pass_instance
def backup(instance: Instance, file: Path) -> None:
    """Write the database, the secret key and the receipt keys into FILE (.tar.gz). A sale may run meanwhile.

    Settings and exports are not in it, and the custody keys never are: with them whoever has the backup would read every sealed
    reserve. Copy those by `techauction custody copy-keys` onto another medium. Keep the backup where nobody else can read it.
    """
    revision = migrating.present(instance.engine)
    if revision is None:
        raise Refused("there is nothing to back up: the database is empty")
    file.absolute().parent.mkdir(parents=True, exist_ok=True)
    kind = instance.engine.dialect.name
    with working_folder(file.absolute().parent) as folder:
        copy, key = folder / DATABASES[kind], folder / SECRET_KEY
        if instance.database_file is not None:
            copy_sqlite(instance.database_file, copy)
        else:
            postgresql.dump(instance.settings.database_url, copy)
        key.write_text(instance.settings.secret_key, "ascii")
        keys = folder / RECEIPT_KEYS
        Signer(instance.settings.instance / RECEIPT_KEYS).copy(keys)
        public = folder / CUSTODY_PUBLIC
        key_ring(instance.settings).copy_public(public)
        pack(
            file,
            {copy.name: copy, key.name: key, keys.name: keys, public.name: public},
            made_at=instant(instance.clock()),
            version=version("techauction"),
            database=kind,
            revision=revision,
        )
    tell(f"wrote {file}")


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--force", is_flag=True, help="Put it in the place of what the installation holds.")
@pass_instance
def restore(instance: Instance, file: Path, force: bool) -> None:  # noqa: FBT001 (a flag of the command)
    """Put a backup into a new installation, or with --force in the place of an old one."""
    with lock.held(instance.directory, "restore"), working_folder(instance.directory) as folder:
        manifest = unpack(file, folder)
        kind = "sqlite" if instance.database_file is not None else "postgresql"
        if manifest.database != kind:
            raise Refused(f"{file} is of a {manifest.database} database, and this installation's is {kind}")
        if not force:
            _must_be_empty(instance)
        if instance.database_file is None:
            postgresql.restore(instance.settings.database_url, folder / DATABASES[kind])
        else:
            _put_sqlite(folder / DATABASES[kind], instance.database_file)
        for name in (SECRET_KEY, RECEIPT_KEYS, CUSTODY_PUBLIC):
            if name in manifest.files:
                _put(folder / name, instance.directory / name)
    tell(f"restored the state of {manifest.made_at}, at revision {manifest.revision}")
    if manifest.revision != migrating.newest(instance.engine):
        tell("this version needs another revision: run `techauction db upgrade`")


def _must_be_empty(instance: Instance) -> None:
    file = instance.database_file
    holds = file.exists() if file is not None else not postgresql.is_empty(instance.engine)
    if holds:
        raise Refused(f"{instance.directory} holds an installation; with --force the backup takes its place")


def _put_sqlite(source: Path, target: Path) -> None:
    check_sqlite(source)
    target.parent.mkdir(parents=True, exist_ok=True)
    for beside in ("-wal", "-shm"):
        target.with_name(target.name + beside).unlink(missing_ok=True)
    _put(source, target)


def _put(source: Path, target: Path) -> None:
    """Move a file into its place so that a crash leaves the old one or the new one."""
    handle = os.open(source, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
    source.replace(target)
