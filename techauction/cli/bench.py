"""`techauction bench`: what this machine can do, measured on instances that are thrown away."""

from pathlib import Path

import click

from techauction.bench import command
from techauction.bench.failure import BenchFailed
from techauction.bench.parts import PARTS
from techauction.cli.instance import Instance, Refused

_HELP = """Measure this machine's saleroom beside what it is measured against.

\b
a  accepted bids a second on one hot lot, beside a naive path and PostgreSQL itself
b  the same on sixty lots
c  latency at 50 % and 80 % of a's rate
d  one event to the last of 100, 1,000 and 5,000 watchers, beside nchan
e  bids at 200 a second while 1,000 watch
f  sixty lots that close in the same instant
g  a on PostgreSQL, with one process and with two
h  a bid to a rival's screen, in a real browser
i  bids at 200 a second while a round is loaded, 24,000 bids are verified and a workbook is written

Everything is measured on instances of its own, which are thrown away; the installation is not touched.
"""


class _Parts(click.ParamType[tuple[str, ...]]):
    """Letters of parts with commas between them."""

    name = "parts"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, ...]:
        """Return the letters."""
        letters = tuple(dict.fromkeys(each.strip() for each in str(value).split(",")))
        if unknown := [each for each in letters if each not in PARTS]:
            self.fail(f"there is no part {', '.join(unknown)}; there are {', '.join(PARTS)}", param, ctx)
        return letters


@click.command(help=_HELP)
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="Where to; else the instance's folder bench.")
@click.option("--runs", type=click.IntRange(min=1), default=3, show_default=True)
@click.option("--seconds", type=click.FloatRange(min=0.1), default=4.0, show_default=True, help="Measured in each run.")
@click.option("--only", type=_Parts(), default=",".join(PARTS), help="Only these parts, as a,d.")
@click.pass_context
def bench(ctx: click.Context, out: Path | None, runs: int, seconds: float, only: tuple[str, ...]) -> None:
    """Measure, and print what came out."""
    directory = out or ctx.ensure_object(Instance).directory / "bench"
    try:
        report = command.run(directory, runs=runs, seconds=seconds, only=only)
    except BenchFailed as failure:
        raise Refused(str(failure)) from failure
    click.echo(report.as_markdown(), nl=False)
