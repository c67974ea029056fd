"""How often the ticks run. Nothing is stored: the database says what is due, and a dead scheduler changes no outcome."""

from collections.abc import Callable
from datetime import UTC

import structlog
from apscheduler.schedulers.background import BackgroundScheduler
from flask import Flask
from sqlalchemy.orm import Session, sessionmaker

from techauction import loads
from techauction.clock import Clock
from techauction.jobs import ticks
from techauction.jobs.mailer import Mailer
from techauction.jobs.outbidding import Outbidding
from techauction.jobs.rehearsing import Rehearsing
from techauction.jobs.sending import send_notices
from techauction.jobs.turns import Turns
from techauction.saleroom.auctioneer import Auctioneer
from techauction.saleroom.vitals import Vitals

log = structlog.get_logger()

ROUNDS_EVERY_S = 1
NOTICES_EVERY_S = 5
OUTBID_EVERY_S = 3
COPIES_EVERY_S = 1
OLD_COPIES_EVERY_S = 10
BROKEN_LOADS_EVERY_S = 10


class Scheduler:
    """Runs the ticks in threads of the process, those that are its turn."""

    def __init__(
        self,
        app: Flask,
        sessions: sessionmaker[Session],
        auctioneer: Auctioneer,
        clock: Clock,
        mailer: Mailer,
        *,
        turns: Turns,
        vitals: Vitals,
    ) -> None:
        self._app = app
        self._sessions = sessions
        self._auctioneer = auctioneer
        self._clock = clock
        self._turns = turns
        self._vitals = vitals
        self._mailer = mailer
        self._outbidding = Outbidding(sessions, clock)
        self._rehearsing = Rehearsing(sessions, auctioneer, clock)
        self._scheduler = BackgroundScheduler(
            timezone=UTC, job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1}
        )
        every = {
            self.rounds: ROUNDS_EVERY_S,
            self.notices: NOTICES_EVERY_S,
            self.outbid: OUTBID_EVERY_S,
            self.copies: COPIES_EVERY_S,
            self.old_copies: OLD_COPIES_EVERY_S,
            self.broken_loads: BROKEN_LOADS_EVERY_S,
        }
        for job, seconds in every.items():
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
        self._vitals.ticked_at = self._clock()
        self._auctioneer.nudge()  # it wakes by itself: this only covers a wake-up that was missed
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

    def outbid(self) -> None:
        """Tell bidders that they were outbid."""
        if self._turns.mine("outbid"):
            self._outbidding.look()

    def copies(self) -> None:
        """Have the simulated bidders of rehearsals and practices bid."""
        if self._turns.mine("copies"):
            self._rehearsing.bid()

    def old_copies(self) -> None:
        """Throw rehearsals and practices away that are over."""
        if self._turns.mine("old copies"):
            self._rehearsing.discard()

    def broken_loads(self) -> None:
        """Sweep away what was left of rounds whose load was broken off."""
        if self._turns.mine("broken loads"):
            loads.sweep(self._sessions.kw["bind"])


def _guarded(job: Callable[[], None]) -> None:
    try:
        job()
    except Exception:  # the next tick tries again
        log.exception("tick_failed", tick=job.__name__)
