"""The columns of a settlement, the same in the workbook and in the CSV file."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Literal

from techauction.core.money import Money
from techauction.core.names import Name
from techauction.core.outcome import Ending, PassedInFor, WithheldFor
from techauction.reports.parties import Buyer
from techauction.reports.settlement import Line, Sale, Totals
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
    """A column: its header in two languages, how wide it is, and what stands in it for a lot and for many together."""

    zh: str
    en: str
    form: Form
    width: int
    cell: Callable[[Line, Language], Cell]
    total: Callable[[Totals], Cell] = lambda _: None

    @property
    def header(self) -> str:
        """Return the header in both languages."""
        return f"{self.zh}\n{self.en}"


_ENDINGS = {
    None: Name("进行中", "Not ended"),
    Ending.SOLD: Name("成交", "Sold"),
    Ending.PASSED_IN: Name("流拍", "Passed in"),
    Ending.AGREED: Name("协议成交", "Agreed"),
    Ending.WITHHELD: Name("未开拍", "Withheld"),
    Ending.WITHDRAWN: Name("撤回", "Withdrawn"),
    Ending.VOID: Name("撤销", "Void"),
}
_REASONS = {
    PassedInFor.NO_BID.value: Name("无人报价", "no bid"),
    PassedInFor.RESERVE_NOT_MET.value: Name("未达保留价", "reserve not met"),
    PassedInFor.TOO_FEW_BIDDERS.value: Name("报价人数不足", "too few bidders"),
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


def _text(zh: str, en: str, width: int, cell: Callable[[Line, Language], Cell]) -> Column:
    return Column(zh=zh, en=en, form=Form.TEXT, width=width, cell=cell)


def _yuan_of_sale(zh: str, en: str, read: Callable[[Sale | Totals], Money]) -> Column:
    """Return a column of sums that only a sold lot has."""
    return Column(
        zh=f"{zh}（元）",
        en=f"{en} (yuan)",
        form=Form.YUAN,
        width=17,
        cell=_of_sale(lambda sale: exact_yuan(read(sale))),
        total=lambda totals: exact_yuan(read(totals)),
    )


def _of_buyer(zh: str, en: str, width: int, read: Callable[[Buyer, Language], str]) -> Column:
    return _text(zh, en, width, lambda line, language: None if line.sale is None else read(line.sale.buyer, language))


NUMBER = Column(
    zh="标的编号", en="Lot no", form=Form.COUNT, width=9, cell=lambda line, _: line.number, total=lambda _: "合计 Total"
)
TITLE = _text("标的名称", "Title", 40, lambda line, language: said(line.title, language))
FIELD = _text("领域", "Field", 14, lambda line, language: said(line.field, language))
MARKET = _text("挂牌市场", "Listing market", 20, lambda line, language: said(line.market.name, language))
INSTITUTE = _text("科研院所", "Institute", 24, lambda line, language: said(line.institute.name, language))
START = Column(
    zh="起拍价（元）",
    en="Start price (yuan)",
    form=Form.YUAN,
    width=17,
    cell=lambda line, _: None if line.start is None else exact_yuan(line.start),
    total=lambda totals: exact_yuan(totals.start),
)
RESERVE = _text("达到保留价", "Reserve met", 11, _reserve)
HAMMER = _yuan_of_sale("成交价", "Hammer price", lambda of: of.hammer)
ADDED = _yuan_of_sale("增值额", "Value added", lambda of: of.value_added)
RATE = Column(
    zh="增值率（%）",
    en="Value-added rate (%)",
    form=Form.PERCENT,
    width=11,
    cell=_of_sale(lambda sale: Decimal(sale.value_added_rate)),
    total=lambda totals: Decimal(totals.value_added_rate),
)
PADDLE = Column(zh="竞买号牌", en="Paddle", form=Form.COUNT, width=9, cell=_of_sale(lambda sale: sale.paddle))
BUYER = _of_buyer("买受人", "Buyer", 28, lambda buyer, language: said(buyer.name, language))
CODE = _of_buyer("买受人统一社会信用代码", "Buyer's credit code", 22, lambda buyer, _: buyer.credit_code)
BUYER_MARKET = _of_buyer("买方市场", "Buyer's market", 20, lambda buyer, language: said(buyer.market.name, language))
BIDS = Column(
    zh="报价次数", en="Bids", form=Form.COUNT, width=9, cell=lambda line, _: line.bids, total=lambda totals: totals.bids
)
BUYER_COMMISSION = _yuan_of_sale("买方佣金", "Buyer's commission", lambda of: of.buyer_commission)
SELLER_COMMISSION = _yuan_of_sale("卖方佣金", "Seller's commission", lambda of: of.seller_commission)
LISTING_SHARE = _yuan_of_sale("挂牌市场分成", "Listing market's share", lambda of: of.listing_share)
BUYER_SHARE = _yuan_of_sale("买方市场分成", "Buyer's market's share", lambda of: of.buyer_share)
APPLIED = _yuan_of_sale("保证金抵扣", "Deposit applied", lambda of: of.deposit_applied)
DUE = _yuan_of_sale("应付余款", "Due", lambda of: of.due)
PROCEEDS = _yuan_of_sale("应付科研院所", "Institute's proceeds", lambda of: of.proceeds)
OUTCOME = _text("结果", "Outcome", 18, _outcome)
HEAD = _text("记录末位哈希", "Head hash", 20, lambda line, _: line.head)

COLUMNS = (
    NUMBER,
    TITLE,
    FIELD,
    MARKET,
    INSTITUTE,
    START,
    RESERVE,
    HAMMER,
    ADDED,
    RATE,
    PADDLE,
    BUYER,
    CODE,
    BUYER_MARKET,
    BIDS,
    BUYER_COMMISSION,
    SELLER_COMMISSION,
    LISTING_SHARE,
    BUYER_SHARE,
    APPLIED,
    DUE,
    PROCEEDS,
    OUTCOME,
    HEAD,
)
"""Of all lots."""
LISTED = (
    NUMBER,
    TITLE,
    INSTITUTE,
    OUTCOME,
    START,
    HAMMER,
    BUYER_COMMISSION,
    SELLER_COMMISSION,
    LISTING_SHARE,
    PROCEEDS,
)
"""Of the lots that a market listed."""
BOUGHT = (NUMBER, TITLE, BUYER, CODE, HAMMER, BUYER_COMMISSION, APPLIED, DUE, BUYER_SHARE, PADDLE)
"""Of the lots that a market's enterprises bought."""
TITLE_AT = LISTED.index(TITLE)
SHARE_AT = LISTED.index(LISTING_SHARE)
"""Where both blocks of a market's sheet have the titles, and the market's shares."""
assert BOUGHT.index(BUYER_SHARE) == SHARE_AT
CONSIGNED = (NUMBER, TITLE, MARKET, OUTCOME, START, HAMMER, ADDED, RATE, SELLER_COMMISSION, PROCEEDS)
"""Of the lots that an institute consigned."""
