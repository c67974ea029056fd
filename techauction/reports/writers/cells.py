"""What a cell may hold: sums, text that no spreadsheet takes for a formula, and text of a certain width."""

import csv
import io
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

from techauction.core.money import Money

BOM = "\ufeff"
"""Tells Excel that a CSV file is UTF-8."""

_STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def guarded(text: str) -> str:
    """Return text that a spreadsheet shows instead of computing it."""
    return f"'{text}" if text.startswith(_STARTS_A_FORMULA) else text


def exact_yuan(amount: Money) -> Decimal:
    """Return a sum in yuan, with exactly two places."""
    return Decimal(amount.minor).scaleb(-2)


def csv_lines(rows: Iterable[Sequence[str | int | Decimal | None]]) -> Iterator[str]:
    """Yield the lines of a CSV file that opens right in Excel: byte-order mark, CRLF, text guarded, numbers plain."""
    yield BOM
    for row in rows:
        line = io.StringIO()
        csv.writer(line, lineterminator="\r\n").writerow(guarded(cell) if isinstance(cell, str) else cell for cell in row)
        yield line.getvalue()


def width(text: str) -> int:
    """Return how many columns a text takes on a terminal, where Chinese characters take two."""
    return sum(0 if unicodedata.combining(sign) else 2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text)


def table(rows: Sequence[Sequence[str]], *, left: int = 1) -> str:
    """Return rows as columns of text, the first row ruled; the first `left` columns stand to the left, numbers to the right."""
    widths = [max(width(cell) for cell in column) for column in zip(*rows, strict=True)]
    lines = [
        "  ".join(
            cell + " " * (room - width(cell)) if place < left else " " * (room - width(cell)) + cell
            for place, (cell, room) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
    rule = "  ".join("-" * room for room in widths)
    return "\n".join([lines[0], rule, *lines[1:]]) + "\n"
