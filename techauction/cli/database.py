"""`techauction db`: the schema."""

import click
from sqlalchemy.exc import IntegrityError

from techauction import lock, migrating
from techauction.cli.instance import Instance, Refused, pass_instance, tell


@click.group()
def db() -> None:
    """Look after the database's schema."""


@db.command()
@click.argument("revision", default="head")
@pass_instance
def upgrade(instance: Instance, revision: str) -> None:
    """Bring the database up to REVISION, by default this version's."""
    _must_know(instance, revision, "head")
    with lock.held(instance.directory, "db upgrade"):
        migrating.upgrade(instance.engine, revision)
    tell(f"the database is at revision {migrating.present(instance.engine)}")


@db.command()
@click.argument("revision")
@click.confirmation_option("--yes", prompt="This deletes what the later schema keeps. Go on?")
@pass_instance
def downgrade(instance: Instance, revision: str) -> None:
    """Take the database back to REVISION (`base` empties it). What only the later schema keeps is lost."""
    _must_know(instance, revision, "base")
    with lock.held(instance.directory, "db downgrade"):
        try:
            migrating.downgrade(instance.engine, revision)
        except IntegrityError as error:
            raise Refused(f"what is kept stands against it: {error.orig}".splitlines()[0]) from error
    tell(f"the database is at revision {migrating.present(instance.engine) or 'none'}")


@db.command()
@pass_instance
def check(instance: Instance) -> None:
    """Compare the database with what this version keeps; differences are printed."""
    instance.must_be_current()
    found = migrating.differences(instance.engine)
    for each in found:
        click.echo(each)
    if found:
        raise Refused(f"the schema differs in {len(found)} places")
    tell("the schema is as it should be")


@db.command()
@pass_instance
def revision(instance: Instance) -> None:
    """Print the database's revision."""
    click.echo(migrating.present(instance.engine) or "none")


def _must_know(instance: Instance, revision: str, *names: str) -> None:
    known = migrating.revisions(instance.engine)
    if revision not in (*known, *names):
        raise Refused(f"there is no revision {revision}; there are {', '.join(known)}")
