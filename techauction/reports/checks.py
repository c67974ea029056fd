"""Whether a settlement's totals agree: each is added up again by another way, and differences are told."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from techauction.core.money import ZERO, Money, total
from techauction.core.names import Name
from techauction.reports.parties import Party
from techauction.reports.settlement import Line, Settlement, totals


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketPart:
    """What a settlement comes to for one market: the lots that it listed, and those that its enterprises bought."""

    party: Party
    listed: list[Line]
    bought: list[Line]

    @property
    def commission(self) -> Money:
        """Return the market's share of both commissions: for what it listed, and for the buyers that it brought."""
        return totals(self.listed).listing_share + totals(self.bought).buyer_share


@dataclass(frozen=True, slots=True, kw_only=True)
class InstitutePart:
    """What a settlement comes to for one institute."""

    party: Party
    consigned: list[Line]


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A total, and the same added up by another way."""

    what: Name
    shown: Money
    way: Name
    again: Money

    @property
    def difference(self) -> Money:
        """Return by how much they differ."""
        return self.shown - self.again


def market_parts(settlement: Settlement) -> list[MarketPart]:
    """Return the settlement by market: every lot is listed by one, and every lot sold was bought from one."""
    parties = {each.key: each for each in settlement.markets}
    parties |= {line.market.key: line.market for line in settlement.lines}
    parties |= {line.sale.buyer.market.key: line.sale.buyer.market for line in settlement.lines if line.sale is not None}
    return [
        MarketPart(
            party=party,
            listed=[line for line in settlement.lines if line.market.key == key],
            bought=[line for line in settlement.lines if line.sale is not None and line.sale.buyer.market.key == key],
        )
        for key, party in parties.items()
    ]


def institute_parts(settlement: Settlement) -> list[InstitutePart]:
    """Return the settlement by institute, in the order of their first lots."""
    parties = {line.institute.key: line.institute for line in settlement.lines}
    return [
        InstitutePart(party=party, consigned=[line for line in settlement.lines if line.institute.key == key])
        for key, party in parties.items()
    ]


def checks(settlement: Settlement) -> list[Check]:
    """Return every total with the same added up again: from the parts, from the rules, from the ledger."""
    return [*_by_parts(settlement), *_by_rules(settlement), *_by_ledger(settlement), *_by_accounts(settlement)]


def _by_parts(settlement: Settlement) -> Iterator[Check]:
    whole = settlement.totals
    fields = [group.sums for group in settlement.value_added.by["field"]]
    markets, institutes = market_parts(settlement), institute_parts(settlement)
    listed = [totals(part.listed) for part in markets]
    bought = [totals(part.bought) for part in markets]
    consigned = [totals(part.consigned) for part in institutes]
    by_field = Name("各领域之和", "sum over the fields")
    by_market = Name("各市场挂牌标的之和", "sum over the markets, of lots listed")
    by_buyer = Name("各市场买受标的之和", "sum over the markets, of lots bought")
    by_institute = Name("各科研院所之和", "sum over the institutes")
    yield Check(what=_START, shown=whole.start, way=by_field, again=total(each.start for each in fields))
    yield Check(what=_HAMMER, shown=whole.hammer, way=by_field, again=total(each.hammer for each in fields))
    yield Check(what=_ADDED, shown=whole.value_added, way=by_field, again=total(each.value_added for each in fields))
    yield Check(
        what=Name("成交标的起拍价合计", "Start prices of lots sold"),
        shown=settlement.value_added.totals.sold_start,
        way=by_field,
        again=total(each.sold_start for each in fields),
    )
    yield Check(what=_HAMMER, shown=whole.hammer, way=by_market, again=total(each.hammer for each in listed))
    yield Check(what=_HAMMER, shown=whole.hammer, way=by_buyer, again=total(each.hammer for each in bought))
    yield Check(what=_HAMMER, shown=whole.hammer, way=by_institute, again=total(each.hammer for each in consigned))
    yield Check(what=_BUYER, shown=whole.buyer_commission, way=by_market, again=total(each.buyer_commission for each in listed))
    yield Check(what=_BUYER, shown=whole.buyer_commission, way=by_buyer, again=total(each.buyer_commission for each in bought))
    yield Check(
        what=_SELLER, shown=whole.seller_commission, way=by_market, again=total(each.seller_commission for each in listed)
    )
    yield Check(
        what=_SELLER, shown=whole.seller_commission, way=by_institute, again=total(each.seller_commission for each in consigned)
    )
    yield Check(what=_LISTING, shown=whole.listing_share, way=by_market, again=total(each.listing_share for each in listed))
    yield Check(what=_BUYING, shown=whole.buyer_share, way=by_buyer, again=total(each.buyer_share for each in bought))
    yield Check(what=_PROCEEDS, shown=whole.proceeds, way=by_market, again=total(each.proceeds for each in listed))
    yield Check(what=_APPLIED, shown=whole.deposit_applied, way=by_buyer, again=total(each.deposit_applied for each in bought))
    yield Check(what=_PROCEEDS, shown=whole.proceeds, way=by_institute, again=total(each.proceeds for each in consigned))
    yield Check(what=_DUE, shown=whole.due, way=by_buyer, again=total(each.due for each in bought))


def _by_rules(settlement: Settlement) -> Iterator[Check]:
    whole, deposits = settlement.totals, settlement.deposits
    sold_start = total(line.start or ZERO for line in settlement.lines if line.sale is not None)
    commission = whole.buyer_commission + whole.seller_commission
    yield Check(
        what=_ADDED,
        shown=whole.value_added,
        way=Name("成交价合计 - 成交标的起拍价合计", "hammer prices - start prices of lots sold"),
        again=whole.hammer - sold_start,
    )
    yield Check(
        what=Name("市场佣金分成合计", "Markets' shares"),
        shown=whole.listing_share + whole.buyer_share,
        way=Name("买方佣金 + 卖方佣金", "buyers' + sellers' commission"),
        again=commission,
    )
    yield Check(
        what=_PROCEEDS,
        shown=whole.proceeds,
        way=Name("成交价 - 卖方佣金", "hammer prices - sellers' commission"),
        again=whole.hammer - whole.seller_commission,
    )
    yield Check(
        what=_DUE,
        shown=whole.due,
        way=Name("成交价 + 买方佣金 - 保证金抵扣", "hammer prices + buyers' commission - deposits applied"),
        again=whole.hammer + whole.buyer_commission - whole.deposit_applied,
    )
    yield Check(
        what=_APPLIED,
        shown=whole.deposit_applied,
        way=Name("保证金表抵扣之和", "sum over the deposits"),
        again=total(each.applied for each in deposits),
    )


def _by_ledger(settlement: Settlement) -> Iterator[Check]:
    whole, deposits, posted = settlement.totals, settlement.deposits, settlement.posted
    received = posted.get("deposit_received", ZERO) - posted.get("surplus_returned", ZERO)
    shown_and_posted: Iterable[tuple[Name, Money, Money]] = (
        (_HAMMER, whole.hammer, posted.get("price_charged", ZERO)),
        (_BUYER, whole.buyer_commission, posted.get("buyer_commission_charged", ZERO)),
        (_SELLER, whole.seller_commission, posted.get("seller_commission_charged", ZERO)),
        (_LISTING, whole.listing_share, posted.get("listing_share", ZERO)),
        (_BUYING, whole.buyer_share, posted.get("buyer_share", ZERO)),
        (_APPLIED, whole.deposit_applied, posted.get("deposit_applied", ZERO)),
        (_RECEIVED, total(each.received for each in deposits), received),
        (_BACK, total(each.go_back for each in deposits if not each.surplus), posted.get("deposit_released", ZERO)),
        (
            Name("仍冻结与多缴之和", "Deposits held, and what is over"),
            total(each.received if each.surplus else each.held for each in deposits),
            received - posted.get("deposit_applied", ZERO) - posted.get("deposit_released", ZERO),
        ),
    )
    for what, shown, again in shown_and_posted:
        yield Check(what=what, shown=shown, way=Name("账簿分录之和", "sum of the ledger's postings"), again=again)


def _by_accounts(settlement: Settlement) -> Iterator[Check]:
    """Hold what each sheet of a party says is its to what the ledger owes that party, not to the postings' names alone."""
    way = Name("该方账户余额", "balance of its account")
    for market in market_parts(settlement):
        what = Name(f"佣金分成：{market.party.name.zh}", f"Share of the commissions: {market.party.name.en}")
        yield Check(what=what, shown=market.commission, way=way, again=settlement.accounts.get(market.party.account, ZERO))
    for institute in institute_parts(settlement):
        what = Name(f"应付科研院所：{institute.party.name.zh}", f"Institute's proceeds: {institute.party.name.en}")
        proceeds = totals(institute.consigned).proceeds
        yield Check(what=what, shown=proceeds, way=way, again=settlement.accounts.get(institute.party.account, ZERO))


_START = Name("起拍价合计", "Start prices")
_HAMMER = Name("成交价合计", "Hammer prices")
_ADDED = Name("增值额合计", "Value added")
_BUYER = Name("买方佣金合计", "Buyers' commission")
_SELLER = Name("卖方佣金合计", "Sellers' commission")
_LISTING = Name("挂牌市场分成合计", "Listing markets' shares")
_BUYING = Name("买方市场分成合计", "Buyers' markets' shares")
_PROCEEDS = Name("应付科研院所合计", "Institutes' proceeds")
_DUE = Name("应付余款合计", "Due")
_APPLIED = Name("保证金抵扣合计", "Deposits applied")
_RECEIVED = Name("已收保证金合计", "Deposits received")
_BACK = Name("应退保证金合计（不含多缴）", "Deposits to go back (without what is over)")
