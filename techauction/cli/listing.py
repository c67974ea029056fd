"""Lists on standard output."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import click

from techauction.clock import SHANGHAI
from techauction.reports.writers.cells import table

format_option = click.option(
    "--format", "format_", type=click.Choice(["table", "json"]), default="table", show_default=True, help="How it is printed."
)


def show(entries: Sequence[Mapping[str, object]]) -> str:
    """Return entries with the same names as a table; nothing for none."""
    if not entries:
        return ""
    names = list(entries[0])
    rows = [[_cell(entry[name]) for name in names] for entry in entries]
    return table([names, *rows], left=len(names))


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
