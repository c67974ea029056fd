"""Who has money in a round: its markets, its buyers, its deposits, and what the ledger says of them."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Integer, func, select, type_coerce
from sqlalchemy.orm import Session

from techauction.core.admission import DepositState
from techauction.core.ledger import SURPLUS_RETURNED, VOIDED, institute_account, market_account
from techauction.core.money import ZERO, Money, total
from techauction.core.names import Name
from techauction.store.auction import PaddleRow
from techauction.store.consigning import LotRow, RoundMarketRow
from techauction.store.money import DepositRow, PostingRow, ReceiptRow
from techauction.store.people import MarketRow, OrganisationRow


@dataclass(frozen=True, slots=True)
class Party:
    """A market or an institute; `account` is where the ledger keeps what is owed to it."""

    key: str
    name: Name
    account: str
    credit_code: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Buyer:
    """Who holds a paddle."""

    name: Name
    credit_code: str
    market: Party


@dataclass(frozen=True, slots=True, kw_only=True)
class DepositLine:
    """One deposit: for one lot, or for the whole round where it has no `lot`.

    What was `received` was `applied` to a price, is to `go_back`, or is `held` still. A `surplus` is what a bidder's money was
    over all its deposits, and has not gone back: no deposit needs it, and all of it goes back.
    """

    paddle: int | None
    bidder: Buyer
    lot: int | None
    required: Money
    received: Money
    applied: Money
    go_back: Money
    state: DepositState
    surplus: bool = False

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
    return [market_of(row) for row in rows]


def market_of(row: MarketRow) -> Party:
    """Return a market as a party."""
    return Party(row.key, row.name, market_account(row.key))


def institute_of(row: OrganisationRow) -> Party:
    """Return an institute as a party."""
    return Party(str(row.id), row.name, institute_account(row.id), row.credit_code)


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
    """Return the round's deposits, by paddle and lot, and after a paddle's what is over."""
    paddles = session.execute(
        select(PaddleRow, OrganisationRow, MarketRow)
        .join(OrganisationRow, PaddleRow.organisation_id == OrganisationRow.id)
        .join(MarketRow, OrganisationRow.market_key == MarketRow.key)
        .where(PaddleRow.round_id == round_id)
        .order_by(PaddleRow.number.is_(None), PaddleRow.number, PaddleRow.id)
    )
    deposits: dict[int, list[tuple[DepositRow, int | None]]] = defaultdict(list)
    for row, lot in session.execute(
        select(DepositRow, LotRow.number)
        .join(PaddleRow, DepositRow.paddle_id == PaddleRow.id)
        .outerjoin(LotRow, DepositRow.lot_id == LotRow.id)
        .where(PaddleRow.round_id == round_id)
        .order_by(LotRow.number)
    ):
        deposits[row.paddle_id].append((row, lot))
    came = _came(session, round_id)
    lines = []
    for paddle, organisation, market in paddles:
        bidder = _buyer(paddle, organisation, market)
        its = [
            DepositLine(
                paddle=paddle.number,
                bidder=bidder,
                lot=lot,
                required=row.required,
                received=row.held,
                applied=row.applied,
                go_back=row.released,
                state=row.state,
            )
            for row, lot in deposits[paddle.id]
        ]
        over = came.get(paddle.id, ZERO) - total(each.received for each in its)
        if over > ZERO:
            its.append(
                DepositLine(
                    paddle=paddle.number,
                    bidder=bidder,
                    lot=None,
                    required=ZERO,
                    received=over,
                    applied=ZERO,
                    go_back=over,
                    state=DepositState.RELEASED,
                    surplus=True,
                )
            )
        lines += its
    return lines


def _came(session: Session, round_id: int) -> dict[int, Money]:
    """Return what the bank received of each paddle's bidder, less what went back because no deposit needed it."""
    in_round = PaddleRow.round_id == round_id
    receipts = (
        select(ReceiptRow.paddle_id, func.sum(type_coerce(ReceiptRow.amount, Integer)))
        .join(PaddleRow, ReceiptRow.paddle_id == PaddleRow.id)
        .where(in_round)
        .group_by(ReceiptRow.paddle_id)
    )
    returned = (
        select(PostingRow.paddle_id, func.sum(type_coerce(PostingRow.amount, Integer)))
        .join(PaddleRow, PostingRow.paddle_id == PaddleRow.id)
        .where(in_round, PostingRow.what == SURPLUS_RETURNED)
        .group_by(PostingRow.paddle_id)
    )
    came = {paddle_id: Money(int(fen)) for paddle_id, fen in session.execute(receipts)}
    for paddle_id, fen in session.execute(returned):
        came[paddle_id] = came.get(paddle_id, ZERO) - Money(int(fen))
    return came


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


def accounts(session: Session, round_id: int) -> Mapping[str, Money]:
    """Return what the round's ledger owes on each account: what came into it as a credit, less what left."""
    balances: dict[str, Money] = defaultdict(lambda: ZERO)
    for side, sign in ((PostingRow.credit, 1), (PostingRow.debit, -1)):
        rows = session.execute(
            select(side, func.sum(type_coerce(PostingRow.amount, Integer)))
            .join(PaddleRow, PostingRow.paddle_id == PaddleRow.id)
            .where(PaddleRow.round_id == round_id)
            .group_by(side)
        )
        for account, fen in rows:
            balances[account] += Money(sign * int(fen))
    return dict(balances)


def _buyer(paddle: PaddleRow, organisation: OrganisationRow, market: MarketRow) -> Buyer:
    """Return whom the paddle was issued to: a name that is changed later changes no settlement."""
    name, credit_code = organisation.name, organisation.credit_code
    if paddle.number is not None:
        name, credit_code = Name(paddle.bidder.name_zh, paddle.bidder.name_en), paddle.bidder.credit_code
    return Buyer(name=name, credit_code=credit_code, market=market_of(market))
