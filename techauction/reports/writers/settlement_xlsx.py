"""A settlement as a workbook: all lots, the fields, a sheet for each market and institute, the deposits, checks, and notes."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import BinaryIO

import xlsxwriter

from techauction.core.admission import DepositState
from techauction.core.money import Money, total
from techauction.core.names import Name
from techauction.core.value_added import ValueAdded
from techauction.reports.checks import Check, InstitutePart, MarketPart, checks, institute_parts, market_parts
from techauction.reports.parties import DepositLine
from techauction.reports.settlement import Line, Settlement, totals
from techauction.reports.value_added import ValueAddedReport
from techauction.reports.writers.cells import exact_yuan
from techauction.reports.writers.settlement_columns import (
    BOUGHT,
    COLUMNS,
    CONSIGNED,
    LISTED,
    SHARE_AT,
    TITLE_AT,
    Cell,
    Column,
    Form,
    Language,
    said,
)
from techauction.reports.writers.settlement_notes import notes, settlement_marks
from techauction.reports.writers.workbook import Paper, Sheet

_GROUP_COLUMNS = (
    ("领域\nField", Form.TEXT, 44),
    ("开拍标的\nLots offered", Form.COUNT, 12),
    ("成交标的\nLots sold", Form.COUNT, 12),
    ("起拍价合计（元）\nStart prices (yuan)", Form.YUAN, 20),
    ("成交标的起拍价（元）\nStart prices of lots sold (yuan)", Form.YUAN, 20),
    ("成交价合计（元）\nHammer prices (yuan)", Form.YUAN, 20),
    ("增值额（元）\nValue added (yuan)", Form.YUAN, 20),
    ("增值率（%）\nValue-added rate (%)", Form.PERCENT, 14),
    ("报价次数\nBids", Form.COUNT, 12),
)
_DEPOSIT_COLUMNS = (
    ("竞买号牌\nPaddle", Form.COUNT, 10),
    ("企业\nEnterprise", Form.TEXT, 30),
    ("统一社会信用代码\nCredit code", Form.TEXT, 22),
    ("所属市场\nMarket", Form.TEXT, 20),
    ("标的编号\nLot no", Form.COUNT, 14),
    ("应缴（元）\nRequired (yuan)", Form.YUAN, 17),
    ("已收（元）\nReceived (yuan)", Form.YUAN, 17),
    ("抵扣（元）\nApplied (yuan)", Form.YUAN, 17),
    ("应退（元）\nTo go back (yuan)", Form.YUAN, 17),
    ("仍冻结（元）\nHeld (yuan)", Form.YUAN, 17),
    ("状态\nState", Form.TEXT, 16),
)
_CHECK_COLUMNS = (
    ("合计\nTotal", Form.TEXT, 34),
    ("表内（元）\nIn the sheets (yuan)", Form.YUAN, 20),
    ("另算方法\nAdded up again", Form.TEXT, 54),
    ("另算（元）\nAgain (yuan)", Form.YUAN, 20),
    ("差额（元）\nDifference (yuan)", Form.YUAN, 18),
    ("结论\nVerdict", Form.TEXT, 18),
)
_STATES = {
    DepositState.DUE: Name("应缴", "Due"),
    DepositState.HELD: Name("冻结", "Held"),
    DepositState.APPLIED: Name("抵扣", "Applied"),
    DepositState.RELEASED: Name("应退", "To go back"),
    DepositState.FORFEITED: Name("没收", "Forfeited"),
}
_WHOLE_ROUND = Name("整场", "Whole round")
_SURPLUS = Name("多缴", "Over what is needed")


def write_xlsx(settlement: Settlement, target: BinaryIO, *, language: Language, written_at: datetime) -> None:
    """Write the settlement as a workbook. Text is text: no cell is a formula or a link, whatever a title begins with."""
    report = settlement.value_added
    book = xlsxwriter.Workbook(
        target, {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    )
    book.set_properties(
        {"title": f"{report.slug} settlement", "created": written_at.replace(tzinfo=None), "author": "techauction"}
    )
    paper = Paper(book, f"{report.title.zh}  {report.title.en}", settlement_marks(settlement))
    _write_lots(paper, settlement, language)
    _write_fields(paper, report)
    for market in market_parts(settlement):
        _write_market(paper, market, language)
    for institute in institute_parts(settlement):
        _write_institute(paper, institute, language)
    _write_deposits(paper, settlement.deposits, language)
    _write_checks(paper, checks(settlement))
    _write_notes(paper, settlement, written_at)
    book.close()


def _write_lots(paper: Paper, settlement: Settlement, language: Language) -> None:
    sheet = paper.sheet("结算 Settlement", [column.width for column in COLUMNS])
    sheet.freeze(columns=2)
    sheet.filter(len(settlement.lines), len(COLUMNS))
    _write_lines(sheet, COLUMNS, settlement.lines, language)


def _write_lines(sheet: Sheet, columns: Sequence[Column], lines: Sequence[Line], language: Language) -> None:
    """Write a block: its header, a row each lot, and what they come to."""
    forms = [column.form for column in columns]
    sheet.header([column.header for column in columns])
    for line in lines:
        sheet.row([column.cell(line, language) for column in columns], forms)
    sums = totals(lines)
    sheet.totals([column.total(sums) for column in columns], forms)


def _write_fields(paper: Paper, report: ValueAddedReport) -> None:
    sheet = paper.sheet("增值 Value added", [width for _, _, width in _GROUP_COLUMNS])
    sheet.freeze(columns=1)
    forms = [form for _, form, _ in _GROUP_COLUMNS]
    sheet.header([header for header, _, _ in _GROUP_COLUMNS])
    for group in report.by["field"]:
        sheet.row(_sums(f"{group.name.zh} {group.name.en}", group.sums), forms)
    sheet.totals(_sums("合计 Total", report.totals), forms)


def _sums(name: str, sums: ValueAdded) -> list[Cell]:
    return [
        name,
        sums.lots_offered,
        sums.lots_sold,
        exact_yuan(sums.start),
        exact_yuan(sums.sold_start),
        exact_yuan(sums.hammer),
        exact_yuan(sums.value_added),
        Decimal(sums.value_added_rate),
        sums.bids,
    ]


def _write_market(paper: Paper, part: MarketPart, language: Language) -> None:
    widths = [max(listed.width, bought.width) for listed, bought in zip(LISTED, BOUGHT, strict=True)]
    sheet = paper.sheet(f"市场 {said(part.party.name, language)}", widths)
    sheet.heading(f"{part.party.name.zh} {part.party.name.en}")
    sheet.heading("挂牌标的 Lots that this market listed")
    _write_lines(sheet, LISTED, part.listed, language)
    sheet.gap()
    sheet.heading("本市场企业买受的标的 Lots that this market's enterprises bought")
    _write_lines(sheet, BOUGHT, part.bought, language)
    sheet.gap()
    # Under the two columns that it adds up, which stand in the same place.
    cells: list[Cell] = [None] * len(LISTED)
    cells[TITLE_AT] = "本市场佣金分成合计（元） This market's share of the commissions (yuan)"
    cells[SHARE_AT] = exact_yuan(part.commission)
    sheet.totals(cells, [column.form for column in LISTED])


def _write_institute(paper: Paper, part: InstitutePart, language: Language) -> None:
    sheet = paper.sheet(f"院所 {said(part.party.name, language)}", [column.width for column in CONSIGNED])
    sheet.heading(f"{part.party.name.zh} {part.party.name.en} {part.party.credit_code}")
    sheet.freeze(columns=2)
    _write_lines(sheet, CONSIGNED, part.consigned, language)


def _write_deposits(paper: Paper, deposits: Sequence[DepositLine], language: Language) -> None:
    sheet = paper.sheet("保证金 Deposits", [width for _, _, width in _DEPOSIT_COLUMNS])
    sheet.freeze(columns=2)
    forms = [form for _, form, _ in _DEPOSIT_COLUMNS]
    sheet.header([header for header, _, _ in _DEPOSIT_COLUMNS])
    for each in deposits:
        sheet.row(
            [
                each.paddle,
                said(each.bidder.name, language),
                each.bidder.credit_code,
                said(each.bidder.market.name, language),
                each.lot or said(_SURPLUS if each.surplus else _WHOLE_ROUND, language),
                *map(exact_yuan, _deposit_sums(each)),
                said(_STATES[each.state], language),
            ],
            forms,
        )
    columns = zip(*map(_deposit_sums, deposits), strict=True) if deposits else [()] * 5
    sheet.totals(["合计 Total", None, None, None, None, *(exact_yuan(total(column)) for column in columns), None], forms)


def _deposit_sums(deposit: DepositLine) -> tuple[Money, ...]:
    return deposit.required, deposit.received, deposit.applied, deposit.go_back, deposit.held


def _write_checks(paper: Paper, found: Sequence[Check]) -> None:
    sheet = paper.sheet("核对 Checks", [width for _, _, width in _CHECK_COLUMNS])
    sheet.freeze(columns=1)
    forms = [form for _, form, _ in _CHECK_COLUMNS]
    sheet.header([header for header, _, _ in _CHECK_COLUMNS])
    for check in found:
        agrees = not check.difference.minor
        sheet.row(
            [
                f"{check.what.zh} {check.what.en}",
                exact_yuan(check.shown),
                f"{check.way.zh} {check.way.en}",
                exact_yuan(check.again),
                exact_yuan(check.difference),
                "相符 Agrees" if agrees else "不符 Differs",
            ],
            forms,
            warn=not agrees,
        )


def _write_notes(paper: Paper, settlement: Settlement, written_at: datetime) -> None:
    sheet = paper.sheet("说明 Notes", [70, 100])
    for zh, en in notes(settlement, written_at):
        sheet.row([zh, en], [Form.TEXT, Form.TEXT])
