from collections import Counter

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from techauction.custody import KeyRing
from techauction.demo.play import play
from techauction.reports.record_of_sale import verify_round
from techauction.reports.value_added import report
from techauction.store.aftersale import CaseRow
from techauction.store.auction import OfferRow, OutcomeRow
from techauction.store.consigning import LotRow, RoundRow
from techauction.store.money import SettlementRow

pytestmark = pytest.mark.slow


def test_the_play_ends_in_the_published_figures(engine: Engine, custody: KeyRing) -> None:
    told: list[tuple[int, int]] = []

    play(engine, custody=custody, progress=lambda done, of: told.append((done, of)))

    with Session(engine) as session:
        said = report(session, "joint-2020")
        assert said["totals"] | {"bids": None} == {
            "lots_offered": 60,
            "lots_sold": 60,
            "lots_agreed": 0,
            "lots_void": 0,
            "start_fen": 9_610_000_000,
            "sold_start_fen": 9_610_000_000,
            "hammer_fen": 13_413_000_000,
            "value_added_fen": 3_803_000_000,
            "value_added_rate": "39.57",
            "enterprises": 109,
            "bids": None,
        }
        assert [group["lots_sold"] for group in said["by"]["field"]] == [11, 20, 7, 12, 4, 6]
        assert verify_round(session, "joint-2020") == []
        lithium = session.scalars(select(OutcomeRow).join(LotRow).where(LotRow.number == 51)).one()
        assert lithium.price is not None
        assert (lithium.paddle, lithium.price.in_wan()) == (260, "300")
        assert session.scalars(select(RoundRow.digest)).one()
        assert session.scalars(select(func.count()).select_from(SettlementRow)).one() == 60
        assert session.scalars(select(func.count()).select_from(CaseRow).where(CaseRow.manager_id.is_not(None))).one() == 60
        codes = Counter(session.scalars(select(OfferRow.code)))
        assert {"too_low", "off_grid", "own_bid_stands", "start_only_first", "too_many_steps", "not_admitted"} <= set(codes)
    assert told[-1][0] == told[-1][1] == codes.total()
