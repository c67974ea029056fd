"""Sheets of a workbook, written from the top row down."""

import re
from collections.abc import Sequence
from typing import Any

from techauction.reports.writers.settlement_columns import Cell, Form

_NUMBERS = {Form.TEXT: "@", Form.COUNT: "0", Form.YUAN: "#,##0.00", Form.PERCENT: "0.00"}
_A3 = 8
_MOST_SIGNS = 31
_NOT_IN_A_NAME = re.compile(r"[\[\]:*?/\\\x00-\x1f]")


class Paper:
    """A workbook with its formats. Every sheet begins with `marks`, which say that it must not be taken for a real sale."""

    def __init__(self, book: Any, heading: str, marks: Sequence[str]) -> None:
        self._book = book
        self._heading = "  ".join([heading, *marks])[:200].replace("&", "&&")
        self._marks = marks
        self._names: set[str] = set()
        base = {"valign": "top", "font_name": "Microsoft YaHei", "font_size": 10}
        self.head = book.add_format(
            base | {"bold": True, "text_wrap": True, "align": "center", "bg_color": "#E7EEF7", "border": 1}
        )
        self.cells = _formats(book, base)
        self.sums = _formats(book, base | {"bold": True, "top": 2})
        self.warnings = _formats(book, base | {"bold": True, "font_color": "#CF1322"})
        self.strong = book.add_format(base | {"bold": True})
        self.mark = book.add_format(base | {"bold": True, "font_color": "#CF1322"})

    def sheet(self, name: str, widths: Sequence[int]) -> "Sheet":
        """Add a sheet that prints on one page's width, in landscape, with its header on every page."""
        added = self._book.add_worksheet(sheet_name(name, self._names))
        for place, width in enumerate(widths):
            added.set_column(place, place, width)
        added.set_landscape()
        added.set_paper(_A3)
        added.fit_to_pages(1, 0)
        added.set_margins(left=0.4, right=0.4)
        added.set_header(f"&L{self._heading}")
        added.set_footer("&L&A&R&P / &N")
        sheet = Sheet(self, added)
        for mark in self._marks:
            sheet.mark(mark)
        return sheet


class Sheet:
    """One sheet: what is written comes under what was written before."""

    def __init__(self, paper: Paper, sheet: Any) -> None:
        self._paper = paper
        self._sheet = sheet
        self._next = 0

    def freeze(self, *, columns: int) -> None:
        """Keep the header, which is written next, and some columns in sight."""
        self._sheet.freeze_panes(self._next + 1, columns)
        self._sheet.repeat_rows(self._next)

    def filter(self, rows: int, columns: int) -> None:
        """Let the reader filter the rows under the header, which is written next."""
        self._sheet.autofilter(self._next, 0, self._next + rows, columns - 1)

    def mark(self, text: str) -> None:
        """Write a warning."""
        self._sheet.write_string(self._next, 0, text, self._paper.mark)
        self._next += 1

    def heading(self, text: str) -> None:
        """Write a heading over what follows."""
        self._sheet.write_string(self._next, 0, text, self._paper.strong)
        self._next += 1

    def gap(self) -> None:
        """Leave a row empty."""
        self._next += 1

    def header(self, texts: Sequence[str]) -> None:
        """Write the columns' headers."""
        for place, text in enumerate(texts):
            self._sheet.write_string(self._next, place, text, self._paper.head)
        self._next += 1

    def row(self, cells: Sequence[Cell], forms: Sequence[Form], *, warn: bool = False) -> None:
        """Write a row, in red where it warns."""
        self._put(cells, forms, self._paper.warnings if warn else self._paper.cells)

    def totals(self, cells: Sequence[Cell], forms: Sequence[Form]) -> None:
        """Write what the rows above come to."""
        self._put(cells, forms, self._paper.sums)

    def _put(self, cells: Sequence[Cell], forms: Sequence[Form], formats: dict[Form, Any]) -> None:
        for place, (cell, form) in enumerate(zip(cells, forms, strict=True)):
            if cell is None:
                self._sheet.write_blank(self._next, place, None, formats[form])
            elif isinstance(cell, str):
                self._sheet.write_string(self._next, place, cell, formats[form])
            else:
                # A workbook keeps numbers as doubles, which hold every sum accepted here to the fen.
                self._sheet.write_number(self._next, place, cell, formats[form])
        self._next += 1


def sheet_name(wanted: str, taken: set[str]) -> str:
    r"""Return a name that a workbook takes, and add it to those that are taken.

    At most 31 signs (of UTF-16), none of `[]:*?/\`, no quotation mark at either end, not "History", and not one that differs
    from another in capitals alone.
    """
    plain = _NOT_IN_A_NAME.sub("-", wanted).strip().strip("'") or "-"
    if plain.casefold() == "history":
        plain = f"{plain} -"
    count, name = 1, _cut(plain, _MOST_SIGNS)
    while name.casefold() in taken:
        count += 1
        end = f" {count}"
        name = _cut(plain, _MOST_SIGNS - len(end)) + end
    taken.add(name.casefold())
    return name


def _cut(text: str, most: int) -> str:
    while len(text.encode("utf-16-le")) // 2 > most:
        text = text[:-1]
    return text.rstrip().rstrip("'")


def _formats(book: Any, base: dict[str, Any]) -> dict[Form, Any]:
    return {
        form: book.add_format(base | {"num_format": shown, "text_wrap": form is Form.TEXT}) for form, shown in _NUMBERS.items()
    }
