"""Who works in the demonstration: everybody whom a visitor may be, and a user for each enterprise that bids."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from techauction.queries.demo import PREFIX
from techauction.services.accounts import create_user
from techauction.store.auction import PaddleRow
from techauction.store.people import FieldRow, MarketRow, OrganisationKind, OrganisationRow, Role, Standing, UserRow

NO_PASSWORD = "!"  # noqa: S105 (no password has this hash)
"""Nobody of the demonstration signs in by a password; its sign-in page needs none."""
VISITORS = (260, 218)
"""The paddles that are left to visitors; no rival of the live round has them."""
_NEWCOMER = "91999999DEM012007Y"
_FIRST_FIELDS = ("digital", "manufacturing", "life")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Of:
    """A user of an organisation, which is found by its English name."""

    sign_in_name: str
    name: str
    organisation: str
    sealing_officer: bool = False


_INSTITUTES = (
    _Of(
        sign_in_name="institute",
        name="封存员 Sealing officer",
        organisation="Zhipan Laboratory for Intelligent Systems (synthetic)",
        sealing_officer=True,
    ),
    _Of(
        sign_in_name="institute-hospital",
        name="封存员 Sealing officer",
        organisation="Hupan Medical University Hospital (synthetic)",
        sealing_officer=True,
    ),
    _Of(sign_in_name="institute-zjut", name="成果处 Results office", organisation="Zhejiang University of Technology"),
)


def settle_in(session: Session, *, now: datetime) -> None:
    """Add the staff, the institutes' people and the enterprises' agents of the rounds loaded so far."""
    _add_staff(session, now=now)
    for each in _INSTITUTES:
        organisation = session.scalars(select(OrganisationRow).where(OrganisationRow.name_en == each.organisation)).one()
        _add(
            session,
            each.sign_in_name,
            each.name,
            Role.INSTITUTE,
            now=now,
            organisation=organisation,
            sealing_officer=each.sealing_officer,
        )
    _add_agents(session, now=now)


def _add_staff(session: Session, *, now: datetime) -> None:
    fields = list(session.scalars(select(FieldRow.key).order_by(FieldRow.position)))
    for market in session.scalars(select(MarketRow).order_by(MarketRow.position)):
        market.telephone = f"400 000 {market.position:04d}"  # nobody's number
        _add(session, f"organizer-{market.key}", "组织者 Organizer", Role.ORGANIZER, now=now, market=market.key)
        for place, share in enumerate((_FIRST_FIELDS, tuple(key for key in fields if key not in _FIRST_FIELDS)), 1):
            name = f"技术经理人 Manager {place}"
            _add(session, f"manager-{market.key}-{place}", name, Role.MANAGER, now=now, market=market.key, fields=share)
    _add(session, "auditor", "审计员 Auditor", Role.AUDITOR, now=now)
    _add(session, "administrator", "管理员 Administrator", Role.ADMINISTRATOR, now=now)


def _add_agents(session: Session, *, now: datetime) -> None:
    rows = session.execute(
        select(PaddleRow.number, OrganisationRow)
        .join(OrganisationRow, PaddleRow.organisation_id == OrganisationRow.id)
        .order_by(PaddleRow.number.desc())
    )
    for number, organisation in rows:
        if number in VISITORS:
            sign_in_name = f"enterprise-{number}"
            _add(session, sign_in_name, f"代理人 Agent {number}", Role.ENTERPRISE, now=now, organisation=organisation)
        else:
            create_user(
                session,
                sign_in_name=f"paddle-{number}",
                name=f"代理人 Agent {number}",
                role=Role.ENTERPRISE,
                password_hash=NO_PASSWORD,
                organisation_id=organisation.id,
                now=now,
            )
    newcomer = OrganisationRow(
        kind=OrganisationKind.ENTERPRISE,
        name_zh="绍兴新禾渡智能装备有限公司（演示）",
        name_en="Shaoxing Xinhedu Intelligent Equipment Co., Ltd. (synthetic)",
        credit_code=_NEWCOMER,
        province="Zhejiang",
        market_key="zhejiang",
        standing=Standing.APPROVED,
        synthetic=True,
        registered_at=now,
    )
    session.add(newcomer)
    session.flush()
    _add(session, "newcomer", "代理人 Agent", Role.ENTERPRISE, now=now, organisation=newcomer)


def _add(
    session: Session,
    sign_in_name: str,
    name: str,
    role: Role,
    *,
    now: datetime,
    organisation: OrganisationRow | None = None,
    market: str | None = None,
    fields: tuple[str, ...] = (),
    sealing_officer: bool = False,
) -> UserRow:
    return create_user(
        session,
        sign_in_name=f"{PREFIX}{sign_in_name}",
        name=name,
        email=f"{PREFIX}{sign_in_name}@example.org",
        role=role,
        password_hash=NO_PASSWORD,
        organisation_id=None if organisation is None else organisation.id,
        market_key=market,
        field_keys=fields,
        sealing_officer=sealing_officer,
        now=now,
    )
