"""What a group of offers needs to know, read at once under the lots' locks, and what it leaves behind, written at once."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Integer, String, and_, bindparam, column, or_, select
from sqlalchemy.orm import Session

from techauction.core.money import ZERO, Money
from techauction.core.offer import Eligibility
from techauction.core.record import Kind
from techauction.core.refusal import Refusal
from techauction.services import sealing
from techauction.services.offers import Answer, Asked, Body, Taken
from techauction.store.auction import AdmissionRow, OfferRow, PaddleRow
from techauction.store.consigning import LotRow
from techauction.store.money import DepositRow
from techauction.store.people import ApiTokenRow, UserRow, UserSessionRow
from techauction.store.record import RecordRow
from techauction.store.statements import Matching, Reading, Writing


def answered(connection: Connection, asked: Sequence[Asked]) -> dict[tuple[int, str], tuple[Body | str, Answer]]:
    """Return the answers that the offers' keys have already: what was asked, or its tag if sealed, and what was said."""
    rows = _ANSWERED.rows(connection, [{"organisation": each.organisation_id, "key": each.key} for each in asked])
    return {
        (organisation_id, key): (
            body_mac or (lot_id, amount, confirmed, matching),
            _first_answer(connection, lot_id, amount, *rest),
        )
        for organisation_id, key, lot_id, amount, confirmed, matching, body_mac, *rest in rows
    }


def _first_answer(  # noqa: PLR0917 (a row, column by column)
    connection: Connection,
    lot_id: int,
    amount: Money | None,
    code: str | None,
    facts: dict[str, int | str | None] | None,
    seq: int,
    paddle: int | None,
    at: datetime,
    digest: str,
    closes_at: datetime,
) -> Answer:
    if code is not None:
        return Refusal.restore(code, facts or {})
    if paddle is None:
        paddle = sealing.paddle_of(connection, lot_id=lot_id, seq=seq)
    moved = connection.scalar(
        select(RecordRow.closes_at).where(RecordRow.lot_id == lot_id, RecordRow.seq == seq + 1, RecordRow.kind == Kind.EXTENDED)
    )
    return Taken(lot_id=lot_id, seq=seq, paddle=paddle, amount=amount, placed_at=at, closes_at=moved or closes_at, hash=digest)


def eligibilities(connection: Connection, pairs: set[tuple[int, int]]) -> dict[tuple[int, int], Eligibility]:
    """Return the standing of bidders at lots, by (lot, organisation)."""
    rows = _ELIGIBLE.rows(connection, [{"lot": lot, "organisation": bidder} for lot, bidder in pairs])
    return {(lot_id, organisation_id): eligibility(number, *standing) for lot_id, organisation_id, number, *standing in rows}


def eligibility(  # noqa: PLR0917 (a row, column by column)
    number: int | None,
    voided_at: datetime | None,
    admission: int | None,
    rank: int | None,
    waived_at: datetime | None,
    held: Money | None,
    required: Money | None,
) -> Eligibility:
    """Return a bidder's standing at a lot, from the columns of its paddle, admission and deposit."""
    return Eligibility(
        paddle=number,
        admitted=admission is not None,
        paddle_voided=voided_at is not None,
        deposit_held=held or ZERO,
        deposit_required=required or ZERO,
        priority_rank=None if waived_at is not None else rank,
    )


def signed_in(connection: Connection, asked: Sequence[Asked], now: datetime) -> set[int]:
    """Return those of the offers' sign-ins that hold at this moment."""
    asking = {each.session_id for each in asked if each.session_id is not None}
    return {row[0] for row in _SIGNED_IN.rows(connection, sign_ins=list(asking), now=now)} if asking else set()


def holding(connection: Connection, asked: Sequence[Asked], now: datetime) -> set[int]:
    """Return those of the offers' tokens that hold at this moment."""
    asking = {each.token_id for each in asked if each.token_id is not None}
    return {row[0] for row in _HOLDING.rows(connection, tokens=list(asking), now=now)} if asking else set()


def keep(session: Session, offers: list[dict[str, Any]]) -> None:
    """Write the decided offers."""
    _OFFERS.rows(session.connection(), offers)


def _many(name: str) -> Any:
    return bindparam(name, expanding=True)


_ANSWERED = Matching(
    [column("organisation", Integer), column("key", String)],
    lambda given: (
        select(
            OfferRow.organisation_id,
            OfferRow.key,
            OfferRow.lot_id,
            OfferRow.amount,
            OfferRow.confirmed,
            OfferRow.matching,
            OfferRow.body_mac,
            OfferRow.code,
            OfferRow.facts,
            OfferRow.seq,
            RecordRow.paddle,
            RecordRow.at,
            RecordRow.hash,
            RecordRow.closes_at,
        )
        .select_from(given)
        .join(OfferRow, and_(OfferRow.organisation_id == given.c.organisation, OfferRow.key == given.c.key))
        .outerjoin(RecordRow, and_(RecordRow.lot_id == OfferRow.lot_id, RecordRow.seq == OfferRow.seq))
    ),
)

_ELIGIBLE = Matching(
    [column("lot", Integer), column("organisation", Integer)],
    lambda given: (
        select(
            LotRow.id,
            PaddleRow.organisation_id,
            PaddleRow.number,
            PaddleRow.voided_at,
            AdmissionRow.id,
            AdmissionRow.priority_rank,
            AdmissionRow.priority_waived_at,
            DepositRow.held,
            DepositRow.required,
        )
        .select_from(given)
        .join(LotRow, LotRow.id == given.c.lot)
        .join(PaddleRow, and_(PaddleRow.round_id == LotRow.round_id, PaddleRow.organisation_id == given.c.organisation))
        .outerjoin(AdmissionRow, and_(AdmissionRow.paddle_id == PaddleRow.id, AdmissionRow.lot_id == LotRow.id))
        .outerjoin(
            DepositRow,
            and_(DepositRow.paddle_id == PaddleRow.id, or_(DepositRow.lot_id == LotRow.id, DepositRow.lot_id.is_(None))),
        )
    ),
)

_SIGNED_IN = Reading(
    select(UserSessionRow.id)
    .join(UserRow, UserSessionRow.user_id == UserRow.id)
    .where(
        UserSessionRow.id.in_(_many("sign_ins")),
        UserSessionRow.revoked_at.is_(None),
        UserSessionRow.expires_at > bindparam("now"),
        UserRow.disabled_at.is_(None),
    )
)

_HOLDING = Reading(
    select(ApiTokenRow.id)
    .join(UserRow, ApiTokenRow.user_id == UserRow.id)
    .where(
        ApiTokenRow.id.in_(_many("tokens")),
        ApiTokenRow.revoked_at.is_(None),
        or_(ApiTokenRow.expires_at.is_(None), ApiTokenRow.expires_at > bindparam("now")),
        UserRow.disabled_at.is_(None),
    )
)

_OFFERS = Writing(OfferRow)
