"""What a settlement says of itself."""

from collections.abc import Iterator
from datetime import datetime

from techauction.core.days import SHANGHAI
from techauction.reports.settlement import Settlement
from techauction.reports.value_added import ValueAddedReport

SYNTHETIC = "合成数据，仅供演示 SYNTHETIC DATA FOR DEMONSTRATION"
REHEARSAL = "演练场次，结果无效力 REHEARSAL: ITS OUTCOMES BIND NOBODY"
PROVISIONAL = "本场次尚未结束，各数均为暂计 THE ROUND HAS NOT CLOSED: ALL FIGURES ARE PROVISIONAL"
_RULES = (
    (
        "起拍价、成交价、报价次数和结果逐条取自成交记录；各合计由这些数值重新相加。未开拍、撤回和成交被撤销的标的不列起拍价和报价次数，不计入合计。",
        (
            "Start prices, hammer prices, bids and outcomes are read from the record of the sale, and every total is added up"
            " from them. Lots withheld, withdrawn or void have no start price and no bids here, and are in no total."
        ),
    ),
    (
        "增值率 =（成交价合计 - 成交标的起拍价合计）/ 成交标的起拍价合计，四舍五入至两位小数；从不对各标的增值率取平均。",
        (
            "Value-added rate = (sum of hammer prices - sum of start prices of lots sold) / sum of start prices of lots sold,"
            " half-up at two places; never an average of rates."
        ),
    ),
    (
        "应付余款 = 成交价 + 买方佣金 - 保证金抵扣。",
        "Due = hammer price + buyer's commission - deposit applied.",
    ),
    (
        "应付科研院所 = 成交价 - 卖方佣金。双方佣金之和由挂牌市场和买方市场按比例分成，分成之和等于佣金之和，精确到分。",
        (
            "Institute's proceeds = hammer price - seller's commission. Both commissions together are shared between the"
            " listing market and the buyer's market; the shares add up to the commissions to the fen."
        ),
    ),
    (
        "双方佣金分别按成交价计算，四舍五入至分；分成除不尽的一分归余数较大的一方，余数相同的归挂牌市场。",
        (
            "Each side's commission is computed from the hammer price by itself, half-up to the fen. A fen that a split leaves"
            " over goes to the share with the larger remainder; where they are equal, to the listing market."
        ),
    ),
    (
        "保证金：已收 = 抵扣 + 应退 + 仍冻结；多缴且尚未退还的单独列示，全额应退。付款、退款及市场间清算不在本表内。",
        (
            "Deposits: received = applied + to go back + held. What came over all that a bidder's deposits need, and has not"
            " gone back, has a line of its own. Payments, refunds and clearing between markets are not in this file."
        ),
    ),
    ("金额单位为元，精确到分。", "Sums are in yuan, exact to the fen."),
)


def marks(report: ValueAddedReport) -> list[str]:
    """Return what every list of a round says before anything else that must not be taken for a real sale."""
    return [SYNTHETIC] * report.synthetic + [REHEARSAL] * report.rehearsal


def settlement_marks(settlement: Settlement) -> list[str]:
    """Return what a settlement says before anything else: what it must not be taken for, and that the round is not over."""
    return marks(settlement.value_added) + [PROVISIONAL] * (settlement.closed_at is None)


def notes(settlement: Settlement, written_at: datetime) -> Iterator[tuple[str, str]]:
    """Yield the notes, in Chinese and in English."""
    report, commission = settlement.value_added, settlement.commission
    yield report.title.zh, report.title.en
    yield f"场次代码：{report.slug}", f"Round: {report.slug}"
    if report.synthetic:
        yield SYNTHETIC, "Institutes, enterprises, titles and prices are invented where nothing was published."
    if report.rehearsal:
        yield "演练场次，结果无效力。", "A rehearsal: its outcomes bind nobody."
    yield from _RULES
    buyer, seller = _percent(commission.buyer_bps), _percent(commission.seller_bps)
    yield f"佣金按成交价计：买方 {buyer}，卖方 {seller}。", f"Commission on the hammer price: buyer {buyer}, seller {seller}."
    if settlement.commission_note:
        yield f"佣金约定：{settlement.commission_note}", f"As agreed: {settlement.commission_note}"
    listing, buying = _percent(commission.listing_share_bps), _percent(10_000 - commission.listing_share_bps)
    yield f"佣金分成：挂牌市场 {listing}，买方市场 {buying}。", f"Split: listing market {listing}, buyer's market {buying}."
    if settlement.closed_at is not None:
        closed = _clock(settlement.closed_at)
        yield f"本场次结束时间：{closed}（北京时间）", f"The round closed at {closed} (China Standard Time, UTC+8)."
    written = _clock(written_at)
    yield f"本表编制时间：{written}（北京时间）", f"This file was written at {written} (China Standard Time, UTC+8)."
    if settlement.digest is None:
        yield "本场次尚未结束，尚无摘要。", "The round has not closed; it has no digest yet."
    else:
        yield (
            f"各标的记录末位哈希的摘要（SHA-256）：{settlement.digest}",
            f"Digest (SHA-256) of the lots' head hashes: {settlement.digest}",
        )
    if settlement.round_head is not None:
        head = settlement.round_head
        yield (
            f"摘要还包括场次自身记录的末位哈希（其中各号牌与竞买人绑定）：{head}",
            f"The digest is over the head of the round's own record too, which binds paddles to bidders: {head}",
        )


def _clock(at: datetime) -> str:
    return f"{at.astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S}"


def _percent(basis_points: int) -> str:
    return f"{basis_points // 100}.{basis_points % 100:02d}%"
