"""`techauction settlement`: what is owed."""

from pathlib import Path

import click

from techauction.cli.instance import Instance, pass_instance, tell
from techauction.cli.report import round_option
from techauction.reports.exports import Format, export_settlement, settlement_name


@click.group()
def settlement() -> None:
    """Write settlements into files."""


@settlement.command()
@round_option
@click.option("--format", "form", type=click.Choice(["xlsx", "csv"]), default="xlsx", show_default=True)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The file to write.  [default: exports/SLUG-settlement.FORMAT in the instance]",
)
@click.option("--language", type=click.Choice(["zh", "en"]), default="zh", show_default=True, help="Of the words in the cells.")
@pass_instance
def export(instance: Instance, slug: str, form: Format, out: Path | None, language: str) -> None:
    """Write a round's settlement as a workbook or as CSV, and print the file's name."""
    with instance.reading_round(slug) as session:
        file = export_settlement(
            session,
            slug=slug,
            form=form,
            file=out or instance.settings.exports / settlement_name(slug, form),
            now=instance.clock(),
            language="en" if language == "en" else "zh",
        )
    tell("wrote the settlement")
    click.echo(file)
