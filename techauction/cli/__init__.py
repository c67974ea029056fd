"""The `techauction` command, one module for each group of commands.

Exit codes: 0 done, 1 refused or violated, 2 usage. Standard output carries data only; what is said goes to standard error.
"""

import logging
import os
from pathlib import Path

import click

from techauction import logs
from techauction.cli import (
    backup,
    bench,
    custody,
    database,
    demo,
    installation,
    markets,
    record,
    report,
    rounds,
    serve,
    settlement,
    users,
)
from techauction.cli.instance import Instance, refusals_said
from techauction.cli.restoring import finish_if_due


class Commands(click.Group):
    """The commands; a refusal in any of them is one line on standard error and exit code 1."""

    def invoke(self, ctx: click.Context) -> object:
        """Run the command."""
        with refusals_said():
            return super().invoke(ctx)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.option(
    "--instance",
    type=click.Path(file_okay=False, path_type=Path),
    default=lambda: os.environ.get("TECHAUCTION_INSTANCE") or "instance",
    show_default="$TECHAUCTION_INSTANCE, else ./instance",
    help="The installation's directory: settings, database, secret key, exports.",
)
@click.version_option(package_name="techauction", prog_name="techauction")
@click.pass_context
def main(ctx: click.Context, instance: Path) -> None:
    """Hold joint auctions of scientific results."""
    logs.configure(logging.ERROR)
    ctx.obj = Instance(instance)
    ctx.call_on_close(ctx.obj.close)
    finish_if_due(ctx.obj)


for command in (
    installation.init,
    demo.demo,
    serve.serve,
    database.db,
    users.user,
    markets.market,
    rounds.round_,
    report.report,
    settlement.settlement,
    record.record,
    custody.custody,
    backup.backup,
    backup.restore,
    bench.bench,
):
    main.add_command(command)
