"""How often the ticks run. Nothing is stored: the database says what is due, and a dead scheduler changes no outcome."""

from collections.abc import Callable
from datetime import UTC
from pathlib import Path

import structlog
from apscheduler.schedulers.background import BackgroundScheduler
from flask import Flask
from sqlalchemy.orm import Session, sessionmaker

from techauction.clock import Clock
from techauction.jobs import ticks
from techauction.jobs.mailer import FileMailer
from techauction.jobs.sending import send_notices
from techauction.jobs.turns import Turns
from techauction.saleroom.auctioneer import Auctioneer

log = structlog.get_logger()

ROUNDS_EVERY_S = 1
NOTICES_EVERY_S = 5


class Scheduler:
    """Runs the ticks in threads of the process, those that are its turn."""

    def __init__(
        self,
        app: Flask,
        sessions: sessionmaker[Session],
        auctioneer: Auctioneer,
        clock: Clock,
        outbox: Path,
        *,
        turns: Turns,
    ) -> None:
        self._app = app
        self._sessions = sessions
        self._auctioneer = auctioneer
        self._clock = clock
        self._turns = turns
        self._mailer = FileMailer(outbox)
        self._scheduler = BackgroundScheduler(
            timezone=UTC, job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1}
        )
        for job, seconds in ((self.rounds, ROUNDS_EVERY_S), (self.notices, NOTICES_EVERY_S)):
            self._scheduler.add_job(_guarded, "interval", args=[job], seconds=seconds)

    def start(self) -> None:
        """Begin."""
        self._scheduler.start()

    def stop(self) -> None:
        """End; a tick that is running is waited for by nobody, since it may run again."""
        self._scheduler.shutdown(wait=False)
        self._turns.close()

    def rounds(self) -> None:
        """Open the rounds that are due, and close those that are over."""
        ticks.nudge(self._auctioneer)
        if not self._turns.mine("rounds"):
            return
        ticks.open_due_rounds(self._sessions, self._auctioneer, now=self._clock())
        ticks.close_finished_rounds(self._sessions, self._auctioneer)

    def notices(self) -> None:
        """Send the notices that wait."""
        if not self._turns.mine("notices"):
            return
        with self._app.app_context():
            send_notices(self._sessions, self._mailer, now=self._clock())


def _guarded(job: Callable[[], None]) -> None:
    try:
        job()
    except Exception:  # the next tick tries again
        log.exception("tick_failed", tick=job.__name__)
