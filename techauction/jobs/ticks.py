"""What is done again and again: each tick looks in the database for what is due, and may run twice, late, or in two places."""

from concurrent.futures import Future
from datetime import datetime
from functools import partial
from typing import Any

import structlog
from sqlalchemy import exists, select
from sqlalchemy.orm import Session, sessionmaker

from techauction.clock import Clock
from techauction.core.lot import Stage
from techauction.core.refusal import Refusal
from techauction.core.round import Phase
from techauction.saleroom.auctioneer import Auctioneer
from techauction.services import opening
from techauction.store.consigning import LotRow, RoundRow

log = structlog.get_logger()

PATIENCE_S = 30.0


def open_due_rounds(sessions: sessionmaker[Session], auctioneer: Auctioneer, *, now: datetime) -> None:
    """Have the auctioneer open the published rounds whose opening has come."""
    with sessions() as session:
        due = session.scalars(
            select(RoundRow.id)
            .where(RoundRow.phase == Phase.PUBLISHED, RoundRow.opens_at <= now)
            .order_by(RoundRow.opens_at, RoundRow.id)
        ).all()
    for round_id in due:
        _wait(auctioneer.act(partial(opening.begin_round, round_id=round_id)), "open", round_id)
    if due:
        _wait(auctioneer.nudge(), "open the lots of", due[-1])


def close_finished_rounds(sessions: sessionmaker[Session], auctioneer: Auctioneer) -> None:
    """Have the auctioneer close the open rounds whose last lot has ended without a hammer."""
    with sessions() as session:
        due = session.scalars(
            select(RoundRow.id)
            .where(
                RoundRow.phase == Phase.OPEN,
                ~exists().where(LotRow.round_id == RoundRow.id, LotRow.number.is_not(None), LotRow.stage != Stage.ENDED),
            )
            .order_by(RoundRow.id)
        ).all()
    for round_id in due:
        _wait(auctioneer.act(partial(_close_round, round_id=round_id)), "close", round_id)


def _close_round(session: Session, *, read_clock: Clock, round_id: int) -> bool:
    return opening.close_round(session, round_id=round_id, now=read_clock())


def _wait(future: "Future[Any]", what: str, round_id: int) -> None:
    try:
        future.result(PATIENCE_S)
    except Refusal as refusal:
        log.info("round_left_as_it_is", what=what, round=round_id, refusal=str(refusal))
    except TimeoutError:
        log.warning("round_still_waits", what=what, round=round_id)
    except Exception:  # one broken round must not silence the others
        log.exception("round_failed", what=what, round=round_id)
