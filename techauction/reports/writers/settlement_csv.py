"""A settlement as CSV."""

from collections.abc import Iterator

from techauction.reports.settlement import Settlement
from techauction.reports.writers.cells import csv_lines
from techauction.reports.writers.settlement_columns import COLUMNS, Language
from techauction.reports.writers.settlement_notes import settlement_marks


def write_csv(settlement: Settlement, language: Language = "zh") -> Iterator[str]:
    """Yield the settlement as the lines of a CSV file: a row each lot, and the totals last.

    What must not be taken for a real sale, or is not over, says so in a row before the header.
    """
    above = [[mark] for mark in settlement_marks(settlement)]
    header = [f"{column.zh} {column.en}" for column in COLUMNS]
    lines = ([column.cell(line, language) for column in COLUMNS] for line in settlement.lines)
    totals = [column.total(settlement.totals) for column in COLUMNS]
    return csv_lines([*above, header, *lines, totals])
