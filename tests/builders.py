"""Builders of rows: say only what the test is about. Each adds to the session and flushes; none commits."""

from datetime import datetime, timedelta
from itertools import count
from typing import Any

from sqlalchemy.orm import Session

from techauction.core.admission import DepositState
from techauction.core.consigning import Instrument
from techauction.core.custody import Custody, sealed_as
from techauction.core.ledger import of_deposit_received
from techauction.core.lot import Stage
from techauction.core.money import ZERO, Money
from techauction.core.record import commitment
from techauction.core.round import Phase
from techauction.services import issuing
from techauction.services.settlement import post
from techauction.store.auction import AdmissionRow, PaddleRow
from techauction.store.consigning import LotRow, ReserveRow, ResultRow, RoundMarketRow, RoundRow
from techauction.store.money import DepositRow, ReceiptRow
from techauction.store.people import (
    ManagerFieldRow,
    OrganisationKind,
    OrganisationRow,
    Role,
    Standing,
    UserRow,
)
from tests.conftest import TEN

OPENS = TEN + timedelta(hours=1)
CLOSES = TEN + timedelta(hours=2)
_numbers = count(1)


def wan(count: int) -> Money:
    """Return so many 万元."""
    return Money(count * 1_000_000)


def a_user(
    session: Session,
    role: Role = Role.ORGANIZER,
    *,
    market: str = "zhejiang",
    fields: tuple[str, ...] = (),
    organisation: OrganisationRow | None = None,
    **more: Any,
) -> UserRow:
    """Keep a user; an institute's or enterprise's without an organisation gets a new one."""
    number = next(_numbers)
    if organisation is None and role in (Role.INSTITUTE, Role.ENTERPRISE):
        kind = OrganisationKind.UNIVERSITY if role is Role.INSTITUTE else OrganisationKind.ENTERPRISE
        organisation = an_organisation(session, kind, market=market)
    values: dict[str, Any] = {
        "sign_in_name": f"user{number}",
        "name": f"User {number}",
        "email": f"user{number}@example.org",
        "password_hash": "!",
        "role": role,
        "organisation": organisation,
        "market_key": market if role in (Role.ORGANIZER, Role.MANAGER) else None,
        "created_at": TEN,
    }
    row = UserRow(**values | more)
    session.add(row)
    session.flush()
    session.add_all(ManagerFieldRow(user_id=row.id, field_key=field) for field in fields)
    session.flush()
    return row


def an_organisation(
    session: Session,
    kind: OrganisationKind = OrganisationKind.ENTERPRISE,
    *,
    market: str = "zhejiang",
    **more: Any,
) -> OrganisationRow:
    """Keep an approved organisation."""
    number = next(_numbers)
    values: dict[str, Any] = {
        "kind": kind,
        "name_zh": f"单位{number}",
        "name_en": f"Organisation {number}",
        "credit_code": f"{number:018d}",
        "province": "Zhejiang",
        "market_key": market,
        "standing": Standing.APPROVED,
        "registered_at": TEN,
    }
    row = OrganisationRow(**values | more)
    session.add(row)
    session.flush()
    return row


def a_round(session: Session, *, opens_at: datetime = OPENS, closes_at: datetime = CLOSES, **more: Any) -> RoundRow:
    """Keep a published round of Zhejiang's, which opens at eleven and closes at twelve."""
    number = next(_numbers)
    values: dict[str, Any] = {
        "slug": f"round-{number}",
        "title_zh": f"第{number}场联合竞价",
        "title_en": f"Joint round {number}",
        "host_market_key": "zhejiang",
        "phase": Phase.PUBLISHED,
        "registration_closes_at": opens_at,
        "reserve_deadline_at": opens_at - timedelta(minutes=30),
        "opens_at": opens_at,
        "closes_at": closes_at,
        "created_at": TEN,
        "published_at": TEN,
    }
    row = RoundRow(**values | more)
    session.add(row)
    session.flush()
    session.add(RoundMarketRow(round_id=row.id, market_key=row.host_market_key))
    session.flush()
    return row


