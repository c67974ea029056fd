"""Users, organisations, and their sign-ins."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from techauction.core import accounts
from techauction.core import credit_code as codes
from techauction.core.accounts import (
    CreditCodeTaken,
    MarketNeeded,
    OrganisationNeeded,
    OwnAccount,
    SignInNameTaken,
    SignInRefused,
)
from techauction.store.audit import AuditRow
from techauction.store.people import (
    ApiTokenRow,
    ManagerFieldRow,
    OrganisationKind,
    OrganisationRow,
    Role,
    Standing,
    UserRow,
    UserSessionRow,
)

_LONGEST_AGENT = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class NewOrganisation:
    """An organisation as an administrator describes it."""

    kind: OrganisationKind
    name_zh: str
    name_en: str
    credit_code: str
    province: str
    market_key: str
    telephone: str
    code_unchecked: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NewUser:
    """The first user of a new organisation."""

    sign_in_name: str
    name: str
    role: Role
    password_hash: str
    sealing_officer: bool


def create_user(
    session: Session,
    *,
    sign_in_name: str,
    name: str,
    role: Role,
    password_hash: str,
    now: datetime,
    by_id: int | None = None,
    email: str = "",
    organisation_id: int | None = None,
    market_key: str | None = None,
    field_keys: Sequence[str] = (),
    sealing_officer: bool = False,
    locale: str | None = None,
) -> UserRow:
    """Add a user. What the role has no use for is left out.

    :raises SignInNameUnfit, SignInNameTaken, OrganisationNeeded, MarketNeeded: as they say
    """
    sign_in_name = accounts.sign_in_name(sign_in_name)
    of_organisation = role in (Role.INSTITUTE, Role.ENTERPRISE)
    of_market = role in (Role.ORGANIZER, Role.MANAGER)
    if of_organisation and organisation_id is None:
        raise OrganisationNeeded
    if of_market and market_key is None:
        raise MarketNeeded
    name_must_be_free(session, sign_in_name)

    user = UserRow(
        sign_in_name=sign_in_name,
        name=name,
        email=email,
        password_hash=password_hash,
        role=role,
        organisation_id=organisation_id if of_organisation else None,
        market_key=market_key if of_market else None,
        sealing_officer=sealing_officer and role is Role.INSTITUTE,
        locale=locale,
        created_at=now,
    )
    session.add(user)
    try:
        session.flush()
    except IntegrityError as error:  # somebody else takes the name at this moment
        raise SignInNameTaken(sign_in_name) from error
    if role is Role.MANAGER:
        session.add_all(ManagerFieldRow(user_id=user.id, field_key=key) for key in sorted(set(field_keys)))
    session.add(AuditRow(at=now, by_id=by_id, what="user.created", about=f"user {user.id}", detail=f"{sign_in_name} {role}"))
    return user


def bring_in(
    session: Session, *, organisation: NewOrganisation, user: NewUser, by_id: int | None, now: datetime
) -> OrganisationRow:
    """Add an organisation that needs no approval, because an administrator brings it in, and its first user.

    One whose credit code does not check waits for its market's approval all the same.

    :raises CreditCodeWrong, CreditCodeUnchecked, CreditCodeTaken, SignInNameUnfit, SignInNameTaken: as they say
    """
    credit_code = codes.read(organisation.credit_code, unchecked=organisation.code_unchecked)
    row = OrganisationRow(
        kind=organisation.kind,
        name_zh=organisation.name_zh,
        name_en=organisation.name_en,
        credit_code=credit_code,
        province=organisation.province,
        market_key=organisation.market_key,
        telephone=organisation.telephone,
        standing=Standing.APPROVED if codes.checks(credit_code) else Standing.REGISTERED,
        registered_at=now,
    )
    keep_organisation(session, row)
    session.add(AuditRow(at=now, by_id=by_id, what="organisation.created", about=f"organisation {row.id}", detail=credit_code))
    create_user(
        session,
        sign_in_name=user.sign_in_name,
        name=user.name,
        role=user.role,
        password_hash=user.password_hash,
        organisation_id=row.id,
        sealing_officer=user.sealing_officer,
        by_id=by_id,
        now=now,
    )
    return row


def name_must_be_free(session: Session, sign_in_name: str) -> None:
    """Refuse a sign-in name that somebody has. Forms ask it too, to say it with everything else.

    :raises SignInNameTaken: as it says
    """
    if session.scalar(select(UserRow.id).where(UserRow.sign_in_name == sign_in_name)) is not None:
        raise SignInNameTaken(sign_in_name)


def code_must_be_free(session: Session, credit_code: str) -> None:
    """Refuse the credit code of an organisation that is here. Forms ask it too, to say it with everything else.

    :raises CreditCodeTaken: as it says
    """
    if session.scalar(select(OrganisationRow.id).where(OrganisationRow.credit_code == credit_code)) is not None:
        raise CreditCodeTaken(credit_code)


def keep_organisation(session: Session, row: OrganisationRow) -> None:
    """Keep a new organisation, flushed.

    :raises CreditCodeTaken: there is one with its credit code
    """
    credit_code = row.credit_code
    code_must_be_free(session, credit_code)

    session.add(row)
    try:
        session.flush()
    except IntegrityError as error:  # somebody else keeps it at this moment
        raise CreditCodeTaken(credit_code) from error


def disable_user(session: Session, *, user_id: int, by_id: int | None, now: datetime) -> UserRow | None:
    """Keep a user from signing in, and end the user's sign-ins and tokens at once; nothing where there is no such user.

    :raises OwnAccount: it is the account of whoever does it
    """
    if user_id == by_id:
        raise OwnAccount
    user = session.get(UserRow, user_id)
    if user is None or user.disabled_at is not None:
        return user

    user.disabled_at = now
    _revoke(session, user_id=user_id, now=now)
    session.add(AuditRow(at=now, by_id=by_id, what="user.disabled", about=f"user {user_id}"))
    return user


def enable_user(session: Session, *, user_id: int, by_id: int, now: datetime) -> UserRow | None:
    """Let a disabled user sign in again; nothing where there is no such user."""
    user = session.get(UserRow, user_id)
    if user is None or user.disabled_at is None:
        return user

    user.disabled_at = None
    session.add(AuditRow(at=now, by_id=by_id, what="user.enabled", about=f"user {user_id}"))
    return user


def sign_in(session: Session, *, user_id: int, address: str, agent: str, now: datetime, hours: int) -> str:
    """Begin a sign-in of a user whose password was right, and return its token; only its hash is kept.

    :raises SignInRefused: the user was disabled meanwhile
    """
    user = session.get(UserRow, user_id)
    if user is None or user.disabled_at is not None:
        raise SignInRefused

    token = secrets.token_urlsafe(32)
    session.add(
        UserSessionRow(
            token_hash=accounts.token_hash(token),
            user_id=user_id,
            created_at=now,
            expires_at=now + timedelta(hours=hours),
            address=address,
            agent=agent[:_LONGEST_AGENT],
        )
    )
    session.add(AuditRow(at=now, by_id=user_id, what="session.begun", about=f"user {user_id}", detail=address))
    return token


def stay(session: Session, *, session_id: int, until: datetime, now: datetime) -> None:
    """Let a sign-in that is in use last until then; one that has ended stays ended, and none becomes shorter."""
    session.execute(
        update(UserSessionRow)
        .where(
            UserSessionRow.id == session_id,
            UserSessionRow.revoked_at.is_(None),
            UserSessionRow.expires_at > now,
            UserSessionRow.expires_at < until,
        )
        .values(expires_at=until)
        .execution_options(synchronize_session=False)
    )


def replace_sign_in(session: Session, *, session_id: int, now: datetime) -> None:
    """End a sign-in that the same browser has followed by another, whoever's it was."""
    row = session.get_one(UserSessionRow, session_id)
    sign_out(session, session_id=session_id, user_id=row.user_id, now=now)


