"""`techauction custody`: the keys that open reserves and sealed offers."""

from pathlib import Path

import click
from sqlalchemy import select, union_all

from techauction.cli.instance import Instance, Refused, pass_instance, tell
from techauction.core.lot import Stage
from techauction.custody import key_ring
from techauction.store.auction import SealedBidRow
from techauction.store.consigning import LotRow, ReserveRow


@click.group()
def custody() -> None:
    """Look after the keys that open reserves and sealed offers at the hammer."""


@custody.command("check-keys")
@pass_instance
def check_keys(instance: Instance) -> None:
    """Say of every key that something sealed waits for whether it is here, and of the one that seals now.

    A hammer that finds its key missing leaves the lot waiting, so look before a round closes.
    """
    keys = key_ring(instance.settings)
    with instance.reading() as session:
        unopened = [
            select(ReserveRow.key_id).join(LotRow).where(ReserveRow.amount.is_(None), LotRow.stage != Stage.ENDED),
            select(SealedBidRow.key_id).join(LotRow).where(LotRow.stage != Stage.ENDED),
        ]
        wanted = dict.fromkeys(keys.names()[-1:], 0)
        for key_id in session.scalars(union_all(*unopened)):
            assert key_id is not None
            wanted[key_id] = wanted.get(key_id, 0) + 1
    for key_id, count in wanted.items():
        click.echo(f"{key_id} {'here' if keys.holds(key_id) else 'missing'} {count}")
    missing = [key_id for key_id in wanted if not keys.holds(key_id)]
    if missing:
        raise Refused(f"not here: {', '.join(missing)}")


@custody.command("rotate-key")
@click.option("--lost", is_flag=True, help="The file with the old keys is lost for good: begin a new one.")
@pass_instance
def rotate_key(instance: Instance, lost: bool) -> None:  # noqa: FBT001 (a flag of the command)
    """Seal with a new key from now on, and print its name. The old ones still open what they sealed."""
    click.echo(key_ring(instance.settings).rotate(lost=lost))


@custody.command("copy-keys")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@pass_instance
def copy_keys(instance: Instance, file: Path) -> None:
    """Copy the private keys into FILE (mode 600), which belongs on another medium than the backups of the database."""
    key_ring(instance.settings).copy_private(file)
    tell(f"wrote {file}")
