"""`techauction demo`: a played round to look at, and a live one to take part in."""

import os

import click
from click.core import ParameterSource

from techauction.cli.instance import Instance
from techauction.demo.command import run


@click.command()
@click.option("--no-serve", is_flag=True, help="Stop after the report of the played round.")
@click.option("--fresh", is_flag=True, help="Delete the demonstration that is there, and start over.")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option(
    "--port", type=click.IntRange(0, 65_485), default=5000, show_default=True, help="If it is taken, the next free one."
)
@click.pass_context
def demo(ctx: click.Context, *, no_serve: bool, fresh: bool, host: str, port: int) -> None:
    """Play the round of 6 June 2020, report it, and serve a live round to take part in.

    The demonstration has a directory of its own: the instance's, if one is named, else instance/demo.
    """
    instance = ctx.ensure_object(Instance)
    named = ctx.find_root().get_parameter_source("instance") is ParameterSource.COMMANDLINE
    named = named or bool(os.environ.get("TECHAUCTION_INSTANCE"))
    run(instance.directory if named else instance.directory / "demo", serve=not no_serve, fresh=fresh, host=host, port=port)
