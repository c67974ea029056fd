"""`techauction init`: an empty installation."""

import json
import sys
from pathlib import Path

import click
from sqlalchemy.orm import Session

from techauction import lock, migrating
from techauction.cli.instance import Instance, Refused, pass_instance, tell
from techauction.cli.passwords import choose, hashed, password_stdin
from techauction.core import accounts
from techauction.custody import PRIVATE, CustodyUnready, key_ring
from techauction.db import make_engine, writing
from techauction.services.accounts import create_user
from techauction.settings import load, load_said
from techauction.store.people import Role

OURS = ("lock", "settings.toml", ".gitkeep")
"""What a directory may hold before `init`: the settings, and what stands in every checkout."""


@click.command()
@click.option("--administrator", default="administrator", show_default=True, help="The first administrator's sign-in name.")
@click.option("--name", default="Administrator", show_default=True, help="The first administrator's name.")
@click.option(
    "--custody-key",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The file for the private custody keys: on a medium that can be taken away. Asked for at a terminal.",
)
@password_stdin
@pass_instance
def init(
    instance: Instance,
    administrator: str,
    name: str,
    custody_key: Path | None,
    password_stdin: bool,  # noqa: FBT001 (a flag of the command)
) -> None:
    """Make an empty installation: database, markets, fields, secret key, custody keys, first administrator.

    The administrator's password is printed once, on standard output, unless it is given.
    """
    sign_in_name = accounts.sign_in_name(administrator)
    password, made = choose(sign_in_name=sign_in_name, from_stdin=password_stdin)
    with lock.held(instance.directory, "init"):
        must_be_empty(instance.directory)
        custody_key = custody_key or _asked_custody_key(instance.directory)
        if custody_key is not None:
            _set_custody_key(instance.directory / "settings.toml", custody_key.absolute())
        settings = load(instance.directory)
        try:
            key_ring(settings)
        except CustodyUnready:  # nothing was made yet but this, and it would stand in the way of the next try
            (instance.directory / "secret_key").unlink(missing_ok=True)
            raise
        engine = make_engine(settings.database_url)
        if migrating.present(engine) is not None:
            raise Refused(f"there is an installation already: its database is at revision {migrating.present(engine)}")
        migrating.upgrade(engine)
        if instance.database_file is not None:
            instance.database_file.chmod(0o600)
        with Session(engine) as session, writing(session):
            create_user(
                session,
                sign_in_name=sign_in_name,
                name=name,
                role=Role.ADMINISTRATOR,
                password_hash=hashed(settings, password),
                now=instance.clock(),
            )
        engine.dispose()
    said = f"made an installation in {instance.directory}; {sign_in_name} may sign in{', with this password' if made else ''}"
    tell(f"{said}; next: techauction --instance {instance.directory} serve")
    if made:
        click.echo(password)


def _asked_custody_key(directory: Path) -> Path | None:
    """Return where the custody keys are to lie, if a person at a terminal says so, and no setting does."""
    if load_said(directory).get("custody_keys") or not sys.stdin.isatty():
        return None
    tell("The custody keys open reserves and sealed offers. Whoever has them and the database reads both before the close.")
    tell("Put them on a medium that can be taken away, in the hands of somebody who runs neither server nor sale.")
    said = click.prompt("File for the custody keys", default=str(directory / PRIVATE), err=True)
    return None if Path(said) == directory / PRIVATE else Path(said)


def _set_custody_key(settings: Path, file: Path) -> None:
    """Write into the settings where the custody keys lie.

    :raises Refused: they say another place
    """
    said = load_said(settings.parent).get("custody_keys")
    if said and said != str(file):
        raise Refused(f"{settings} says that the custody keys are {said}")
    if not said:
        before = settings.read_text("utf-8") if settings.exists() else ""
        settings.write_text(f"custody_keys = {json.dumps(str(file), ensure_ascii=False)}\n{before}", "utf-8")


def must_be_empty(directory: Path) -> None:
    """Refuse a directory with anything in it that an installation keeps.

    :raises Refused: with the first such thing
    """
    for each in sorted(directory.iterdir()):
        if each.name not in OURS:
            raise Refused(f"{directory} is not empty: it has {each.name}")
