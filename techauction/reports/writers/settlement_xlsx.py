"""A settlement as a workbook: the lots, the value added by field, and notes."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, BinaryIO

import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from techauction.core.value_added import ValueAdded
from techauction.reports.settlement import Settlement
from techauction.reports.value_added import ValueAddedReport
from techauction.reports.writers.cells import exact_yuan
from techauction.reports.writers.settlement_columns import COLUMNS, Cell, Form, Language
from techauction.reports.writers.settlement_notes import SYNTHETIC, notes

_NUMBERS = {Form.TEXT: "@", Form.COUNT: "0", Form.YUAN: "#,##0.00", Form.PERCENT: "0.00"}
_A3 = 8
_GROUP_COLUMNS = (
    ("领域\nField", Form.TEXT, 44),
    ("上拍标的\nLots offered", Form.COUNT, 12),
    ("成交标的\nLots sold", Form.COUNT, 12),
    ("起拍价合计（元）\nStart prices (yuan)", Form.YUAN, 20),
    ("成交标的起拍价（元）\nStart prices of lots sold (yuan)", Form.YUAN, 20),
    ("成交价合计（元）\nHammer prices (yuan)", Form.YUAN, 20),
    ("增值额（元）\nValue added (yuan)", Form.YUAN, 20),
    ("增值率（%）\nValue-added rate (%)", Form.PERCENT, 14),
    ("出价次数\nBids", Form.COUNT, 12),
)


def write_xlsx(settlement: Settlement, target: BinaryIO, *, language: Language, written_at: datetime) -> None:
    """Write the settlement as a workbook. Text is text: no cell is a formula or a link, whatever a title begins with."""
    book = xlsxwriter.Workbook(
        target, {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    )
    book.set_properties(
        {
            "title": f"{settlement.value_added.slug} settlement",
            "created": written_at.replace(tzinfo=None),
            "author": "techauction",
        }
    )
    paper = _Paper(book, settlement)
    _write_lots(paper, settlement, language)
    _write_fields(paper, settlement.value_added)
    _write_notes(paper, settlement)
    book.close()


class _Paper:
    """A workbook with its formats."""

    def __init__(self, book: Any, settlement: Settlement) -> None:
        self.book = book
        report = settlement.value_added
        mark = f"  {SYNTHETIC}" if report.synthetic else ""
        self.heading = f"{report.title.zh}  {report.title.en}{mark}"[:200].replace("&", "&&")
        base = {"valign": "top", "font_name": "Microsoft YaHei", "font_size": 10}
        self.header = book.add_format(
            base | {"bold": True, "text_wrap": True, "align": "center", "bg_color": "#E7EEF7", "border": 1}
        )
        self.cells = {
            form: book.add_format(base | {"num_format": shown, "text_wrap": form is Form.TEXT})
            for form, shown in _NUMBERS.items()
        }
        self.totals = {
            form: book.add_format(base | {"num_format": shown, "bold": True, "top": 2}) for form, shown in _NUMBERS.items()
        }
        self.text = book.add_format(base | {"text_wrap": True})
        self.mark = book.add_format(base | {"bold": True, "font_color": "#CF1322"})

    def sheet(self, name: str, widths: Sequence[int]) -> Worksheet:
        """Add a sheet that prints on one page's width, in landscape, with its header on every page."""
        sheet: Worksheet = self.book.add_worksheet(name)
        for place, width in enumerate(widths):
            sheet.set_column(place, place, width)
        sheet.set_landscape()
        sheet.set_paper(_A3)
        sheet.fit_to_pages(1, 0)
        sheet.set_margins(left=0.4, right=0.4)
        sheet.set_header(f"&L{self.heading}")
        sheet.set_footer("&L&A&R&P / &N")
        return sheet


def _write_lots(paper: _Paper, settlement: Settlement, language: Language) -> None:
    sheet = paper.sheet("结算 Settlement", [column.width for column in COLUMNS])
    sheet.freeze_panes(1, 2)
    sheet.repeat_rows(0)
    sheet.autofilter(0, 0, len(settlement.lines), len(COLUMNS) - 1)
    for place, column in enumerate(COLUMNS):
        sheet.write_string(0, place, column.header, paper.header)
    for row, line in enumerate(settlement.lines, 1):
        for place, column in enumerate(COLUMNS):
            _put(sheet, row, place, column.cell(line, language), paper.cells[column.form])
    last = len(settlement.lines) + 1
    for place, column in enumerate(COLUMNS):
        _put(sheet, last, place, column.total(settlement), paper.totals[column.form])
    if settlement.value_added.synthetic:
        sheet.write_string(last + 2, 0, SYNTHETIC, paper.mark)


def _write_fields(paper: _Paper, report: ValueAddedReport) -> None:
    sheet = paper.sheet("增值 Value added", [width for _, _, width in _GROUP_COLUMNS])
    sheet.freeze_panes(1, 1)
    sheet.repeat_rows(0)
    for place, (header, _, _) in enumerate(_GROUP_COLUMNS):
        sheet.write_string(0, place, header, paper.header)
    groups = report.by["field"]
    for row, group in enumerate(groups, 1):
        _write_sums(sheet, row, f"{group.name.zh} {group.name.en}", group.sums, paper.cells)
    _write_sums(sheet, len(groups) + 1, "合计 Total", report.totals, paper.totals)


def _write_sums(sheet: Worksheet, row: int, name: str, sums: ValueAdded, formats: dict[Form, Any]) -> None:
    cells: tuple[Cell, ...] = (
        name,
        sums.lots_offered,
        sums.lots_sold,
        exact_yuan(sums.start),
        exact_yuan(sums.sold_start),
        exact_yuan(sums.hammer),
        exact_yuan(sums.value_added),
        Decimal(sums.value_added_rate),
        sums.bids,
    )
    for place, cell in enumerate(cells):
        _put(sheet, row, place, cell, formats[_GROUP_COLUMNS[place][1]])


def _write_notes(paper: _Paper, settlement: Settlement) -> None:
    sheet = paper.sheet("说明 Notes", [70, 100])
    for row, (zh, en) in enumerate(notes(settlement)):
        sheet.write_string(row, 0, zh, paper.text)
        sheet.write_string(row, 1, en, paper.text)


def _put(sheet: Worksheet, row: int, place: int, cell: Cell, form: Any) -> None:
    if cell is None:
        sheet.write_blank(row, place, None, form)
    elif isinstance(cell, str):
        sheet.write_string(row, place, cell, form)
    else:
        # A workbook keeps numbers as doubles, which hold every sum accepted here to the fen.
        sheet.write_number(row, place, cell, form)
