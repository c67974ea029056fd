"""What the saleroom is measured against: a bid as a Flask view with its own transaction, written as it usually is.

Flask-Login finds the user, Flask-WTF checks the token and the form, SQLAlchemy's ORM loads and keeps rows, and
`BEGIN IMMEDIATE` (SQLAlchemy's documented recipe) makes check and write one: nothing here is slow on purpose. It keeps to the
same schema and rules, asks for the same sign-in, paddle, admission and deposit, and writes the same rows as durably; only the
rows of refused offers it leaves out.
"""

import sqlite3
from datetime import datetime

from flask import Flask, jsonify, request
from flask.typing import ResponseReturnValue
from flask_login import LoginManager, UserMixin, current_user, login_required
from flask_sqlalchemy import SQLAlchemy
from flask_wtf import CSRFProtect, FlaskForm
from sqlalchemy import Connection, event, select
from wtforms import BooleanField, IntegerField
from wtforms.validators import InputRequired, NumberRange

from techauction.clock import Clock
from techauction.core import bidding
from techauction.core.accounts import token_hash
from techauction.core.bidding import STRANGER, NoSuchLot
from techauction.core.money import LARGEST_FEN, ZERO, Money
from techauction.core.offer import Eligibility, Offer
from techauction.core.record import GENESIS, Event, Kind, instant
from techauction.core.refusal import Refusal
from techauction.settings import Settings
from techauction.store.auction import AdmissionRow, OfferRow, PaddleRow
from techauction.store.base import Row
from techauction.store.consigning import LotRow
from techauction.store.money import DepositRow
from techauction.store.people import UserRow, UserSessionRow
from techauction.store.record import RecordRow

db = SQLAlchemy(metadata=Row.metadata)


class User(UserMixin):  # type: ignore[misc]  # the library has no types
    """The user who is signed in."""

    def __init__(self, row: UserRow) -> None:
        self.row = row


class BidForm(FlaskForm):  # type: ignore[misc]  # the library has no types
    """An offer; Flask-WTF reads it from the JSON body."""

    amount_fen = IntegerField(validators=[InputRequired(), NumberRange(min=1, max=LARGEST_FEN)])
    confirmed = BooleanField()

    def offer(self) -> Offer:
        """Return what is offered."""
        assert self.amount_fen.data is not None
        return Offer(Money(self.amount_fen.data), confirmed=self.confirmed.data)


def create_naive(settings: Settings, clock: Clock) -> Flask:
    """Return an app with one view: a bid."""
    app = Flask(__name__)
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SQLALCHEMY_DATABASE_URI=settings.database_url,
        SQLALCHEMY_ENGINE_OPTIONS={"pool_size": 32, "connect_args": {"timeout": 5.0}},
        WTF_CSRF_TIME_LIMIT=None,
    )
    db.init_app(app)
    CSRFProtect(app)
    manager = LoginManager(app)

    @manager.user_loader  # type: ignore[untyped-decorator]
    def load_user(token: str) -> User | None:
        row = db.session.scalars(
            select(UserRow)
            .join(UserSessionRow, UserSessionRow.user_id == UserRow.id)
            .where(
                UserSessionRow.token_hash == token_hash(token),
                UserSessionRow.revoked_at.is_(None),
                UserSessionRow.expires_at > clock(),
                UserRow.disabled_at.is_(None),
            )
        ).one_or_none()
        return None if row is None else User(row)

    @app.post("/saleroom/lots/<int:lot_id>/bids")
    @login_required  # type: ignore[untyped-decorator]
    def bid(lot_id: int) -> ResponseReturnValue:
        form = BidForm()
        if not form.validate_on_submit():
            return jsonify(code="offer_unreadable"), 422
        try:
            row = take(lot_id, current_user.row, form.offer(), request.headers["Idempotency-Key"], clock)
        except Refusal as refusal:
            db.session.rollback()
            return jsonify(code=refusal.code, **refusal.as_json()), 409
        said = _said(row)
        db.session.commit()
        return jsonify(said), 201

    with app.app_context():
        event.listen(db.engine, "connect", _connected)
        event.listen(db.engine, "begin", _begun)
    return app


