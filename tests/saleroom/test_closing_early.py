"""A round that is closed early while the clerk is still opening its lots ends whole."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from techauction.clock import Clock, ManualClock
from techauction.core.approval import Act
from techauction.core.lot import Stage
from techauction.core.record import Kind
from techauction.core.round import Phase
from techauction.db import snapshot
from techauction.reports.record_of_sale import verify_round
from techauction.services import approvals, opening
from techauction.services.deeds import Subject
from techauction.store.consigning import RoundRow
from techauction.store.people import Role
from tests import builders
from tests.builders import OPENS
from tests.saleroom.conftest import PATIENCE_S, Sale


@pytest.fixture
def sale(engine: Engine, clock: ManualClock) -> Iterator[Sale]:
    """Yield a sale of six lots that has not opened, its auctioneer at work."""
    clock.set(OPENS)
    made = Sale(engine, clock, lots=6)
    made.auctioneer.start()
    yield made
    made.auctioneer.stop(PATIENCE_S)


@pytest.mark.parametrize("opened", [0, 4])
def test_a_round_closed_early_between_two_steps_of_its_opening_ends_with_all_its_lots(sale: Sale, opened: int) -> None:
    with sale.sessions.begin() as session:
        auditor = builders.a_user(session, Role.AUDITOR).id

    def begin_and_close(session: Session, *, read_clock: Clock) -> None:
        opening.begin_round(session, round_id=sale.round_id, read_clock=read_clock)
        session.flush()
        opening.open_lots(session, lot_ids=sale.lots[:opened], read_clock=read_clock)
        about = {"round_id": sale.round_id, "act": Act.CLOSE_EARLY, "subject": Subject(), "reason": "It was the wrong round."}
        asked = approvals.ask(session, **about, by_id=sale.organizer, read_clock=read_clock)  # type: ignore[arg-type]
        approvals.approve(session, approval_id=asked, by_id=auditor, read_clock=read_clock)

    sale.auctioneer.act(begin_and_close).result(PATIENCE_S)
    sale.nudge()

    kinds = [[row.kind for row in sale.record(lot)] for lot in sale.lots]
    assert kinds == [[Kind.OPENED, Kind.WITHDRAWN]] * opened + [[Kind.WITHDRAWN]] * (6 - opened)
    assert {sale.lot(lot).stage for lot in sale.lots} == {Stage.ENDED}
    with sale.sessions() as session:
        assert session.get_one(RoundRow, sale.round_id).phase is Phase.CLOSED
        assert verify_round(snapshot(session), sale.slug) == []
