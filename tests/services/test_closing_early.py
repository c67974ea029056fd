"""A round that two close early: what is still to be sold is withdrawn, and what the close has come for is not."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from techauction.core.approval import Act, ApprovalSameMarket
from techauction.core.custody import WITHOUT_KEYS
from techauction.core.lot import Stage
from techauction.core.outcome import Ending
from techauction.core.record import Kind
from techauction.core.round import Phase
from techauction.custody import KeyRing
from techauction.db import writing
from techauction.reports.record_of_sale import verify_round
from techauction.services import aftersale, hammer, opening
from techauction.services.record import append
from techauction.store.auction import OutcomeRow
from techauction.store.consigning import LotRow, RoundRow
from tests.builders import CLOSES, OPENS, a_reserve, wan
from tests.services.test_approvals import MINUTE, Sale


def endings(sale: Sale) -> list[tuple[Ending, int | None]]:
    with sale.sessions() as session:
        rows = session.scalars(select(OutcomeRow).where(OutcomeRow.lot_id.in_(sale.lots)).order_by(OutcomeRow.lot_id))
        return [(each.ending, each.paddle) for each in rows]


def phase(sale: Sale) -> Phase:
    with sale.sessions() as session:
        return session.get_one(RoundRow, sale.round_id).phase


def finish(sale: Sale) -> None:
    with sale.sessions() as session, writing(session):
        aftersale.bring(session, aftersale.owed(session, most=9, round_id=sale.round_id))
        assert opening.close_round(session, round_id=sale.round_id, now=CLOSES + 30 * MINUTE)


@pytest.mark.parametrize("late", [timedelta(), MINUTE], ids=["at the close", "after it"])
def test_lots_whose_close_has_come_are_left_to_the_hammer(sessions: sessionmaker[Session], late: timedelta) -> None:
    sale = Sale(sessions).opened()
    sale.bid(0, 0, wan(200), OPENS + MINUTE)
    sale.pause(1, at=OPENS + 2 * MINUTE)

    sale.approve(sale.ask(Act.CLOSE_EARLY, at=CLOSES - MINUTE), at=CLOSES + late)

    assert (sale.lot(0).stage, sale.lot(1).stage, phase(sale)) == (Stage.OPEN, Stage.ENDED, Phase.OPEN)
    sale.fall(0)
    finish(sale)
    assert endings(sale) == [(Ending.SOLD, 101), (Ending.WITHDRAWN, None)]
    assert sale.wrong() == []


def test_two_markets_can_end_a_lot_whose_key_is_lost_and_no_one_market(
    sessions: sessionmaker[Session], custody: KeyRing
) -> None:
    sale = Sale(sessions, {"reserve_announced": True}, {})
    with sessions.begin() as session:
        a_reserve(session, session.get_one(LotRow, sale.lots[0]), wan(200), custody=custody)
    sale.opened()
    sale.bid(0, 0, wan(200), OPENS + MINUTE)
    with sessions() as session, writing(session):
        hammer.fall(session, sale.lots, now=CLOSES, custody=WITHOUT_KEYS)

    asked = sale.ask(Act.CLOSE_EARLY, at=CLOSES + MINUTE)
    with pytest.raises(ApprovalSameMarket):
        sale.approve(asked, by=sale.bo, at=CLOSES + 2 * MINUTE)
    assert (sale.lot(0).key_missing_at, phase(sale)) == (CLOSES, Phase.OPEN)
    sale.approve(asked, at=CLOSES + 3 * MINUTE)

    assert (sale.lot(0).key_missing_at, phase(sale)) == (None, Phase.CLOSED)
    assert endings(sale)[0] == (Ending.WITHDRAWN, None)
    assert sale.wrong() == []


def test_a_lot_withdrawn_after_its_close_had_come_is_found(sessions: sessionmaker[Session]) -> None:
    sale = Sale(sessions).opened()
    sale.bid(0, 0, wan(200), OPENS + MINUTE)
    with sessions() as session, writing(session):
        lot = session.get_one(LotRow, sale.lots[0])
        lot.stage = Stage.ENDED
        append(session, lot, Kind.WITHDRAWN, at=CLOSES, data={"reason": "So.", "asked_by": sale.ada, "approved_by": sale.bo})
        session.add(OutcomeRow(lot_id=lot.id, ending=Ending.WITHDRAWN, reason="So.", ended_at=CLOSES))

    with sessions() as session:
        found = [str(each) for each in verify_round(session, sale.played.row.slug)]

    assert [each for each in found if "off_time" in each and "its close had come" in each]
