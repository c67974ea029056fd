"""A settlement as CSV."""

from collections.abc import Iterator

from techauction.reports.settlement import Settlement
from techauction.reports.writers.cells import csv_lines
from techauction.reports.writers.settlement_columns import COLUMNS, Language


def write_csv(settlement: Settlement, language: Language = "zh") -> Iterator[str]:
    """Yield the settlement as the lines of a CSV file: a row each lot, and the totals last."""
    header = [f"{column.zh} {column.en}" for column in COLUMNS]
    lines = ([column.cell(line, language) for column in COLUMNS] for line in settlement.lines)
    totals = [column.total(settlement) for column in COLUMNS]
    return csv_lines([header, *lines, totals])
