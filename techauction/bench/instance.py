"""A throw-away instance with open lots, and bidders who are signed in to it."""

import json
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import cast

from flask import session as browser
from flask.sessions import SecureCookieSessionInterface
from flask_login import login_user
from flask_wtf.csrf import generate_csrf
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from techauction import migrating, settings
from techauction.app import create_app
from techauction.clock import Clock, SystemClock
from techauction.core.credit_code import check_sign
from techauction.db import make_engine, writing
from techauction.identity import signed_in_by
from techauction.saleroom.auctioneer import Auctioneer
from techauction.services import accounts, opening, tokens
from techauction.services.loading import load_round
from techauction.settings import Settings
from techauction.store.auction import PaddleRow
from techauction.store.consigning import LotRow
from techauction.store.people import Role

SLUG = "bench"
START_FEN = 100_000_000
INCREMENT_FEN = 100
MAX_STEPS = 100
"""More steps than there are offers under way, so that an offer overtaken on its way costs itself alone."""
_FIRST_PADDLE = 201
_HOURS = 12
LASTS = timedelta(hours=_HOURS)
_OPENS_IN = timedelta(seconds=30)
_ANNOUNCED_BEFORE = timedelta(minutes=1)
"""Before it is opened, so that registration has ended: no round opens early before that."""
_FILE = "bench.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bidder:
    """A bidder as its browser stands before the lot: the `Cookie` header, and the page's CSRF token."""

    paddle: int
    cookie: str
    csrf: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """An instance in its directory: its lots and those who bid on them."""

    directory: Path
    lot_ids: tuple[int, ...]
    bidders: tuple[Bidder, ...]

    def settings(self) -> Settings:
        """Return the instance's settings, whatever the environment says of another."""
        return settings.load(self.directory, environ={})

    def copy(self, directory: Path, database_url: str | None = None) -> "Instance":
        """Return a copy of the instance, which nobody serves; on a database that was copied already, where one is named."""
        shutil.copytree(self.directory, directory)
        if database_url is not None:
            _write_settings(directory, database_url)
        return Instance(directory=directory, lot_ids=self.lot_ids, bidders=self.bidders)


@dataclass(frozen=True, slots=True, kw_only=True)
class Staff:
    """Who works in the house: the `Cookie` headers of an auditor and an organizer, and the organizer's token to load rounds."""

    auditor: str
    organizer: str
    token: str


def make(
    directory: Path, *, bidders: int, lots: int = 1, lasts: timedelta = LASTS, database_url: str | None = None
) -> Instance:
    """Make an instance as `init` and `round load` would, with its lots open; on SQLite unless a database is named.

    All lots close in the same instant, `lasts` after now. The rate limits are off: one bidder of the benchmark bids as fast as
    fifty.
    """
    directory.mkdir(parents=True)
    _write_settings(directory, database_url)
    of = settings.load(directory, environ={})
    clock = SystemClock()
    engine = make_engine(of.database_url, checkpoints=True)
    migrating.upgrade(engine)
    sessions = sessionmaker(engine, expire_on_commit=False)
    with sessions() as session, writing(session):
        lot_ids = _open_lots(session, clock, bidders=bidders, lots=lots, lasts=lasts)
    with sessions() as session:
        signed_in = _sign_in(session, of, clock, sessions)
    engine.dispose()
    return Instance(directory=directory, lot_ids=lot_ids, bidders=signed_in)


def staff(instance: Instance) -> Staff:
    """Take an auditor and an organizer on, and sign them in."""
    of, clock = instance.settings(), SystemClock()
    engine = make_engine(of.database_url, checkpoints=True)
    sessions = sessionmaker(engine, expire_on_commit=False)
    cookies: dict[Role, str] = {}
    with sessions() as session:
        for role, market in ((Role.AUDITOR, None), (Role.ORGANIZER, "zhejiang")):
            with writing(session):
                user = accounts.create_user(
                    session,
                    sign_in_name=role.value,
                    name=role.value,
                    role=role,
                    password_hash="!",  # noqa: S106 (nobody signs in with it)
                    market_key=market,
                    now=clock(),
                )
                signed_in = accounts.sign_in(
                    session, user_id=user.id, address="127.0.0.1", agent="bench", now=clock(), hours=_HOURS
                )
            ((cookies[role], _csrf),) = _cookies(session, of, clock, sessions, [signed_in])
        with writing(session):
            scopes = tokens.SCOPES[Role.ORGANIZER]
            token = tokens.make(session, user_id=user.id, name="bench", scopes=scopes, days=None, now=clock())
    engine.dispose()
    return Staff(auditor=cookies[Role.AUDITOR], organizer=cookies[Role.ORGANIZER], token=token)


def large_plan(*, lots: int, enterprises: int) -> dict[str, object]:
    """Return the plan of another round, which opens tomorrow."""
    clock = SystemClock()
    opens_at = clock() + timedelta(days=1)
    plan = _plan(clock, bidders=enterprises, lots=lots, lasts=LASTS, registration_closes_at=opens_at)
    times = {"opens_at": opens_at.isoformat(), "closes_at": (opens_at + LASTS).isoformat()}
    return plan | {"round": {**cast("dict[str, object]", plan["round"]), "slug": "large", **times}}


