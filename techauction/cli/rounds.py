"""`techauction round`: whole rounds."""

import json
import os
from collections import Counter
from pathlib import Path
from typing import Any

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from techauction import loads, lock
from techauction.cli.instance import Instance, Refused, pass_instance, tell
from techauction.cli.listing import format_option, show
from techauction.core import json_text
from techauction.core.custody import Slip
from techauction.core.json_text import KeyTwice
from techauction.core.reading import Faults
from techauction.core.round import Phase
from techauction.core.roundfile import MOST_BYTES, RoundFileWrong, read
from techauction.custody import key_ring
from techauction.queries.rounds import totals_of
from techauction.reports.recorded import find_round
from techauction.store.consigning import LotRow, RoundRow
from techauction.store.loading import LOADED


@click.group("round")
def round_() -> None:
    """Load, list and show rounds."""


@round_.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--publish/--draft", default=True, show_default=True, help="Publish the round, or leave it a draft.")
@click.option(
    "--slips",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the seal slips of the file's reserves there (mode 600), for their institutes to keep.",
)
@pass_instance
def load(instance: Instance, file: Path, publish: bool, slips: Path | None) -> None:  # noqa: FBT001 (a flag of the command)
    """Load a round with its institutes, lots, enterprises and paddles from a JSON FILE: all of it, or nothing.

    Its reserves are sealed; with a lost custody key only their slips can open them. What is wrong with the file is printed, one
    `path: fault` a line, the first hundred of them. A file has at most 32 MB, 10,000 lots and 20,000 organisations.
    """
    plan = _read(file)
    instance.must_be_current()
    faults = Faults()
    now = instance.clock()

    def ready(slips_: dict[int, Slip]) -> None:
        if slips is not None:
            _write_slips(slips, planned.round.slug, slips_)

    with lock.held(instance.directory, "round load"):
        planned = read(plan, loads.known(instance.engine, now), faults, now)
        try:
            slug = loads.load(
                instance.engine, planned, faults, now=now, publish=publish, custody=key_ring(instance.settings), ready=ready
            )
        except RoundFileWrong as refusal:
            for problem in refusal.problems:
                click.echo(problem)
            raise Refused(f"{file} cannot be loaded: {refusal.count} faults") from refusal
    phase = Phase.PUBLISHED if publish else Phase.DRAFT
    tell(f"loaded {slug}: {len(planned.lots)} lots, {len(planned.bidders)} paddles, {phase.value}")


@round_.command("list")
@format_option
@pass_instance
def list_(instance: Instance, format_: str) -> None:
    """List the rounds, the latest first."""
    with instance.reading() as session:
        entries = [
            _summary(session, row) for row in session.scalars(select(RoundRow).where(LOADED).order_by(RoundRow.opens_at.desc()))
        ]
    show(entries, format_)


@round_.command("show")
@click.argument("slug")
@format_option
@pass_instance
def show_(instance: Instance, slug: str, format_: str) -> None:
    """Show a round and where its lots stand. Reserves are not shown: nobody but the sealing officers reads them."""
    with instance.reading_round(slug) as session:
        row = find_round(session, slug)
        stages = Counter(session.scalars(select(LotRow.stage).where(LotRow.round_id == row.id)))
        entry = {
            **_summary(session, row),
            "title_zh": row.title_zh,
            "title_en": row.title_en,
            "markets": sorted(each.market_key for each in row.markets),
            "rehearsal": row.rehearsal,
            "synthetic": row.synthetic,
            "stages": {stage.value: count for stage, count in sorted(stages.items())},
            "digest": row.digest,
        }
    lines = [{"what": name, "value": _flat(value)} for name, value in entry.items()]
    show(lines, format_, plain=entry)


def _summary(session: Session, row: RoundRow) -> dict[str, Any]:
    totals = totals_of(session, [row.id])[row.id]
    return {
        "slug": row.slug,
        "phase": row.phase.value,
        "opens_at": row.opens_at,
        "closes_at": row.closes_at,
        "lots": totals.lots,
        "sold": totals.sold,
        "paddles": totals.paddles,
        "bids": totals.bids,
        "start_fen": totals.start.minor,
        "hammer_fen": totals.hammer.minor,
    }


def _write_slips(file: Path, slug: str, slips: dict[int, Slip]) -> None:
    said = [
        {
            "round": slug,
            "lot": number,
            "sealed_as": slip.sealed_as,
            "reserve_fen": slip.reserve.minor,
            "salt": slip.salt,
            "commitment": slip.commitment,
        }
        for number, slip in sorted(slips.items())
    ]
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise Refused(f"{file} cannot be written: {error.strerror}") from error
    with os.fdopen(handle, "w", encoding="utf-8") as opened:
        json.dump(said, opened, ensure_ascii=False, indent=2)


def _read(file: Path) -> dict[str, object]:
    if file.stat().st_size > MOST_BYTES:
        raise Refused(f"{file} has more than {MOST_BYTES // 1024**2} MB")
    try:
        plan = json_text.read(file.read_text("utf-8-sig"))
    except KeyTwice as refusal:
        raise Refused(f"{file}: {refusal}") from refusal
    except ValueError as error:
        raise Refused(f"{file} is not JSON: {error}") from error
    if not isinstance(plan, dict):
        raise Refused(f"{file} is not a JSON object")
    return plan


def _flat(value: object) -> object:
    match value:
        case dict():
            return ", ".join(f"{name} {count}" for name, count in value.items())
        case list():
            return ", ".join(str(each) for each in value)
        case _:
            return value
