"""`techauction report`: what was sold, added up from the record."""

import click

from techauction.cli.instance import Instance, pass_instance
from techauction.reports.value_added import compile_report
from techauction.reports.writers.value_added import write_csv, write_json, write_table

round_option = click.option("--round", "slug", required=True, metavar="SLUG", help="The round.")


@click.group()
def report() -> None:
    """Print reports."""


@report.command("value-added")
@round_option
@click.option("--format", "format_", type=click.Choice(["table", "json", "csv"]), default="table", show_default=True)
@pass_instance
def value_added(instance: Instance, slug: str, format_: str) -> None:
    """Print the value-added report of a round."""
    with instance.reading_round(slug) as session:
        compiled = compile_report(session, slug)
    match format_:
        case "json":
            text = write_json(compiled)
        case "csv":
            text = "".join(write_csv(compiled))
        case _:
            text = write_table(compiled)
    click.echo(text.encode(), nl=False)
