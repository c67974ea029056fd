"""Who has money in a round: its markets, its buyers, its deposits, and what the ledger says of them."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Integer, func, select, type_coerce
from sqlalchemy.orm import Session

from techauction.core.admission import DepositState
from techauction.core.ledger import VOIDED
from techauction.core.money import ZERO, Money
from techauction.core.names import Name
from techauction.store.auction import PaddleRow
from techauction.store.consigning import LotRow, RoundMarketRow
from techauction.store.money import DepositRow, PostingRow
from techauction.store.people import MarketRow, OrganisationRow


@dataclass(frozen=True, slots=True)
class Party:
    """A market or an institute."""

    key: str
    name: Name


@dataclass(frozen=True, slots=True, kw_only=True)
class Buyer:
    """Who holds a paddle."""

    name: Name
    credit_code: str
    market: Party


@dataclass(frozen=True, slots=True, kw_only=True)
class DepositLine:
    """One deposit: for one lot, or for the whole round where it has no `lot`.

    What was `received` was `applied` to a price, is to `go_back`, or is `held` still.
    """

    paddle: int | None
    bidder: Buyer
    lot: int | None
    required: Money
    received: Money
    applied: Money
    go_back: Money
    state: DepositState

    @property
    def held(self) -> Money:
        """Return what is held still."""
        return self.received - self.applied - self.go_back


def markets_of(session: Session, round_id: int) -> list[Party]:
    """Return the markets that hold the round together."""
    rows = session.scalars(
        select(MarketRow)
        .join(RoundMarketRow, RoundMarketRow.market_key == MarketRow.key)
        .where(RoundMarketRow.round_id == round_id)
        .order_by(MarketRow.key)
    )
    return [Party(row.key, row.name) for row in rows]


def buyers_of(session: Session, round_id: int) -> dict[int, Buyer]:
    """Return who holds the round's paddles, by number."""
    rows = session.execute(
        select(PaddleRow, OrganisationRow, MarketRow)
        .join(OrganisationRow, PaddleRow.organisation_id == OrganisationRow.id)
        .join(MarketRow, OrganisationRow.market_key == MarketRow.key)
        .where(PaddleRow.round_id == round_id, PaddleRow.number.is_not(None))
    )
    return {paddle.number or 0: _buyer(paddle, organisation, market) for paddle, organisation, market in rows}


def deposits_of(session: Session, round_id: int) -> list[DepositLine]:
    """Return the round's deposits, by paddle and lot."""
    rows = session.execute(
        select(DepositRow, PaddleRow, LotRow.number, OrganisationRow, MarketRow)
        .join(PaddleRow, DepositRow.paddle_id == PaddleRow.id)
        .join(OrganisationRow, PaddleRow.organisation_id == OrganisationRow.id)
        .join(MarketRow, OrganisationRow.market_key == MarketRow.key)
        .outerjoin(LotRow, DepositRow.lot_id == LotRow.id)
        .where(PaddleRow.round_id == round_id)
        .order_by(PaddleRow.number.is_(None), PaddleRow.number, PaddleRow.id, LotRow.number)
    )
    return [
        DepositLine(
            paddle=paddle.number,
            bidder=_buyer(paddle, organisation, market),
            lot=lot,
            required=row.required,
            received=row.held,
            applied=row.applied,
            go_back=row.released,
            state=row.state,
        )
        for row, paddle, lot, organisation, market in rows
    ]


def posted(session: Session, round_id: int) -> Mapping[str, Money]:
    """Return what the round's ledger has, by the name of the posting, less what was taken back."""
    rows = session.execute(
        select(PostingRow.what, func.sum(type_coerce(PostingRow.amount, Integer)))
        .join(PaddleRow, PostingRow.paddle_id == PaddleRow.id)
        .where(PaddleRow.round_id == round_id)
        .group_by(PostingRow.what)
    )
    sums: dict[str, Money] = {}
    for what, fen in rows:
        name = what.removeprefix(VOIDED)
        amount = Money(int(fen))
        sums[name] = sums.get(name, ZERO) + amount if name == what else sums.get(name, ZERO) - amount
    return sums


def _buyer(paddle: PaddleRow, organisation: OrganisationRow, market: MarketRow) -> Buyer:
    """Return whom the paddle was issued to: a name that is changed later changes no settlement."""
    name, credit_code = organisation.name, organisation.credit_code
    if paddle.number is not None:
        name, credit_code = Name(paddle.bidder.name_zh, paddle.bidder.name_en), paddle.bidder.credit_code
    return Buyer(name=name, credit_code=credit_code, market=Party(market.key, market.name))
