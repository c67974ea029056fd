"""The accounts of a demonstration, for its sign-in page."""

from collections import defaultdict
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session, joinedload

from techauction.core.names import Name
from techauction.core.round import Phase
from techauction.store.aftersale import CaseRow
from techauction.store.auction import PaddleRow
from techauction.store.consigning import RoundRow
from techauction.store.people import ManagerFieldRow, MarketRow, OrganisationRow, Role, UserRow

PREFIX = "demo-"
"""With this the sign-in names begin of everybody whom a visitor may be; the demonstration's other users stay themselves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoAccount:
    """Somebody whom a visitor may be. `paddles`: those held in rounds that are not over; `open_cases`: a manager's."""

    user_id: int
    sign_in_name: str
    name: str
    role: Role
    organisation: Name | None
    market: Name | None
    sealing_officer: bool
    fields: tuple[Name, ...]
    paddles: tuple[int, ...]
    open_cases: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoRound:
    """A round that a visitor may look at, the live one first."""

    slug: str
    title: Name
    phase: Phase


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoPage:
    """The sign-in page: the accounts by role, in the order in which a role meets a lot, and the rounds."""

    roles: tuple[tuple[Role, tuple[DemoAccount, ...]], ...]
    rounds: tuple[DemoRound, ...]


_ORDER = (Role.ENTERPRISE, Role.INSTITUTE, Role.ORGANIZER, Role.MANAGER, Role.AUDITOR, Role.ADMINISTRATOR)
_PHASES = (Phase.OPEN, Phase.PUBLISHED, Phase.CLOSED)


def demo_page(session: Session) -> DemoPage:
    """Return whom a visitor may be, and what there is to see."""
    by_role: dict[Role, list[DemoAccount]] = defaultdict(list)
    for account in _accounts(session):
        by_role[account.role].append(account)
    rounds = session.scalars(
        select(RoundRow).where(RoundRow.phase.in_(_PHASES), RoundRow.copy_of_id.is_(None)).order_by(RoundRow.opens_at.desc())
    ).all()
    return DemoPage(
        roles=tuple((role, tuple(by_role[role])) for role in _ORDER if role in by_role),
        rounds=tuple(
            DemoRound(slug=each.slug, title=each.title, phase=each.phase)
            for each in sorted(rounds, key=lambda each: _PHASES.index(each.phase))
        ),
    )


def demo_account(session: Session, *, user_id: int) -> int | None:
    """Return the user's id if a visitor may be this user."""
    return session.scalar(select(UserRow.id).where(UserRow.id == user_id, _offered()))


def _offered() -> ColumnElement[bool]:
    return and_(UserRow.sign_in_name.startswith(PREFIX, autoescape=True), UserRow.disabled_at.is_(None))


def _accounts(session: Session) -> list[DemoAccount]:
    users = session.scalars(
        select(UserRow)
        .where(_offered())
        .order_by(UserRow.id)
        .options(joinedload(UserRow.organisation), joinedload(UserRow.market))
    ).all()
    fields: dict[int, list[Name]] = defaultdict(list)
    for each in session.scalars(select(ManagerFieldRow).options(joinedload(ManagerFieldRow.field))):
        fields[each.user_id].append(each.field.name)
    paddles: dict[int, set[int]] = defaultdict(set)
    for organisation_id, number in session.execute(
        select(PaddleRow.organisation_id, PaddleRow.number)
        .join(RoundRow, PaddleRow.round_id == RoundRow.id)
        .where(
            RoundRow.phase.in_((Phase.PUBLISHED, Phase.OPEN)),
            RoundRow.copy_of_id.is_(None),
            PaddleRow.number.is_not(None),
            PaddleRow.voided_at.is_(None),
        )
    ):
        assert number is not None
        paddles[organisation_id].add(number)
    open_cases = select(CaseRow.manager_id, func.count()).where(CaseRow.closed_at.is_(None)).group_by(CaseRow.manager_id)
    cases = dict(session.execute(open_cases).all())
    return [
        DemoAccount(
            user_id=user.id,
            sign_in_name=user.sign_in_name,
            name=user.name,
            role=user.role,
            organisation=_named(user.organisation),
            market=_named(user.market),
            sealing_officer=user.sealing_officer,
            fields=tuple(fields[user.id]),
            paddles=tuple(sorted(paddles[user.organisation_id])) if user.organisation_id else (),
            open_cases=cases.get(user.id, 0),
        )
        for user in users
    ]


def _named(row: OrganisationRow | MarketRow | None) -> Name | None:
    return None if row is None else row.name
