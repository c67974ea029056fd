"""The settlement of a round: one line a lot, and totals, computed again from the record of its sale."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from techauction.core import settlement
from techauction.core.money import ZERO, Money, rate, total
from techauction.core.names import Name
from techauction.core.outcome import Ending, PassedInFor
from techauction.core.settlement import BooksDiffer, Commission, SettlementOwed, Statement
from techauction.core.value_added import NOT_COUNTED
from techauction.reports.described import Described, described_lots
from techauction.reports.parties import (
    Buyer,
    DepositLine,
    Party,
    accounts,
    buyers_of,
    deposits_of,
    markets_of,
    posted,
)
from techauction.reports.recorded import RecordedLot, find_round, recorded_lots
from techauction.reports.value_added import ValueAddedReport, compile_report
from techauction.store.aftersale import CaseRow
from techauction.store.consigning import LotRow
from techauction.store.heads import of_round
from techauction.store.money import SettlementRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Sale:
    """What a sold lot came to. `proceeds` is the institute's; the two shares are the markets', of both commissions."""

    hammer: Money
    value_added: Money
    value_added_rate: str
    paddle: int
    buyer: Buyer
    buyer_commission: Money
    seller_commission: Money
    listing_share: Money
    buyer_share: Money
    deposit_applied: Money
    due: Money
    proceeds: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One lot. It has no `start` and no `bids` here if it was not offered, or is void; no `reserve_met` where nothing tells."""

    number: int
    title: Name
    field: Name
    market: Party
    institute: Party
    start: Money | None
    reserved: bool
    reserve_met: bool | None
    bids: int | None
    ending: Ending | None
    reason: str
    head: str | None
    sale: Sale | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """The lines added up."""

    start: Money
    hammer: Money
    value_added: Money
    value_added_rate: str
    bids: int
    buyer_commission: Money
    seller_commission: Money
    listing_share: Money
    buyer_share: Money
    deposit_applied: Money
    due: Money
    proceeds: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """A round's settlement. `digest` is empty until the round has closed; `round_head` is there where it is over that too.

    `posted` is what its ledger has, by posting; `accounts` what that owes, by account.
    """

    value_added: ValueAddedReport
    lines: list[Line]
    totals: Totals
    markets: list[Party]
    deposits: list[DepositLine]
    posted: Mapping[str, Money]
    accounts: Mapping[str, Money]
    commission: Commission
    commission_note: str
    digest: str | None
    round_head: str | None
    closed_at: datetime | None


def compile_settlement(session: Session, slug: str) -> Settlement:
    """Return the round's settlement.

    :raises NoSuch: there is no such round
    :raises BooksDiffer: a lot's kept settlement is not what its record comes to
    :raises SettlementOwed: a lot was sold just now, and its settlement is on its way
    """
    row = find_round(session, slug)
    recorded = recorded_lots(session, row.id)
    described = {each.lot: each for each in described_lots(session, row.id)}
    buyers = buyers_of(session, row.id)
    kept = {
        each.lot_id: each
        for each in session.scalars(select(SettlementRow).where(SettlementRow.lot_id.in_(each.id for each in recorded)))
    }
    handed_off = set(
        session.scalars(select(CaseRow.lot_id).join(LotRow, CaseRow.lot_id == LotRow.id).where(LotRow.round_id == row.id))
    )
    commission = row.commission()
    lines = []
    for lot in recorded:
        sale = None
        if lot.ending is Ending.SOLD:
            if row.closed_at is None and lot.id not in kept and lot.id not in handed_off:
                raise SettlementOwed(f"{slug}/{lot.number}")
            statement = _statement(f"{slug}/{lot.number}", lot, kept.get(lot.id), commission)
            sale = _sale(lot, statement, buyers)
        lines.append(_line(lot, described[lot.id], sale))
    return Settlement(
        value_added=compile_report(session, slug),
        lines=lines,
        totals=totals(lines),
        markets=markets_of(session, row.id),
        deposits=deposits_of(session, row.id),
        posted=posted(session, row.id),
        accounts=accounts(session, row.id),
        commission=commission,
        commission_note=row.commission_note or "",
        digest=row.digest,
        round_head=of_round(session, row),
        closed_at=row.closed_at,
    )


def _statement(name: str, lot: RecordedLot, kept: SettlementRow | None, commission: Commission) -> Statement:
    if lot.price is None or kept is None:
        raise BooksDiffer(name, "missing")
    statement = settlement.settle(lot.price, kept.deposit_applied, commission)
    for what in settlement.KEPT:
        if getattr(kept, what) != getattr(statement, what):
            raise BooksDiffer(name, what)
    return statement


def _sale(lot: RecordedLot, statement: Statement, buyers: Mapping[int, Buyer]) -> Sale:
    assert lot.paddle is not None
    start = lot.start or ZERO
    added = statement.hammer_price - start
    return Sale(
        hammer=statement.hammer_price,
        value_added=added,
        value_added_rate=rate(added, start),
        paddle=lot.paddle,
        buyer=buyers[lot.paddle],
        buyer_commission=statement.buyer_commission,
        seller_commission=statement.seller_commission,
        listing_share=statement.listing_market_share,
        buyer_share=statement.buyer_market_share,
        deposit_applied=statement.deposit_applied,
        due=statement.due,
        proceeds=statement.proceeds,
    )


def _line(lot: RecordedLot, described: Described, sale: Sale | None) -> Line:
    met = None
    if lot.reserved and lot.ending is Ending.SOLD:
        met = True
    elif lot.reason == PassedInFor.RESERVE_NOT_MET:
        met = False
    return Line(
        number=lot.number,
        title=described.title,
        field=described.field,
        market=described.market,
        institute=described.institute,
        start=None if lot.ending in NOT_COUNTED else lot.start,
        reserved=lot.reserved,
        reserve_met=met,
        bids=None if lot.ending in NOT_COUNTED else lot.bids,
        ending=lot.ending,
        reason=lot.reason,
        head=lot.head,
        sale=sale,
    )


def totals(lines: Sequence[Line]) -> Totals:
    """Return the lines added up; the rate is from the sums."""
    sales = [line.sale for line in lines if line.sale is not None]
    sold_start = total(line.start or ZERO for line in lines if line.sale is not None)
    added = total(sale.value_added for sale in sales)
    return Totals(
        start=total(line.start or ZERO for line in lines),
        hammer=total(sale.hammer for sale in sales),
        value_added=added,
        value_added_rate=rate(added, sold_start),
        bids=sum(line.bids or 0 for line in lines),
        buyer_commission=total(sale.buyer_commission for sale in sales),
        seller_commission=total(sale.seller_commission for sale in sales),
        listing_share=total(sale.listing_share for sale in sales),
        buyer_share=total(sale.buyer_share for sale in sales),
        deposit_applied=total(sale.deposit_applied for sale in sales),
        due=total(sale.due for sale in sales),
        proceeds=total(sale.proceeds for sale in sales),
    )
