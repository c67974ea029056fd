"""Lists on standard output."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime

import click

from techauction.clock import SHANGHAI
from techauction.reports.writers.cells import table

Entries = Sequence[Mapping[str, object]]

format_option = click.option(
    "--format", "format_", type=click.Choice(["table", "json"]), default="table", show_default=True, help="How it is printed."
)


def show(entries: Entries, format_: str, *, plain: object = None) -> None:
    """Print entries with the same names as a table, nothing for none; or as JSON, in place of which `plain` may stand."""
    if format_ == "json":
        said = entries if plain is None else plain
        click.echo(json.dumps(said, ensure_ascii=False, indent=2, default=lambda at: at.isoformat()))
    elif entries:
        names = list(entries[0])
        rows = [[_cell(entry[name]) for name in names] for entry in entries]
        click.echo(table([names, *rows], left=len(names)), nl=False)


def _cell(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else ""
        case datetime():
            return value.astimezone(SHANGHAI).isoformat(sep=" ", timespec="seconds")
        case _:
            return str(value)