def keep(instance: Instance) -> Path:
    """Write down what a serving or bidding process needs of the instance, and return the file."""
    file = instance.directory / _FILE
    said = {"lot_ids": instance.lot_ids, "bidders": [asdict(each) for each in instance.bidders]}
    file.write_text(json.dumps(said), "utf-8")
    return file


def _write_settings(directory: Path, database_url: str | None) -> None:
    lines = ["rate_limits = false", "argon2_memory_kib = 1024", "argon2_time = 1"]
    if database_url is not None:
        lines.append(f"database_url = {json.dumps(database_url)}")
    (directory / "settings.toml").write_text("\n".join(lines) + "\n", "utf-8")


def _open_lots(session: Session, clock: Clock, *, bidders: int, lots: int, lasts: timedelta) -> tuple[int, ...]:
    announced_at = clock() - _ANNOUNCED_BEFORE
    plan = _plan(clock, bidders=bidders, lots=lots, lasts=lasts, registration_closes_at=announced_at + _ANNOUNCED_BEFORE / 2)
    row = load_round(session, plan, now=announced_at)
    opening.open_round(session, round_id=row.id, read_clock=clock)
    return tuple(session.scalars(select(LotRow.id).where(LotRow.round_id == row.id).order_by(LotRow.number)))


def _plan(clock: Clock, *, bidders: int, lots: int, lasts: timedelta, registration_closes_at: datetime) -> dict[str, object]:
    now = clock()
    at_home = {"province": "Zhejiang", "market": "zhejiang"}
    return {
        "round": {
            "slug": SLUG,
            "title_zh": "测速场",
            "title_en": "Benchmark",
            "host_market": "zhejiang",
            "rehearsal": True,
            "synthetic": True,
            "opens_at": (now + min(_OPENS_IN, lasts / 2)).isoformat(),
            "closes_at": (now + lasts).isoformat(),
            "registration_closes_at": registration_closes_at.isoformat(),
            "extension_trigger_s": 1,
            "extension_length_s": 1,
            "max_steps": MAX_STEPS,
        },
        "institutes": [
            {
                "key": "institute",
                "kind": "university",
                "name_zh": "测速大学",
                "name_en": "University of Benchmarks",
                "credit_code": _credit_code(1, 0),
                **at_home,
            }
        ],
        "lots": [
            {
                "title_zh": f"热门成果{number}",
                "title_en": f"Hot lot {number}",
                "field": "energy",
                "institute": "institute",
                "maturity": 7,
                "instrument": "transfer",
                "owners": "测速大学",
                "rights": f"测速专利{number}",
                "start_fen": START_FEN,
                "increment_fen": INCREMENT_FEN,
            }
            for number in range(1, lots + 1)
        ],
        "enterprises": [
            {
                "key": f"enterprise{place}",
                "name_zh": f"企业{place}",
                "name_en": f"Enterprise {place}",
                "credit_code": _credit_code(9, place),
                "paddle": _FIRST_PADDLE + place,
                "lots": "all",
                **at_home,
            }
            for place in range(bidders)
        ],
    }


def _credit_code(kind: int, place: int) -> str:
    body = f"{kind}1330000{place:09d}"
    return body + check_sign(body)


def _sign_in(session: Session, of: Settings, clock: Clock, sessions: sessionmaker[Session]) -> tuple[Bidder, ...]:
    """Sign a user of every paddle in, as the sign-in page does after the password."""
    signed_in: dict[int, str] = {}
    with writing(session):
        for paddle, organisation_id in session.execute(
            select(PaddleRow.number, PaddleRow.organisation_id).order_by(PaddleRow.number)
        ).all():
            assert paddle is not None
            user = accounts.create_user(
                session,
                sign_in_name=f"bidder{paddle}",
                name=f"Bidder {paddle}",
                role=Role.ENTERPRISE,
                password_hash="!",  # noqa: S106 (nobody signs in with it)
                organisation_id=organisation_id,
                now=clock(),
            )
            signed_in[paddle] = accounts.sign_in(
                session, user_id=user.id, address="127.0.0.1", agent="bench", now=clock(), hours=_HOURS
            )
    cookies = _cookies(session, of, clock, sessions, signed_in.values())
    return tuple(
        Bidder(paddle=paddle, cookie=cookie, csrf=csrf) for paddle, (cookie, csrf) in zip(signed_in, cookies, strict=True)
    )


def _cookies(
    session: Session, of: Settings, clock: Clock, sessions: sessionmaker[Session], signed_in: Iterable[str]
) -> Iterator[tuple[str, str]]:
    """Yield the `Cookie` header and the CSRF token of each sign-in, by its token."""
    app = create_app(of, clock, Auctioneer(sessions, clock))
    interface = app.session_interface
    assert isinstance(interface, SecureCookieSessionInterface)
    serializer = interface.get_signing_serializer(app)
    assert serializer is not None
    for token in signed_in:
        with app.test_request_context():
            login_user(signed_in_by(session, token, clock()))
            csrf = generate_csrf()
            yield f"{interface.get_cookie_name(app)}={serializer.dumps(dict(browser))}", csrf
