"""What an administrator looks through: users, organisations, and the audit trail."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session, joinedload

from techauction.core.names import Name
from techauction.core.rehearsal import SIMULATED
from techauction.queries.paging import Paging, cut
from techauction.store.audit import AuditRow
from techauction.store.loading import HERE
from techauction.store.people import (
    OrganisationKind,
    OrganisationRow,
    Role,
    Standing,
    UserRow,
)

USERS_A_PAGE = 25
ACTS_A_PAGE = 50
NEEDED = {Role.ORGANIZER: 2, Role.INSTITUTE: 1, Role.MANAGER: 1}
"""How many of each role a round needs at least; some acts need two organizers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UserLine:
    """A user in the list of users."""

    id: int
    sign_in_name: str
    name: str
    role: Role
    belongs_to: Name | None
    sealing_officer: bool
    created_at: datetime
    disabled_at: datetime | None


@dataclass(frozen=True, slots=True)
class UsersPage:
    """A page of the list of users."""

    users: list[UserLine]
    paging: Paging
    missing: frozenset[Role]
    """Roles that a round needs, and too few users have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganisationLine:
    """An organisation in the list of organisations."""

    id: int
    name: Name
    kind: OrganisationKind
    credit_code: str
    province: str
    market: Name
    standing: Standing
    users: int


@dataclass(frozen=True, slots=True)
class OrganisationsPage:
    """A page of the list of organisations."""

    organisations: list[OrganisationLine]
    paging: Paging


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """A line of the audit trail."""

    at: datetime
    by: str | None
    what: str
    about: str
    detail: str


@dataclass(frozen=True, slots=True)
class AuditPage:
    """A page of the audit trail, newest first, and the kinds of acts that there are."""

    acts: list[Act]
    kinds: list[str]
    paging: Paging


def users_page(session: Session, *, search: str, role: Role | None, page: int) -> UsersPage:
    """Return users by sign-in name, those that match a search and a role."""
    statement = (
        select(UserRow)
        .where(UserRow.sign_in_name.not_like(f"{SIMULATED}%"))
        .options(joinedload(UserRow.organisation), joinedload(UserRow.market))
        .order_by(UserRow.sign_in_name)
    )
    if search:
        statement = statement.where(
            or_(UserRow.sign_in_name.icontains(search, autoescape=True), UserRow.name.icontains(search, autoescape=True))
        )
    if role is not None:
        statement = statement.where(UserRow.role == role)
    limited, paging = cut(session, statement, number=page, size=USERS_A_PAGE)
    return UsersPage([_user(row) for row in session.scalars(limited)], paging, _missing(session))


def _missing(session: Session) -> frozenset[Role]:
    able = select(UserRow.role, func.count()).where(UserRow.disabled_at.is_(None)).group_by(UserRow.role)
    counts = {row.role: row[1] for row in session.execute(able)}
    return frozenset(role for role, needed in NEEDED.items() if counts.get(role, 0) < needed)


def user_line(session: Session, *, user_id: int) -> UserLine | None:
    """Return one user."""
    row = session.get(UserRow, user_id)
    return None if row is None else _user(row)


def organisations_page(session: Session, *, search: str, page: int) -> OrganisationsPage:
    """Return organisations, newest first, those that match a search."""
    users = select(func.count(UserRow.id)).where(UserRow.organisation_id == OrganisationRow.id).scalar_subquery()
    statement = (
        select(OrganisationRow, users)
        .where(OrganisationRow.credit_code.not_like(f"{SIMULATED}%"), HERE)
        .options(joinedload(OrganisationRow.market))
        .order_by(OrganisationRow.registered_at.desc(), OrganisationRow.id.desc())
    )
    if search:
        columns = (OrganisationRow.name_zh, OrganisationRow.name_en, OrganisationRow.credit_code)
        statement = statement.where(or_(*(column.icontains(search, autoescape=True) for column in columns)))
    limited, paging = cut(session, statement, number=page, size=USERS_A_PAGE)
    return OrganisationsPage([_organisation(row, count) for row, count in session.execute(limited)], paging)


def organisation_line(session: Session, *, organisation_id: int) -> OrganisationLine | None:
    """Return one organisation."""
    row = session.scalars(select(OrganisationRow).where(OrganisationRow.id == organisation_id, HERE)).one_or_none()
    if row is None:
        return None
    users = session.scalar(select(func.count(UserRow.id)).where(UserRow.organisation_id == organisation_id))
    return _organisation(row, users or 0)


def audit_page(session: Session, *, what: str, page: int) -> AuditPage:
    """Return the audit trail, newest first."""
    statement = select(AuditRow).options(joinedload(AuditRow.by)).order_by(AuditRow.id.desc())
    if what:
        statement = statement.where(AuditRow.what == what)
    limited, paging = cut(session, statement, number=page, size=ACTS_A_PAGE)
    acts = [
        Act(at=row.at, by=None if row.by is None else row.by.sign_in_name, what=row.what, about=row.about, detail=row.detail)
        for row in session.scalars(limited)
    ]
    return AuditPage(acts, list(session.scalars(select(AuditRow.what).distinct().order_by(AuditRow.what))), paging)


def _user(row: UserRow) -> UserLine:
    of = row.organisation or row.market
    return UserLine(
        id=row.id,
        sign_in_name=row.sign_in_name,
        name=row.name,
        role=row.role,
        belongs_to=None if of is None else of.name,
        sealing_officer=row.sealing_officer,
        created_at=row.created_at,
        disabled_at=row.disabled_at,
    )


def _organisation(row: OrganisationRow, users: int) -> OrganisationLine:
    return OrganisationLine(
        id=row.id,
        name=row.name,
        kind=row.kind,
        credit_code=row.credit_code,
        province=row.province,
        market=row.market.name,
        standing=row.standing,
        users=users,
    )
