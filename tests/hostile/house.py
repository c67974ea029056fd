"""A house with a lot in every stage, somebody of every role beside somebody foreign, and a way back to how it was."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from itsdangerous import URLSafeTimedSerializer
from sqlalchemy import Engine, delete, insert, select
from sqlalchemy.orm import Session
from werkzeug.test import Client

from techauction.asgi import Process
from techauction.clock import ManualClock
from techauction.core.approval import Act
from techauction.core.lot import Format, Stage
from techauction.core.outcome import Ending
from techauction.core.round import Phase, Regime
from techauction.custody import KeyRing
from techauction.db import make_engine, writing
from techauction.identity import TOKEN_KEY, passwords
from techauction.queries.demo import PREFIX
from techauction.services import accounts, approvals, opening, pausing, tokens, voiding
from techauction.services.deeds import Subject
from techauction.settings import Settings
from techauction.store.aftersale import CaseRow
from techauction.store.auction import ApprovalRow, OfferRow, OutcomeRow, PaddleRow
from techauction.store.base import Row
from techauction.store.consigning import LotRow, RoundMarketRow, RoundRow
from techauction.store.people import ApiTokenRow, Role, UserSessionRow
from techauction.web import demo
from tests import builders
from tests.builders import CLOSES, wan
from tests.rounds import Played, a_round_sold, a_round_to_play, by_two
from tests.serving import serving
from tests.web.conftest import PASSWORD

NOW = CLOSES + timedelta(hours=1, minutes=10)
"""When everything is tried: a round was sold an hour ago, another is open for ten minutes, a third opens in an hour."""
Place = Mapping[str, Any]
_TRIED = {"sold": (0, 2, 5), "voided": (0,), "rehearsal": (0,)}
"""One lot for each stage is enough: sold, passed in, withheld; a sale that was voided."""


@dataclass(frozen=True, eq=False)
class Actor:
    """Somebody who asks. `foreign`: of the role, but nothing here is theirs."""

    name: str
    role: Role | None = None
    foreign: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)
    csrf: str = ""
    token: str = ""


@dataclass
class House:
    """The house; `places` are the lots, each with all that an address may name about it."""

    process: Process
    url: str
    engine: Engine
    actors: list[Actor]
    places: list[Place]
    kept: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def client(self) -> Client:
        """Return a client that keeps nothing between its calls."""
        return self.process.app.test_client(use_cookies=False)

    def keep(self) -> None:
        """Keep every row as it is."""
        with self.engine.connect() as connection:
            for table in Row.metadata.sorted_tables:
                rows = connection.execute(select(table).order_by(*table.primary_key)).mappings()
                self.kept[table.name] = [dict(row) for row in rows]

    def go_back(self) -> None:
        """Have every row as it was kept."""
        with Session(self.engine) as session, writing(session):
            for table in reversed(Row.metadata.sorted_tables):
                session.execute(delete(table))
            for table in Row.metadata.sorted_tables:
                if self.kept[table.name]:
                    session.connection().execute(insert(table), self.kept[table.name])


@contextmanager
def a_house(settings: Settings, clock: ManualClock) -> Iterator[House]:
    """Yield the house behind a real server."""
    clock.set(NOW)
    engine = make_engine(settings.database_url)
    custody = KeyRing(settings.instance / "custody-public.json", settings.instance / "custody-keys.json")
    elsewhere = KeyRing(settings.instance / "other-public.json", settings.instance / "other-keys.json")
    with Session(engine, expire_on_commit=False) as session, writing(session):
        rounds = _rounds(session, custody, elsewhere)
        institutes = [rounds["announced"].lots[0].result.institute_id]
        bidders = [each.organisation_id for each in rounds["open"].paddles]
        users = _users(session, settings, institutes[0], bidders)
        for played in rounds.values():
            for lot in played.lots:
                lot.result.institute_id = institutes[0]
        places = _places(session, rounds, users)
    with serving(settings, clock) as served:
        with Session(engine, expire_on_commit=False) as session, writing(session):
            actors = [_anybody(served.process), *(_actor(session, served.process, *each) for each in users)]
            sign_ins = list(session.scalars(select(UserSessionRow.id)))
            made = list(session.scalars(select(ApiTokenRow.id)))
        for number, place in enumerate(places):  # everybody's in turn
            place |= {"session_id": sign_ins[number % len(sign_ins)], "token_id": made[number % len(made)]}
        house = House(served.process, served.url, engine, actors, places)
        house.keep()
        yield house
    engine.dispose()


def _rounds(session: Session, custody: KeyRing, elsewhere: KeyRing) -> dict[str, Played]:
    hour, minute = timedelta(hours=1), timedelta(minutes=1)
    opened = CLOSES + hour
    sold = a_round_sold(session, slug="sold")
    voided = a_round_sold(session, slug="voided")
    voiding.void_outcome(
        session,
        lot=voided.lots[0],
        reason="A mistake.",
        two=by_two(session, voided.row.id, Act.VOID_OUTCOME, at=NOW, reason="A mistake.", lot_ids=(voided.lots[0].id,)),
        now=NOW,
    )
    open_ = a_round_to_play(
        session,
        {},
        {},
        {},
        {},
        {"reserve_announced": True},
        {"format": Format.SEALED},
        {},
        {},
        slug="open",
        opens_at=opened,
        closes_at=opened + 3 * hour,
    )
    builders.a_reserve(session, open_.lots[4], wan(250), custody=elsewhere)
    opening.open_round(session, round_id=open_.row.id, read_clock=lambda: opened)
    for place, paddle, price in ((0, 0, 200), (0, 1, 210), (2, 0, 200), (2, 1, 220), (3, 1, 200), (4, 0, 200), (6, 0, 200)):
        open_.bid(session, place, paddle, wan(price), opened + (place + paddle + 1) * minute / 2)
    officer = builders.a_user(session).id
    pausing.pause(session, lot_ids=[open_.lots[2].id], reason="A look.", by_id=officer, read_clock=lambda: opened + 8 * minute)
    for place, stage in ((3, Stage.INTERRUPTED),):
        open_.lots[place].stage, open_.lots[place].stopped_at = stage, opened + 8 * minute
        open_.lots[place].stop_reason = "Away."
    open_.lots[4].closes_at = open_.lots[4].scheduled_closes_at = NOW - minute
    open_.lots[4].key_missing_at = NOW - minute
    for lot, ending in ((open_.lots[7], Ending.WITHHELD),):  # never opened
        lot.stage, lot.opens_at, lot.closes_at, lot.scheduled_closes_at = Stage.ENDED, None, None, None
        session.add(OutcomeRow(lot_id=lot.id, ending=ending, reason="few_admitted", ended_at=opened))
    later = {"opens_at": NOW + hour, "closes_at": NOW + 3 * hour, "registration_closes_at": NOW + hour / 2}
    announced = a_round_to_play(
        session,
        {},
        {"reserve_announced": True},
        {"format": Format.SEALED},
        {},
        slug="announced",
        reserve_deadline_at=NOW + hour / 2,
        **later,
    )
    builders.a_reserve(session, announced.lots[1], wan(250), custody=custody)
    announced.lots[3].stage = Stage.ENDED
    session.add(OutcomeRow(lot_id=announced.lots[3].id, ending=Ending.WITHDRAWN, reason="Withdrawn.", ended_at=NOW))
    rehearsal = a_round_to_play(session, {}, {}, slug="rehearsal", rehearsal=True, **later)
    draft = a_round_to_play(session, {}, {}, {}, slug="draft", phase=Phase.DRAFT, published_at=None, **later)
    for lot, stage in zip(draft.lots, (Stage.LISTED, Stage.SUBMITTED, Stage.RETURNED), strict=True):
        lot.stage = stage
    draft.lots[1].number = draft.lots[2].number = None
    called_off = a_round_to_play(session, {}, slug="called-off", phase=Phase.CALLED_OFF, **later)
    found = {
        "sold": sold,
        "voided": voided,
        "open": open_,
        "announced": announced,
        "rehearsal": rehearsal,
        "draft": draft,
        "called-off": called_off,
    }
    for played in found.values():
        if not any(each.market_key == "shanghai" for each in played.row.markets):
            session.add(RoundMarketRow(round_id=played.row.id, market_key="shanghai"))
        asked = PaddleRow(
            round_id=played.row.id, organisation=builders.an_organisation(session), asked_at=NOW, rules_accepted_at=NOW
        )
        session.add(asked)
        played.paddles.append(asked)
    session.flush()
    return found


def _users(session: Session, settings: Settings, institute: int, bidders: list[int]) -> list[tuple[str, Role, bool, int]]:
    hashed = passwords(settings).hash(PASSWORD)

    def user(name: str, role: Role, *, foreign: bool = False, **more: Any) -> tuple[str, Role, bool, int]:
        row = accounts.create_user(
            session, sign_in_name=name, name=name.title(), role=role, password_hash=hashed, now=NOW, **more
        )
        return name, role, foreign, row.id

    university, company = builders.OrganisationKind.UNIVERSITY, builders.OrganisationKind.ENTERPRISE
    return [
        user("host", Role.ORGANIZER, market_key="zhejiang"),
        user("second", Role.ORGANIZER, market_key="shanghai"),
        user("organizer.elsewhere", Role.ORGANIZER, foreign=True, market_key="anhui"),
        user("officer", Role.INSTITUTE, organisation_id=institute, sealing_officer=True),
        user(
            "institute.elsewhere",
            Role.INSTITUTE,
            foreign=True,
            organisation_id=builders.an_organisation(session, university).id,
            sealing_officer=True,
        ),
        user("bidder", Role.ENTERPRISE, organisation_id=bidders[0]),
        user("rival", Role.ENTERPRISE, organisation_id=bidders[1]),
        user("bidder.elsewhere", Role.ENTERPRISE, foreign=True, organisation_id=builders.an_organisation(session, company).id),
        user("manager", Role.MANAGER, market_key="zhejiang", field_keys=["energy", "life", "materials", "digital"]),
        user("manager.elsewhere", Role.MANAGER, foreign=True, market_key="anhui"),
        user(f"{PREFIX}auditor", Role.AUDITOR),
        user("administrator", Role.ADMINISTRATOR),
    ]


def _places(session: Session, rounds: dict[str, Played], users: list[tuple[str, Role, bool, int]]) -> list[dict[str, Any]]:
    by_name = {name: user_id for name, _, _, user_id in users}
    for case in session.scalars(select(CaseRow)):
        case.manager_id = by_name["manager"]
    rounds["announced"].row.regime = Regime.AUCTION
    rounds["announced"].row.custodian_id = by_name["host"]
    places = []
    for slug, played in rounds.items():
        for lot in (played.lots[each] for each in _TRIED.get(slug, range(len(played.lots)))):
            asked = _asked(session, played.row, lot, by_name["host"])
            paddle = played.paddles[len(places) % len(played.paddles)]
            places.append(
                {
                    "slug": slug,
                    "lot_id": lot.id,
                    "number": lot.number or 99,
                    "seq": 1 + len(places) % 3,
                    "paddle_id": paddle.id,
                    "organisation_id": paddle.organisation_id,
                    "user_id": by_name[f"{PREFIX}auditor"],
                    "approval_id": asked,
                    "act": list(Act)[len(places) % len(Act)].value,
                    "form": ("csv", "xlsx", "json")[len(places) % 3],
                    "key": _offered(session, lot),
                    "text": "2026-01-01",
                    "filename": "css/app.css",
                }
            )
    return places


def _offered(session: Session, lot: LotRow) -> str:
    """Return the key of an offer at the lot, where there is one."""
    return session.scalar(select(OfferRow.key).where(OfferRow.lot_id == lot.id).order_by(OfferRow.id)) or "a-key-of-nobody"


def _asked(session: Session, round_: RoundRow, lot: LotRow, by_id: int) -> int:
    """Return a request about the lot that waits, where there is something to ask for."""
    act = {Stage.PAUSED: Act.RESUME, Stage.INTERRUPTED: Act.RESUME, Stage.OPEN: Act.PROLONG}.get(lot.stage)
    if act is not None and lot.key_missing_at is None:
        subject = Subject(lot_ids=(lot.id,), minutes=10 if act is Act.PROLONG else None)
        return approvals.ask(
            session, round_id=round_.id, act=act, subject=subject, reason="To go on.", by_id=by_id, read_clock=lambda: NOW
        )
    return session.scalar(select(ApprovalRow.id).order_by(ApprovalRow.id.desc())) or 1


def _anybody(process: Process) -> Actor:
    return Actor("anybody", None, False, *_browser(process, "anybody"))


def _browser(process: Process, name: str, **kept: Any) -> tuple[dict[str, str], str]:
    """Return the headers of a browser that came here before, and its token against forged requests."""
    app, raw = process.app, f"csrf of {name}"
    serializer = app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined]
    key = demo.link(process.settings).partition("=")[2]
    cookie = f"session={serializer.dumps({**kept, 'csrf_token': raw})}; language=en; demonstration={key}"
    return {"Cookie": cookie}, URLSafeTimedSerializer(str(app.secret_key), salt="wtf-csrf-token").dumps(raw)


def _actor(session: Session, process: Process, name: str, role: Role, foreign: bool, user_id: int) -> Actor:
    signed_in = accounts.sign_in(session, user_id=user_id, address="127.0.0.1", agent="test", now=NOW, hours=12)
    scopes = tokens.SCOPES[role]
    token = tokens.make(session, user_id=user_id, name="robot", scopes=scopes, days=None, now=NOW)
    return Actor(name, role, foreign, *_browser(process, name, _fresh=True, **{TOKEN_KEY: signed_in}), token)