def take(lot_id: int, user: UserRow, offer: Offer, key: str, clock: Clock) -> RecordRow:
    """Take a bid on a lot, and return its row of the record.

    :raises Refusal: what the rules say against it
    """
    assert user.organisation_id is not None
    known = db.session.scalars(
        select(OfferRow).where(OfferRow.organisation_id == user.organisation_id, OfferRow.key == key)
    ).one_or_none()
    if known is not None:
        return db.session.scalars(select(RecordRow).where(RecordRow.lot_id == known.lot_id, RecordRow.seq == known.seq)).one()
    lot = db.session.get(LotRow, lot_id, with_for_update=True)
    if lot is None or lot.number is None:
        raise NoSuchLot
    now = clock()
    before = lot.to_core(lot.round.rules())
    after = bidding.take(before, offer, _eligibility(lot, user.organisation_id), now)

    assert after.standing is not None
    lot.standing_paddle, lot.standing_amount, lot.standing_at = after.standing.paddle, offer.amount, now
    lot.bidders, lot.bids = sorted(after.bidders), lot.bids + 1
    row = _append(lot, Kind.BID, at=now, paddle=after.standing.paddle, amount=offer.amount, data={"confirmed": offer.confirmed})
    if after.closes_at != before.closes_at:
        lot.closes_at = after.closes_at
        _append(lot, Kind.EXTENDED, at=now, data={"from": instant(before.closes_at)})
    db.session.add(
        OfferRow(
            lot_id=lot_id,
            organisation_id=user.organisation_id,
            user_id=user.id,
            key=key,
            amount=offer.amount,
            confirmed=offer.confirmed,
            received_at=now,
            decided_at=now,
            seq=row.seq,
        )
    )
    return row


def _eligibility(lot: LotRow, organisation_id: int) -> Eligibility:
    paddle = db.session.scalars(
        select(PaddleRow).where(PaddleRow.round_id == lot.round_id, PaddleRow.organisation_id == organisation_id)
    ).one_or_none()
    if paddle is None:
        return STRANGER
    admission = db.session.scalars(
        select(AdmissionRow).where(AdmissionRow.paddle_id == paddle.id, AdmissionRow.lot_id == lot.id)
    ).one_or_none()
    deposit = db.session.scalars(
        select(DepositRow).where(DepositRow.paddle_id == paddle.id, (DepositRow.lot_id == lot.id) | DepositRow.lot_id.is_(None))
    ).one_or_none()
    return Eligibility(
        paddle=paddle.number,
        admitted=admission is not None,
        paddle_voided=paddle.voided_at is not None,
        deposit_held=ZERO if deposit is None else deposit.held,
        deposit_required=ZERO if deposit is None else deposit.required,
    )


def _append(
    lot: LotRow, kind: Kind, *, at: datetime, data: dict[str, object], paddle: int | None = None, amount: Money | None = None
) -> RecordRow:
    prev_hash = lot.head_hash or GENESIS
    event_ = Event(
        lot=f"{lot.round.slug}/{lot.number}",
        seq=lot.seq + 1,
        kind=kind,
        at=at,
        paddle=paddle,
        amount=amount,
        closes_at=lot.closes_at,
        data=data,
    )
    row = RecordRow(
        lot=lot,
        seq=event_.seq,
        run=lot.run,
        kind=kind,
        paddle=paddle,
        amount=amount,
        closes_at=lot.closes_at,
        at=at,
        data=data,
        prev_hash=prev_hash,
        hash=event_.digest(prev_hash),
    )
    db.session.add(row)
    lot.seq, lot.head_hash = row.seq, row.hash
    return row


def _said(row: RecordRow) -> dict[str, object]:
    assert row.amount is not None
    assert row.closes_at is not None
    return {
        "lot": row.lot_id,
        "seq": row.seq,
        "paddle": row.paddle,
        "amount_fen": row.amount.minor,
        "placed_at": row.at.isoformat(),
        "closes_at": row.closes_at.isoformat(),
        "hash": row.hash,
    }


def _connected(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None
    for pragma in ("journal_mode = wal", "synchronous = full", "foreign_keys = on"):
        connection.execute(f"PRAGMA {pragma}")


def _begun(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")