def a_result(
    session: Session,
    *,
    institute: OrganisationRow | None = None,
    field: str = "energy",
    instrument: Instrument = Instrument.TRANSFER,
    **more: Any,
) -> ResultRow:
    """Keep a result for the transfer of a right."""
    number = next(_numbers)
    values: dict[str, Any] = {
        "institute": institute or an_organisation(session, OrganisationKind.UNIVERSITY),
        "field_key": field,
        "title_zh": f"成果{number}",
        "title_en": f"Result {number}",
        "maturity": 6,
        "instrument": instrument,
        "created_at": TEN,
    }
    row = ResultRow(**values | more)
    session.add(row)
    session.flush()
    return row


def a_lot(
    session: Session,
    round_: RoundRow | None = None,
    *,
    result: ResultRow | None = None,
    field: str = "energy",
    market: str = "zhejiang",
    instrument: Instrument = Instrument.TRANSFER,
    **more: Any,
) -> LotRow:
    """Keep a listed lot that starts at 200万 and rises by 10万."""
    round_ = round_ or a_round(session)
    result = result or a_result(session, field=field, instrument=instrument)
    values: dict[str, Any] = {
        "round_id": round_.id,
        "result_id": result.id,
        "market_key": market,
        "number": next(_numbers),
        "start": wan(200),
        "increment": wan(10),
        "submitted_at": TEN,
        "stage": Stage.LISTED,
    }
    row = LotRow(**values | more)
    session.add(row)
    session.flush()
    return row


def a_reserve(session: Session, lot: LotRow, reserve: Money, *, salt: str = "5" * 64, custody: Custody | None = None) -> None:
    """Keep a lot's reserve: open, as one entered after a lost key is; or in a box of this custody."""
    session.flush()
    name = sealed_as(lot.id)
    kept: dict[str, Any] = {"amount": reserve, "salt": salt}
    if custody is not None:
        box = custody.seal({"reserve_fen": reserve.minor, "salt": salt})
        kept = {"sealed": box.sealed, "key_id": box.key_id}
    session.add(ReserveRow(lot_id=lot.id, commitment=commitment(name, reserve, salt), sealed_at=TEN, **kept))
    session.flush()


def a_paddle(
    session: Session,
    number: int,
    *lots: LotRow,
    round_: RoundRow | None = None,
    organisation: OrganisationRow | None = None,
    **more: Any,
) -> PaddleRow:
    """Issue a paddle that is admitted to these lots of one round, without deposits; to none, where the round is named."""
    round_ = round_ or lots[0].round
    organisation = organisation or an_organisation(session)
    values: dict[str, Any] = {
        "round_id": round_.id,
        "organisation_id": organisation.id,
        "organisation": organisation,
        "asked_at": TEN,
        "rules_accepted_at": TEN,
    }
    row = PaddleRow(**values | more)
    issuing.issue(session, round_, {number: row}, {number: [lot.id for lot in lots]}, now=TEN)
    session.add_all(AdmissionRow(paddle_id=row.id, lot_id=lot.id) for lot in lots)
    session.flush()
    return row


def a_deposit(session: Session, paddle: PaddleRow, lot: LotRow | None, amount: Money, **more: Any) -> DepositRow:
    """Hold a deposit that came in full; for the whole round, where there is no lot."""
    values: dict[str, Any] = {
        "paddle_id": paddle.id,
        "lot_id": None if lot is None else lot.id,
        "required": amount,
        "held": amount,
        "applied": ZERO,
        "released": ZERO,
        "state": DepositState.HELD,
    }
    row = DepositRow(**values | more)
    session.add(row)
    session.flush()
    return row


def a_receipt(session: Session, paddle: PaddleRow, amount: Money) -> None:
    """Keep that the bank received so much of a paddle's bidder."""
    reference = f"bank-{next(_numbers)}"
    session.add(ReceiptRow(paddle_id=paddle.id, amount=amount, value_at=TEN, reference=reference, recorded_at=TEN))
    post(session, [of_deposit_received(amount, paddle_id=paddle.id)], paddle_id=paddle.id, lot_id=None, now=TEN)
    session.flush()
