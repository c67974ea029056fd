"""Enterprises register themselves, and an organizer of their market decides."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from techauction.core import credit_code, registration
from techauction.core.refusal import NoSuch
from techauction.core.registration import Decision
from techauction.services.accounts import create_user, keep_organisation
from techauction.services.notices import notify, organizers, users
from techauction.store.audit import AuditRow
from techauction.store.loading import HERE
from techauction.store.people import MarketRow, OrganisationKind, OrganisationRow, Role, Standing, UserRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Enterprise:
    """What an enterprise says of itself. `agent`: the person authorised to bid for it.

    `code_unchecked`: its credit code stands on the licence as written, though its last sign does not check.
    """

    name_zh: str
    name_en: str
    credit_code: str
    province: str
    market_key: str
    legal_representative: str
    agent: str
    telephone: str
    code_unchecked: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstUser:
    """The first person who signs in for an organisation."""

    sign_in_name: str
    email: str
    password_hash: str


def register(session: Session, *, enterprise: Enterprise, user: FirstUser, locale: str | None, now: datetime) -> UserRow:
    """Register an enterprise, and return its first user; its market decides about it later.

    :raises CreditCodeWrong, CreditCodeUnchecked, CreditCodeTaken: by the credit code
    :raises SignInNameUnfit, SignInNameTaken: by the sign-in name
    :raises NoSuch: the market
    """
    code = credit_code.read(enterprise.credit_code, unchecked=enterprise.code_unchecked)
    if session.get(MarketRow, enterprise.market_key) is None:
        raise NoSuch

    row = OrganisationRow(
        kind=OrganisationKind.ENTERPRISE,
        name_zh=enterprise.name_zh,
        name_en=enterprise.name_en,
        credit_code=code,
        province=enterprise.province,
        legal_representative=enterprise.legal_representative,
        agent=enterprise.agent,
        telephone=enterprise.telephone,
        market_key=enterprise.market_key,
        standing=Standing.REGISTERED,
        registered_at=now,
    )
    keep_organisation(session, row)
    first = create_user(
        session,
        sign_in_name=user.sign_in_name,
        name=enterprise.agent,
        role=Role.ENTERPRISE,
        password_hash=user.password_hash,
        now=now,
        email=user.email,
        organisation_id=row.id,
        locale=locale,
    )
    session.add(AuditRow(at=now, by_id=first.id, what="organisation.registered", about=f"organisation {row.id}", detail=code))
    notify(
        session,
        user_ids=users(session, organizers([row.market_key])),
        what="organisation_registered",
        facts={"organisation_id": row.id, "name_zh": row.name_zh, "name_en": row.name_en},
        now=now,
    )
    return first


def decide(
    session: Session,
    *,
    organisation_id: int,
    market_key: str,
    decision: Decision,
    reason: str,
    by_id: int,
    now: datetime,
    licence_seen: bool = False,
) -> None:
    """Approve an enterprise's registration, or refuse it with a reason, as an organizer of its market.

    :raises NoSuch: no such organisation, or another market's
    :raises AlreadyDecided, ReasonNeeded: as they say
    :raises CreditCodeNeedsYes: its code does not check, and nobody says that the licence was seen
    """
    row = session.scalars(
        select(OrganisationRow)
        .where(OrganisationRow.id == organisation_id, OrganisationRow.market_key == market_key, HERE)
        .with_for_update(key_share=True, of=OrganisationRow)
    ).one_or_none()
    if row is None:
        raise NoSuch
    decided = None if row.standing is Standing.REGISTERED else Decision(row.standing.value)
    registration.decide(decided, decision, reason)
    if decision is Decision.APPROVED:
        registration.must_be_seen(row.credit_code, seen=licence_seen)
        if not credit_code.checks(row.credit_code):
            row.code_accepted_at = now
            session.add(code_accepted(row, by_id=by_id, now=now))

    row.standing = Standing(decision.value)
    row.standing_reason = reason
    session.add(
        AuditRow(at=now, by_id=by_id, what=f"organisation.{decision.value}", about=f"organisation {row.id}", detail=reason)
    )
    notify(
        session,
        user_ids=users(session, UserRow.organisation_id == row.id),
        what=f"registration_{decision.value}",
        facts={"name_zh": row.name_zh, "name_en": row.name_en, "reason": reason},
        now=now,
    )


def code_accepted(row: OrganisationRow, *, by_id: int | None, now: datetime) -> AuditRow:
    """Return what the audit says of a credit code that does not check, and was taken by its market's yes."""
    detail = f"{row.credit_code} does not check"
    return AuditRow(at=now, by_id=by_id, what="organisation.code_accepted", about=f"organisation {row.id}", detail=detail)
