from datetime import timedelta

import pytest
from sqlalchemy.orm import Session, sessionmaker

from techauction.core.lot import Stage
from techauction.core.money import ZERO
from techauction.core.outcome import Ending
from techauction.core.round import Phase
from techauction.queries import rounds
from techauction.queries.announcement import announcement
from techauction.queries.catalogue import LOTS_A_PAGE, RoundPage, Shown, Sought, round_page
from techauction.queries.lot import lot_page
from techauction.store.auction import OutcomeRow
from techauction.store.consigning import LotRow, RoundRow
from tests.builders import OPENS, a_lot, a_paddle, a_result, a_round, an_organisation, wan
from tests.conftest import TEN

Sessions = sessionmaker[Session]


def a_battery(session: Session, round_: RoundRow, **more: object) -> LotRow:
    result = a_result(
        session,
        institute=an_organisation(session, name_zh="浙江工业大学", name_en="Zhejiang University of Technology"),
        title_zh="高安全长寿命先进锂离子电池储能系统",
        title_en="Lithium-ion battery energy storage",
        summary_zh="循环寿命 100%_可靠",
        summary_en="Proven on a pilot line",
    )
    return a_lot(session, round_, result=result, **more)


def sell(session: Session, lot: LotRow, paddle: int, price: int) -> None:
    lot.stage = Stage.ENDED
    session.add(
        OutcomeRow(lot_id=lot.id, ending=Ending.SOLD, paddle=paddle, price=wan(price), ended_at=OPENS + timedelta(hours=1))
    )
    session.flush()


def found(session: Session, round_: RoundRow, words: str = "", page: int = 1, **more: object) -> RoundPage:
    got = round_page(session, round_.slug, Sought(words=words, **more), page=page, now=TEN)  # type: ignore[arg-type]
    assert got is not None
    return got


@pytest.mark.parametrize(
    "words",
    [
        "电池",
        "锂离",
        "储能系统",
        "BATTERY",
        "pilot line",
        "浙江",
        "工业大学",
        "循环 电池",
        "ｌｉｔｈｉｕｍ",
        "100%_可靠",
        "technology",
    ],
)
def test_a_lot_is_found_by_its_words_in_both_languages_and_by_its_institute(sessions: Sessions, words: str) -> None:
    with sessions() as session:
        round_ = a_round(session)
        battery = a_battery(session, round_, number=7)
        a_lot(session, round_, number=8, result=a_result(session, title_zh="水稻施肥", title_en="Rice"))

        page = found(session, round_, words)

        assert [tile.sale.lot_id for tile in page.lots] == [battery.id]


@pytest.mark.parametrize("words", ["池电", "100%x", "%%", "battery rice", "0_可"])
def test_signs_that_a_database_gives_meaning_to_are_only_signs(sessions: Sessions, words: str) -> None:
    with sessions() as session:
        round_ = a_round(session)
        a_battery(session, round_)
        a_lot(session, round_, result=a_result(session, title_zh="水稻施肥", title_en="Rice"))

        assert not found(session, round_, words).lots


def test_lots_are_filtered_by_field_market_and_state(sessions: Sessions) -> None:
    with sessions() as session:
        round_ = a_round(session, phase=Phase.OPEN)
        sold = a_lot(session, round_, field="energy", market="anhui")
        sell(session, sold, 260, 300)
        open_ = a_lot(session, round_, field="life", stage=Stage.OPEN, opens_at=TEN, closes_at=OPENS, scheduled_closes_at=OPENS)

        def ids(**sought: object) -> list[int]:
            return [tile.sale.lot_id for tile in found(session, round_, **sought).lots]

        assert ids(field="life") == [open_.id]
        assert ids(market="anhui") == [sold.id]
        assert ids(stage=Shown.SOLD) == [sold.id]
        assert ids(stage=Shown.OPEN) == [open_.id]
        assert ids(stage=Shown.UNSOLD) == []
        assert ids(field="nothing") == []
        assert found(session, round_).stages == ((Shown.OPEN, 1), (Shown.SOLD, 1))


def test_lots_stand_by_field_then_by_number_a_page_at_a_time(sessions: Sessions) -> None:
    with sessions() as session:
        round_ = a_round(session)
        for number in range(1, LOTS_A_PAGE + 3):
            a_lot(session, round_, number=number, field="agriculture" if number == 1 else "digital")

        first, second, beyond = found(session, round_), found(session, round_, page=2), found(session, round_, page=99)

        assert [tile.number for tile in first.lots] == list(range(2, LOTS_A_PAGE + 2))
        assert [tile.number for tile in second.lots] == [LOTS_A_PAGE + 2, 1]
        assert beyond.lots == second.lots
        assert second.paging.total == LOTS_A_PAGE + 2


