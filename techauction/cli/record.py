"""`techauction record`: the record of the sale."""

import json
from typing import BinaryIO

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from techauction import lock
from techauction.cli.instance import Instance, Refused, pass_instance, tell
from techauction.cli.report import round_option
from techauction.core.money import Money
from techauction.core.opened import offers_of
from techauction.core.record import Kind, instant
from techauction.receipts import FILE, Signer, found_in
from techauction.reports.damage import FAILS
from techauction.reports.record_of_sale import verify_round
from techauction.reports.recorded import find_round
from techauction.store.auction import OfferRow
from techauction.store.consigning import LotRow, RoundRow
from techauction.store.record import RecordRow, RoundRecordRow

_LONGEST_ANSWER = 65_536


@click.group()
def record() -> None:
    """Verify and export the record of a sale."""


@record.command()
@click.option("--round", "slug", metavar="SLUG", help="The round whose record is played again.")
@click.option(
    "--receipt",
    type=click.File("rb"),
    metavar="FILE",
    help="A bidder's receipt, or the answer to its bid as JSON; `-` reads the standard input.",
)
@pass_instance
def verify(instance: Instance, slug: str | None, receipt: BinaryIO | None) -> None:
    """Verify a round's record, or a bidder's receipt.

    A round's record is played again and compared with everything kept beside it; each violation is printed on a line.
    A receipt's signature is checked, and that the record has its bid at its place.
    """
    if (slug is None) == (receipt is None):
        raise click.UsageError("name either a round or a receipt")
    if receipt is not None:
        _verify_receipt(instance, receipt)
    else:
        _verify_round(instance, str(slug))


def _verify_round(instance: Instance, slug: str) -> None:
    with instance.reading_round(slug) as session:
        violations = verify_round(session, slug)
    for each in violations:
        click.echo(each)
    if violations:
        raise Refused(f"the record of {slug} is violated: {len(violations)} findings")
    tell(f"the record of {slug} is as it should be")


def _verify_receipt(instance: Instance, file: BinaryIO) -> None:
    text = found_in(file.read(_LONGEST_ANSWER).decode("utf-8", "replace"))
    receipt = Signer(instance.settings.instance / FILE).check(text)
    event = f"event {receipt.seq} of lot {receipt.lot_id}"
    with instance.reading() as session:
        try:
            row = session.scalars(
                select(RecordRow).where(RecordRow.lot_id == receipt.lot_id, RecordRow.seq == receipt.seq)
            ).one_or_none()
            amount = None if row is None else _amount_of(session, row)
        except FAILS as error:
            raise Refused(f"{event}, which the receipt proves, cannot be read: {type(error).__name__}") from error
        if row is None:
            raise Refused(f"the record has no {event}, which the receipt proves")
        if row.kind is Kind.SEALED and amount is None:
            tell(f"event {row.seq} of lot {row.lot_id} is a sealed offer: its amount can be compared when it is opened")
            amount = receipt.amount
        if (row.hash, amount, row.at) != (receipt.hash, receipt.amount, receipt.placed_at):
            raise Refused(f"{event} is not the bid that the receipt proves")
    tell(f"the receipt is good: {event}, {receipt.amount} at {instant(receipt.placed_at)}")


def _amount_of(session: Session, row: RecordRow) -> Money | None:
    """Return what was bid: as the event says, or for a sealed offer the event that opened it."""
    if row.kind is not Kind.SEALED:
        return row.amount
    opened = session.scalars(
        select(RecordRow).where(RecordRow.lot_id == row.lot_id, RecordRow.kind == Kind.UNSEALED)
    ).one_or_none()
    return None if opened is None else next((each.amount for each in offers_of(opened.data) if each.seq == row.seq), None)


@record.command("rotate-key")
@pass_instance
def rotate_key(instance: Instance) -> None:
    """Sign receipts with a new key from the next start on; receipts signed before stay good."""
    with lock.held(instance.directory, "record rotate-key"):
        click.echo(Signer(instance.settings.instance / FILE).rotate())


@record.command()
@round_option
@click.option("--refused", is_flag=True, help="Print what was refused, in the order of each lot's chain.")
@pass_instance
def export(instance: Instance, slug: str, *, refused: bool) -> None:
    """Print a round's record: one event a line, as JSON. The round's own come first, then those of each lot, by `seq`."""
    with instance.reading_round(slug) as session:
        round_ = find_round(session, slug)
        if refused:
            _export_refused(session, round_)
            return
        own = select(RoundRecordRow).where(RoundRecordRow.round_id == round_.id).order_by(RoundRecordRow.seq)
        for each in session.scalars(own.execution_options(yield_per=1_000)):
            click.echo(json.dumps(_event_of_round(slug, each), ensure_ascii=False))
        events = session.execute(
            select(LotRow.number, RecordRow)
            .join(RecordRow.lot)
            .where(LotRow.round_id == round_.id)
            .order_by(LotRow.number, RecordRow.seq)
            .execution_options(yield_per=1_000)
        )
        for number, row in events:
            click.echo(json.dumps(_event(f"{slug}/{number}", row), ensure_ascii=False))


def _export_refused(session: Session, round_: RoundRow) -> None:
    offers = session.execute(
        select(LotRow.number, OfferRow)
        .join(OfferRow.lot)
        .where(LotRow.round_id == round_.id, OfferRow.place.is_not(None))
        .order_by(LotRow.number, OfferRow.place)
        .execution_options(yield_per=1_000)
    )
    for number, row in offers:
        said = {"name": f"{round_.slug}/{number}", **row.as_refused().as_json(), "hash": row.hash}
        click.echo(json.dumps(said, ensure_ascii=False))


def _event_of_round(slug: str, row: RoundRecordRow) -> dict[str, object]:
    return {
        "round": slug,
        "seq": row.seq,
        "kind": row.kind.value,
        "at": instant(row.at),
        "data": row.data,
        "prev_hash": row.prev_hash,
        "hash": row.hash,
    }


def _event(name: str, row: RecordRow) -> dict[str, object]:
    return {
        "lot": name,
        "seq": row.seq,
        "kind": row.kind.value,
        "at": instant(row.at),
        "paddle": row.paddle,
        "amount_fen": None if row.amount is None else row.amount.minor,
        "closes_at": None if row.closes_at is None else instant(row.closes_at),
        "data": row.data,
        "prev_hash": row.prev_hash,
        "hash": row.hash,
    }
