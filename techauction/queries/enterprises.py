"""The enterprises of a market, as its organizers see them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from techauction.core.credit_code import checks
from techauction.core.names import Name
from techauction.core.rehearsal import SIMULATED
from techauction.queries.paging import Paging, cut
from techauction.store.loading import HERE
from techauction.store.people import OrganisationKind, OrganisationRow, Standing, UserRow

ENTERPRISES_A_PAGE = 25
_BIDDING = (OrganisationKind.ENTERPRISE, OrganisationKind.COLLECTIVE, OrganisationKind.PERSON)


@dataclass(frozen=True, slots=True, kw_only=True)
class EnterpriseLine:
    """An enterprise in the list."""

    id: int
    name: Name
    credit_code: str
    province: str
    agent: str
    standing: Standing
    synthetic: bool
    registered_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class EnterprisesPage:
    """A page of a market's enterprises, and how many there are of each standing."""

    enterprises: tuple[EnterpriseLine, ...]
    counts: Mapping[Standing, int]
    paging: Paging


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody who signs in for an enterprise."""

    name: str
    sign_in_name: str
    email: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EnterprisePage:
    """All that an enterprise said of itself, and what its market said to that."""

    id: int
    name: Name
    credit_code: str
    code_checks: bool
    province: str
    legal_representative: str
    agent: str
    telephone: str
    standing: Standing
    standing_reason: str
    synthetic: bool
    registered_at: datetime
    people: tuple[Person, ...]


def enterprises(session: Session, *, market_key: str, standing: Standing | None, page: int) -> EnterprisesPage:
    """Return the enterprises of a market, those that wait for it first."""
    statement = _of(market_key).order_by(
        (OrganisationRow.standing == Standing.REGISTERED).desc(), OrganisationRow.registered_at.desc(), OrganisationRow.id
    )
    if standing is not None:
        statement = statement.where(OrganisationRow.standing == standing)
    statement, paging = cut(session, statement, number=page, size=ENTERPRISES_A_PAGE)
    every = _of(market_key).subquery()
    counts = session.execute(select(every.c.standing, func.count()).group_by(every.c.standing))
    found = {row[0]: row[1] for row in counts}
    return EnterprisesPage(
        enterprises=tuple(
            EnterpriseLine(
                id=row.id,
                name=row.name,
                credit_code=row.credit_code,
                province=row.province,
                agent=row.agent,
                standing=row.standing,
                synthetic=row.synthetic,
                registered_at=row.registered_at,
            )
            for row in session.scalars(statement)
        ),
        counts={each: found.get(each, 0) for each in Standing},
        paging=paging,
    )


def enterprise(session: Session, *, organisation_id: int, market_key: str) -> EnterprisePage | None:
    """Return an enterprise of a market, or nothing where it is another's."""
    row = session.scalars(_of(market_key).where(OrganisationRow.id == organisation_id)).one_or_none()
    if row is None:
        return None
    people = session.scalars(
        select(UserRow).where(UserRow.organisation_id == row.id, UserRow.disabled_at.is_(None)).order_by(UserRow.id)
    )
    return EnterprisePage(
        id=row.id,
        name=row.name,
        credit_code=row.credit_code,
        code_checks=checks(row.credit_code),
        province=row.province,
        legal_representative=row.legal_representative,
        agent=row.agent,
        telephone=row.telephone,
        standing=row.standing,
        standing_reason=row.standing_reason,
        synthetic=row.synthetic,
        registered_at=row.registered_at,
        people=tuple(Person(name=each.name, sign_in_name=each.sign_in_name, email=each.email) for each in people),
    )


def _of(market_key: str) -> Select[OrganisationRow]:
    return select(OrganisationRow).where(
        OrganisationRow.market_key == market_key,
        HERE,
        # An institute comes here only to have a credit code accepted that does not check.
        OrganisationRow.kind.in_(_BIDDING) | (OrganisationRow.standing == Standing.REGISTERED),
        OrganisationRow.credit_code.not_like(f"{SIMULATED}%"),
    )