def test_what_is_not_accepted_or_not_published_is_not_shown(sessions: Sessions) -> None:
    with sessions() as session:
        draft = a_round(session, phase=Phase.DRAFT, published_at=None)
        a_lot(session, draft, number=1)
        round_ = a_round(session)
        a_lot(session, round_, number=None, stage=Stage.SUBMITTED)

        assert round_page(session, draft.slug, Sought(), page=1, now=TEN) is None
        assert lot_page(session, draft.slug, 1, page=1, now=TEN) is None
        assert announcement(session, draft.slug, page=1, now=TEN) is None
        assert found(session, round_).lots == ()
        assert [card.head.slug for card in rounds.rounds(session, page=1).rounds] == [round_.slug]


def test_the_totals_of_a_round_are_sums_over_its_lots(sessions: Sessions) -> None:
    with sessions() as session:
        round_ = a_round(session, phase=Phase.OPEN)
        lots = [a_lot(session, round_, bids=each) for each in (4, 0, 2)]
        a_paddle(session, 260, *lots)
        a_paddle(session, 261, *lots, voided_at=TEN)
        sell(session, lots[0], 260, 300)

        totals = found(session, round_).totals

        assert (totals.lots, totals.ended, totals.sold, totals.bids, totals.paddles) == (3, 1, 1, 6, 1)
        assert (totals.start, totals.sold_start, totals.hammer) == (wan(600), wan(200), wan(300))
        assert totals.value_added_rate == "50.00"


def test_a_round_without_lots_has_totals_of_nothing(sessions: Sessions) -> None:
    with sessions() as session:
        totals = found(session, a_round(session)).totals

        assert (totals.lots, totals.start, totals.value_added_rate) == (0, ZERO, "0.00")


def test_home_shows_what_is_open_what_comes_and_what_was(sessions: Sessions) -> None:
    with sessions() as session:
        later = a_round(session, opens_at=OPENS + timedelta(days=2), closes_at=OPENS + timedelta(days=3))
        sooner = a_round(session)
        open_ = a_round(session, phase=Phase.OPEN)
        past = a_round(session, phase=Phase.CLOSED, closed_at=TEN)

        page = rounds.home(session)

        assert [card.head.slug for card in page.current] == [open_.slug]
        assert [card.head.slug for card in page.upcoming] == [sooner.slug, later.slug]
        assert [card.head.slug for card in page.past] == [past.slug]


def test_a_lot_that_has_not_opened_shows_when_it_will_close_in_its_place(sessions: Sessions) -> None:
    with sessions() as session:
        round_ = a_round(session, stagger_s=60)
        lots = [a_lot(session, round_, number=number) for number in (3, 8, 9)]

        closes = {tile.number: tile.sale.closes_at for tile in found(session, round_).lots}

        assert [closes[lot.number or 0] for lot in lots] == [
            round_.closes_at + timedelta(seconds=60 * place) for place in range(3)
        ]


def test_the_neighbours_of_a_lot_are_those_by_number(sessions: Sessions) -> None:
    with sessions() as session:
        round_ = a_round(session)
        for number, field in ((1, "energy"), (2, "digital"), (3, "energy")):
            a_lot(session, round_, number=number, field=field)

        pages = [lot_page(session, round_.slug, number, page=1, now=TEN) for number in (1, 2, 3)]

        assert [(page.before, page.after) for page in pages if page] == [(None, 2), (1, 3), (2, None)]


def test_the_example_of_the_rules_is_computed_by_the_rules(sessions: Sessions) -> None:
    with sessions() as session:
        round_ = a_round(session, extension_trigger_s=120, extension_length_s=300)
        a_lot(session, round_, number=1)

        page = lot_page(session, round_.slug, 1, page=1, now=TEN)

        assert page is not None
        assert page.rules.example_bid_at == round_.closes_at - timedelta(seconds=105)
        assert page.rules.example_moved_to == round_.closes_at + timedelta(seconds=195)


def test_the_example_of_the_rules_has_the_times_of_the_lot(sessions: Sessions) -> None:
    with sessions() as session:
        round_ = a_round(session, stagger_s=60, extension_trigger_s=120, extension_length_s=300)
        a_lot(session, round_, number=1)
        a_lot(session, round_, number=2)

        page = lot_page(session, round_.slug, 2, page=1, now=TEN)

        assert page is not None
        assert page.rules.example_close_at == page.tile.sale.closes_at == round_.closes_at + timedelta(seconds=60)
