"""What the hammer does to money: the sale is settled, and deposits are applied or go back."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ColumnElement, String, case, cast, insert, literal, select, type_coerce, update
from sqlalchemy.orm import Session

from techauction.core import settlement
from techauction.core.admission import DepositState
from techauction.core.ledger import (
    SALE_POSTINGS,
    Posting,
    deposits_account,
    institute_account,
    market_account,
    of_deposit_released,
    of_sale,
    reversed_,
)
from techauction.core.money import ZERO, Money
from techauction.store.auction import PaddleRow
from techauction.store.base import Instant, MoneyColumn
from techauction.store.consigning import LotRow, ResultRow, RoundRow
from techauction.store.money import DepositRow, PostingRow, SettlementRow
from techauction.store.people import OrganisationRow

_LEFT = type_coerce(DepositRow.held - DepositRow.applied - DepositRow.released, MoneyColumn())


def settle(session: Session, *, lot: LotRow, paddle: PaddleRow, hammer_price: Money, now: datetime) -> SettlementRow:
    """Settle a sale: apply the buyer's deposit, and give the other bidders of the lot theirs back.

    What a lot's own deposit holds over the price goes back; what a round's deposit holds over it waits for the next lot.
    """
    deposit = _deposit_of(session, lot=lot, paddle=paddle)
    usable = ZERO if deposit is None else deposit.held - deposit.applied - deposit.released
    statement = settlement.settle(hammer_price, usable, lot.round.commission())
    row = SettlementRow(
        lot_id=lot.id,
        paddle_id=paddle.id,
        hammer_price=statement.hammer_price,
        buyer_commission=statement.buyer_commission,
        seller_commission=statement.seller_commission,
        deposit_applied=statement.deposit_applied,
        due=statement.due,
        proceeds=statement.proceeds,
        listing_market_share=statement.listing_market_share,
        buyer_market_share=statement.buyer_market_share,
        settled_at=now,
    )
    postings = of_sale(
        statement,
        paddle_id=paddle.id,
        institute=institute_account(session.scalars(select(ResultRow.institute_id).where(ResultRow.id == lot.result_id)).one()),
        listing_market=market_account(lot.market_key),
        buyer_market=market_account(
            session.scalars(select(OrganisationRow.market_key).where(OrganisationRow.id == paddle.organisation_id)).one()
        ),
    )
    if deposit is not None:
        deposit.applied += statement.deposit_applied
        if deposit.lot_id is not None:
            deposit.released += statement.deposit_released
            deposit.state = DepositState.APPLIED if deposit.applied.minor else DepositState.RELEASED
            if statement.deposit_released.minor:
                postings.append(of_deposit_released(statement.deposit_released, paddle_id=paddle.id))
    session.add(row)
    post(session, postings, paddle_id=paddle.id, lot_id=lot.id, now=now)
    session.flush()
    release(session, lot_ids=[lot.id], now=now)
    return row


def reverse(session: Session, *, lot: LotRow, now: datetime) -> SettlementRow:
    """Take the settlement of a sale back, because its outcome is void: every posting the other way, and the deposit goes back.

    What a round's deposit had given to the lot waits for the next one, or goes back where the round has closed.
    """
    row = session.get_one(SettlementRow, lot.id, with_for_update=True, populate_existing=True)
    assert row.voided_at is None
    row.voided_at = now
    posted = session.scalars(
        select(PostingRow).where(
            PostingRow.lot_id == lot.id, PostingRow.paddle_id == row.paddle_id, PostingRow.what.in_(SALE_POSTINGS)
        )
    )
    postings = [reversed_(Posting(each.what, each.debit, each.credit, each.amount)) for each in posted]
    deposit = session.scalars(
        select(DepositRow)
        .where(DepositRow.paddle_id == row.paddle_id, (DepositRow.lot_id == lot.id) | DepositRow.lot_id.is_(None))
        .order_by(DepositRow.lot_id.is_(None))
        .limit(1)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).first()
    if deposit is not None and row.deposit_applied.minor:
        deposit.applied -= row.deposit_applied
        if deposit.lot_id is not None or lot.round.closed_at is not None:
            deposit.released += row.deposit_applied
            deposit.state = DepositState.APPLIED if deposit.applied.minor else DepositState.RELEASED
            postings.append(of_deposit_released(row.deposit_applied, paddle_id=row.paddle_id))
    post(session, postings, paddle_id=row.paddle_id, lot_id=lot.id, now=now)
    return row


def release(session: Session, *, lot_ids: Collection[int], now: datetime) -> None:
    """Give back what deposits for these lots still hold, and need no more for them; twice does no harm."""
    if lot_ids:
        _release(session, DepositRow.lot_id.in_(lot_ids), now=now)


def release_round(session: Session, *, round_row: RoundRow, now: datetime) -> None:
    """Give back what deposits of a round still hold, when it has closed or was called off; twice does no harm."""
    _release(session, DepositRow.paddle_id.in_(select(PaddleRow.id).where(PaddleRow.round_id == round_row.id)), now=now)


def post(session: Session, postings: list[Posting], *, paddle_id: int, lot_id: int | None, now: datetime) -> None:
    """Keep double entries."""
    session.add_all(
        PostingRow(
            at=now,
            what=posting.what,
            paddle_id=paddle_id,
            lot_id=lot_id,
            debit=posting.debit,
            credit=posting.credit,
            amount=posting.amount,
        )
        for posting in postings
    )


def _deposit_of(session: Session, *, lot: LotRow, paddle: PaddleRow) -> DepositRow | None:
    # Locked, because a round's deposit is shared by lots that two processes may be closing.
    return session.scalars(
        select(DepositRow)
        .where(
            DepositRow.paddle_id == paddle.id,
            (DepositRow.lot_id == lot.id) | DepositRow.lot_id.is_(None),
            DepositRow.state.in_((DepositState.DUE, DepositState.HELD)),
        )
        .order_by(DepositRow.lot_id.is_(None))
        .limit(1)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).first()


def _release(session: Session, which: ColumnElement[bool], *, now: datetime) -> None:
    # Two statements for any number of losers: the hammer falls in the auctioneer's own transaction.
    entry = of_deposit_released(ZERO, paddle_id=0)
    held = (which, DepositRow.state.in_((DepositState.DUE, DepositState.HELD)), _LEFT > ZERO)
    session.execute(
        insert(PostingRow).from_select(
            ["at", "what", "paddle_id", "lot_id", "debit", "credit", "amount"],
            select(
                literal(now, Instant()),
                literal(entry.what),
                DepositRow.paddle_id,
                DepositRow.lot_id,
                literal(deposits_account("")).concat(cast(DepositRow.paddle_id, String)),
                literal(entry.credit),
                _LEFT,
            ).where(*held),
        )
    )
    state = DepositRow.__table__.c.state.type
    session.execute(
        update(DepositRow)
        # One that holds nothing too: money that comes later is not held for a lot that has ended.
        .where(which, DepositRow.state.in_((DepositState.DUE, DepositState.HELD)))
        .values(
            released=DepositRow.held - DepositRow.applied,
            state=case(
                (DepositRow.applied > ZERO, literal(DepositState.APPLIED, state)),
                else_=literal(DepositState.RELEASED, state),
            ),
        )
        .execution_options(synchronize_session="fetch")
    )
