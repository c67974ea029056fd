"""`techauction backup` and `techauction restore`."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryFile
from typing import BinaryIO

import click

from techauction import lock, migrating
from techauction.cli import postgresql
from techauction.cli.archive import CUSTODY_PUBLIC, DATABASES, RECEIPT_KEYS, SECRET_KEY, pack, sqlite_copied
from techauction.cli.instance import Instance, Refused, pass_instance, tell
from techauction.cli.restoring import finish, staged
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
    settings, folder = instance.settings, file.absolute().parent
    secrets = {
        SECRET_KEY: settings.secret_key,
        RECEIPT_KEYS: Signer(settings.instance / RECEIPT_KEYS).secrets(),
        CUSTODY_PUBLIC: key_ring(settings).public(),
    }
    kind = instance.engine.dialect.name
    with _database_copied(instance, folder) as copy:
        pack(
            file,
            {DATABASES[kind]: copy, **{name: BytesIO(text.encode("ascii")) for name, text in secrets.items()}},
            made_at=instant(instance.clock()),
            version=version("techauction"),
            database=kind,
            revision=revision,
        )
    tell(f"wrote {file}")


@contextmanager
def _database_copied(instance: Instance, beside: Path) -> Iterator[BinaryIO]:
    if instance.database_file is not None:
        with sqlite_copied(instance.database_file, beside) as copy:
            yield copy
        return
    with TemporaryFile(dir=beside) as copy:  # it has no name: it is gone with the process
        postgresql.dump(instance.settings.database_url, copy)
        yield copy


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--force", is_flag=True, help="Put it in the place of what the installation holds.")
@pass_instance
def restore(instance: Instance, file: Path, force: bool) -> None:  # noqa: FBT001 (a flag of the command)
    """Put a backup into a new installation, or with --force in the place of an old one."""
    with lock.held(instance.directory, "restore"):
        kind = "sqlite" if instance.database_file is not None else "postgresql"
        with staged(file, instance, kind) as manifest:
            if manifest.database != kind:
                raise Refused(f"{file} is of a {manifest.database} database, and this installation's is {kind}")
            if not force:
                _must_be_empty(instance)
        finish(instance)
    tell(f"restored the state of {manifest.made_at}, at revision {manifest.revision}")
    if manifest.revision != migrating.newest(instance.engine):
        tell("this version needs another revision: run `techauction db upgrade`")


def _must_be_empty(instance: Instance) -> None:
    file = instance.database_file
    holds = file.exists() if file is not None else not postgresql.is_empty(instance.engine)
    if holds:
        raise Refused(f"{instance.directory} holds an installation; with --force the backup takes its place")
