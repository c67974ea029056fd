"""Simulated organisations of a copy: invented bidders with paddles and deposits, and an invented institute."""

import itertools
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from techauction.core.paddle import LEAST_PADDLE
from techauction.core.rehearsal import SIMULATED
from techauction.services import issuing
from techauction.services.deposits import hold_in_full
from techauction.store.auction import PaddleRow
from techauction.store.consigning import LotRow, RoundRow
from techauction.store.people import OrganisationKind, OrganisationRow, Role, Standing, UserRow

_NO_PASSWORD = "!"  # noqa: S105 (no password has this hash)


def credit_codes(round_id: int) -> str:
    """Return how the credit codes of a copy's organisations begin: by it they are found, and thrown away with it."""
    return f"{SIMULATED}{round_id:010d}"


def simulate_bidders(
    session: Session, copy: RoundRow, lots: Sequence[LotRow], *, count: int, now: datetime, apart_from: int | None = None
) -> None:
    """Give a copy so many invented bidders, each admitted to every lot with its deposit held; one number may be taken."""
    markets = sorted(each.market_key for each in copy.markets)
    organisations = [
        _organisation(copy, place, OrganisationKind.ENTERPRISE, markets[place % len(markets)], now)
        for place in range(1, count + 1)
    ]
    session.add_all(organisations)
    session.flush()
    session.add_all(_agent(each, now) for each in organisations)
    numbers = (each for each in itertools.count(LEAST_PADDLE) if each != apart_from)
    admit(session, copy, lots, list(zip(numbers, organisations, strict=False)), now=now)


def simulate_institute(session: Session, copy: RoundRow, *, now: datetime) -> OrganisationRow:
    """Give a copy an invented institute."""
    row = _organisation(copy, 0, OrganisationKind.UNIVERSITY, copy.host_market_key, now)
    session.add(row)
    session.flush()
    return row


def admit(
    session: Session,
    copy: RoundRow,
    lots: Sequence[LotRow],
    bidders: Sequence[tuple[int, OrganisationRow]],
    *,
    now: datetime,
) -> None:
    """Issue paddles of a copy by number, admitted to the lots with their deposits held."""
    lot_ids = [lot.id for lot in lots]
    paddles = {
        number: PaddleRow(round_id=copy.id, organisation_id=bidder.id, asked_at=now, rules_accepted_at=now)
        for number, bidder in bidders
    }
    issuing.issue(session, copy, paddles, dict.fromkeys(paddles, lot_ids), now=now)
    hold_in_full(
        session,
        round_id=copy.id,
        lots_by_paddle={paddle.id: lot_ids for paddle in paddles.values()},
        reference=copy.slug,
        value_at=now,
        now=now,
    )


def _organisation(copy: RoundRow, place: int, kind: OrganisationKind, market_key: str, now: datetime) -> OrganisationRow:
    bids = kind is OrganisationKind.ENTERPRISE
    return OrganisationRow(
        kind=kind,
        name_zh=f"模拟竞买人 {place}" if bids else "模拟科研院所",
        name_en=f"Simulated bidder {place}" if bids else "Simulated institute",
        credit_code=f"{credit_codes(copy.id)}{place:05d}",
        province="Zhejiang",
        market_key=market_key,
        standing=Standing.APPROVED,
        synthetic=True,
        registered_at=now,
    )


def _agent(organisation: OrganisationRow, now: datetime) -> UserRow:
    """Return the user in whose name a simulated bidder offers; nobody signs in as it."""
    return UserRow(
        sign_in_name=organisation.credit_code,
        name=organisation.name_zh,
        password_hash=_NO_PASSWORD,
        role=Role.ENTERPRISE,
        organisation_id=organisation.id,
        created_at=now,
        disabled_at=now,
    )
