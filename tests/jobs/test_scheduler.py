"""The scheduler runs the ticks, and nothing depends on it."""

import time
from pathlib import Path

from flask import Flask
from flask_babel import Babel
from sqlalchemy.orm import Session, sessionmaker

from techauction.clock import ManualClock
from techauction.core.round import Phase
from techauction.jobs.mailer import FileMailer
from techauction.jobs.scheduler import Scheduler
from techauction.jobs.turns import Turns
from techauction.saleroom.auctioneer import Auctioneer
from techauction.saleroom.vitals import Vitals
from techauction.store.consigning import RoundRow
from tests.builders import OPENS, a_lot, a_round

PATIENCE_S = 20


def test_the_scheduler_opens_a_round_by_itself(
    sessions: sessionmaker[Session], clock: ManualClock, tmp_path: Path, database_url: str
) -> None:
    with sessions.begin() as session:
        round_ = a_round(session)
        a_lot(session, round_)
        round_id = round_.id
    app = Flask(__name__)
    Babel(app, default_locale="en")
    auctioneer = Auctioneer(sessions, clock)
    auctioneer.start()
    clock.set(OPENS)
    vitals = Vitals()
    mailer = FileMailer(tmp_path / "outbox")
    scheduler = Scheduler(app, sessions, auctioneer, clock, mailer, turns=Turns(database_url), vitals=vitals)
    scheduler.start()
    try:
        until = time.monotonic() + PATIENCE_S
        while _phase(sessions, round_id) is Phase.PUBLISHED and time.monotonic() < until:
            time.sleep(0.1)
    finally:
        scheduler.stop()
        auctioneer.stop()

    assert _phase(sessions, round_id) in (Phase.OPEN, Phase.CLOSED)
    assert vitals.ticked_at == OPENS


def _phase(sessions: sessionmaker[Session], round_id: int) -> Phase:
    with sessions() as session:
        return session.get_one(RoundRow, round_id).phase
