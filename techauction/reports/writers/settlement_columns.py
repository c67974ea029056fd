"""The columns of a settlement, the same in the workbook and in the CSV file."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Literal

from techauction.core.names import Name
from techauction.core.outcome import Ending, PassedInFor, WithheldFor
from techauction.reports.settlement import Line, Sale, Settlement
from techauction.reports.writers.cells import exact_yuan

Language = Literal["zh", "en"]
Cell = str | int | Decimal | None


class Form(StrEnum):
    """How a column's cells are written."""

    TEXT = "text"
    COUNT = "count"
    YUAN = "yuan"
    PERCENT = "percent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column: its header in two languages, how wide it is, and what stands in it for a lot and in the totals."""

    zh: str
    en: str
    form: Form
    width: int
    cell: Callable[[Line, Language], Cell]
    total: Callable[[Settlement], Cell] = lambda _: None

    @property
    def header(self) -> str:
        """Return the header in both languages."""
        return f"{self.zh}\n{self.en}"


_ENDINGS = {
    None: Name("进行中", "Not ended"),
    Ending.SOLD: Name("成交", "Sold"),
    Ending.PASSED_IN: Name("流拍", "Passed in"),
    Ending.AGREED: Name("协议成交", "Agreed"),
    Ending.WITHHELD: Name("未上拍", "Withheld"),
    Ending.WITHDRAWN: Name("撤回", "Withdrawn"),
    Ending.VOID: Name("作废", "Void"),
}
_REASONS = {
    PassedInFor.NO_BID.value: Name("无人出价", "no bid"),
    PassedInFor.RESERVE_NOT_MET.value: Name("未达保留价", "reserve not met"),
    PassedInFor.TOO_FEW_BIDDERS.value: Name("出价人数不足", "too few bidders"),
    WithheldFor.TOO_FEW_ADMITTED.value: Name("合格竞买人不足", "too few admitted"),
    WithheldFor.RESERVE_NOT_SEALED.value: Name("保留价未封存", "reserve not sealed"),
}
_MET = {True: Name("是", "Yes"), False: Name("否", "No"), None: Name("—", "—")}
_NO_RESERVE = Name("无保留价", "No reserve")


def said(name: Name, language: Language) -> str:
    """Return the name in one of its languages."""
    return name.zh if language == "zh" else name.en


def _reserve(line: Line, language: Language) -> str:
    opened_without = line.start is not None and not line.reserved
    return said(_NO_RESERVE if opened_without else _MET[line.reserve_met], language)


def _outcome(line: Line, language: Language) -> str:
    ending = said(_ENDINGS[line.ending], language)
    if not line.reason:
        return ending
    # A withdrawal has its institute's own words.
    reason = _REASONS.get(line.reason, Name(line.reason, line.reason))
    return f"{ending}（{said(reason, 'zh')}）" if language == "zh" else f"{ending} ({said(reason, 'en')})"


def _of_sale(read: Callable[[Sale], Cell]) -> Callable[[Line, Language], Cell]:
    return lambda line, _: None if line.sale is None else read(line.sale)


COLUMNS = (
    Column(
        zh="标的编号", en="Lot no", form=Form.COUNT, width=9, cell=lambda line, _: line.number, total=lambda _: "合计 Total"
    ),
    Column(zh="标的名称", en="Title", form=Form.TEXT, width=40, cell=lambda line, language: said(line.title, language)),
    Column(zh="领域", en="Field", form=Form.TEXT, width=14, cell=lambda line, language: said(line.field, language)),
    Column(zh="技术交易市场", en="Market", form=Form.TEXT, width=20, cell=lambda line, language: said(line.market, language)),
    Column(zh="科研院所", en="Institute", form=Form.TEXT, width=24, cell=lambda line, language: said(line.institute, language)),
    Column(
        zh="起拍价（元）",
        en="Start price (yuan)",
        form=Form.YUAN,
        width=17,
        cell=lambda line, _: None if line.start is None else exact_yuan(line.start),
        total=lambda settlement: exact_yuan(settlement.totals.start),
    ),
    Column(zh="达到保留价", en="Reserve met", form=Form.TEXT, width=11, cell=_reserve),
    Column(
        zh="成交价（元）",
        en="Hammer price (yuan)",
        form=Form.YUAN,
        width=17,
        cell=_of_sale(lambda sale: exact_yuan(sale.hammer)),
        total=lambda settlement: exact_yuan(settlement.totals.hammer),
    ),
    Column(
        zh="增值额（元）",
        en="Value added (yuan)",
        form=Form.YUAN,
        width=17,
        cell=_of_sale(lambda sale: exact_yuan(sale.value_added)),
        total=lambda settlement: exact_yuan(settlement.totals.value_added),
    ),
    Column(
        zh="增值率（%）",
        en="Value-added rate (%)",
        form=Form.PERCENT,
        width=11,
        cell=_of_sale(lambda sale: Decimal(sale.value_added_rate)),
        total=lambda settlement: Decimal(settlement.totals.value_added_rate),
    ),
    Column(zh="竞买号牌", en="Paddle", form=Form.COUNT, width=9, cell=_of_sale(lambda sale: sale.paddle)),
    Column(
        zh="企业",
        en="Enterprise",
        form=Form.TEXT,
        width=28,
        cell=lambda line, language: None if line.sale is None else said(line.sale.enterprise, language),
    ),
    Column(
        zh="出价次数",
        en="Bids",
        form=Form.COUNT,
        width=9,
        cell=lambda line, _: line.bids,
        total=lambda settlement: settlement.totals.bids,
    ),
    Column(
        zh="买方佣金（元）",
        en="Buyer's commission (yuan)",
        form=Form.YUAN,
        width=15,
        cell=_of_sale(lambda sale: exact_yuan(sale.buyer_commission)),
        total=lambda settlement: exact_yuan(settlement.totals.buyer_commission),
    ),
    Column(
        zh="卖方佣金（元）",
        en="Seller's commission (yuan)",
        form=Form.YUAN,
        width=15,
        cell=_of_sale(lambda sale: exact_yuan(sale.seller_commission)),
        total=lambda settlement: exact_yuan(settlement.totals.seller_commission),
    ),
    Column(
        zh="保证金抵扣（元）",
        en="Deposit applied (yuan)",
        form=Form.YUAN,
        width=16,
        cell=_of_sale(lambda sale: exact_yuan(sale.deposit_applied)),
        total=lambda settlement: exact_yuan(settlement.totals.deposit_applied),
    ),
    Column(
        zh="应付余款（元）",
        en="Due (yuan)",
        form=Form.YUAN,
        width=17,
        cell=_of_sale(lambda sale: exact_yuan(sale.due)),
        total=lambda settlement: exact_yuan(settlement.totals.due),
    ),
    Column(zh="结果", en="Outcome", form=Form.TEXT, width=18, cell=_outcome),
    Column(zh="记录末尾哈希", en="Head hash", form=Form.TEXT, width=20, cell=lambda line, _: line.head),
)