def sign_out(session: Session, *, session_id: int, user_id: int, now: datetime) -> bool:
    """End a user's own sign-in, and return whether it is the user's; somebody else's stays as it is."""
    row = session.get(UserSessionRow, session_id)
    if row is None or row.user_id != user_id:
        return False
    if row.revoked_at is None:
        row.revoked_at = now
        session.add(AuditRow(at=now, by_id=user_id, what="session.ended", about=f"session {session_id}"))
    return True


def change_password(session: Session, *, user_id: int, password_hash: str, keep_session_id: int | None, now: datetime) -> None:
    """Keep a new password's hash, and end the user's other sign-ins and all tokens."""
    session.get_one(UserRow, user_id).password_hash = password_hash
    _revoke(session, user_id=user_id, now=now, but=keep_session_id)
    session.add(AuditRow(at=now, by_id=user_id, what="user.password_changed", about=f"user {user_id}"))


def reset_password(session: Session, *, user_id: int, password_hash: str, by_id: int | None, now: datetime) -> UserRow | None:
    """Give a user a new password, and end all of the user's sign-ins and tokens; nothing where there is no such user."""
    user = session.get(UserRow, user_id)
    if user is None:
        return None

    user.password_hash = password_hash
    _revoke(session, user_id=user_id, now=now)
    session.add(AuditRow(at=now, by_id=by_id, what="user.password_reset", about=f"user {user_id}"))
    return user


def choose_language(session: Session, *, user_id: int, locale: str) -> None:
    """Keep the language that a user reads. It is a preference, so nothing goes on record."""
    session.get_one(UserRow, user_id).locale = locale


def _revoke(session: Session, *, user_id: int, now: datetime, but: int | None = None) -> None:
    statement = update(UserSessionRow).where(UserSessionRow.user_id == user_id, UserSessionRow.revoked_at.is_(None))
    if but is not None:
        statement = statement.where(UserSessionRow.id != but)
    session.execute(statement.values(revoked_at=now))
    of_user = update(ApiTokenRow).where(ApiTokenRow.user_id == user_id, ApiTokenRow.revoked_at.is_(None))
    session.execute(of_user.values(revoked_at=now))
