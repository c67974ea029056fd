import re
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy.orm import Session

from techauction.clock import ManualClock
from techauction.core.lot import Stage
from techauction.core.money import Money
from techauction.db import writing
from techauction.queries import announcement, bidder, catalogue, live, lot, rounds, sale
from techauction.saleroom.auctioneer import Auctioneer
from techauction.services import opening, pausing
from techauction.store.consigning import LotRow, RoundRow
from techauction.store.people import Role
from tests.builders import OPENS, a_lot, a_paddle, a_reserve, a_result, a_round, a_user
from tests.web.conftest import Browser

Store = Callable[[], Session]
RESERVE = 987_654_321
PATIENCE_S = 20


def arranged(store: Store, **more: object) -> tuple[str, int]:
    """Publish a round of one lot with a sealed reserve and two bidders; return its slug and the lot's id."""
    with store() as session, writing(session):
        round_ = a_round(session, slug="joint", title_zh="联合竞价", title_en="Joint round", **more)  # type: ignore[arg-type]
        result = a_result(
            session,
            title_zh="锂离子电池",
            title_en="Lithium-ion battery",
            summary_en="Proven on a pilot line.",
            owners="The university",
            rights="ZL 2018 1",
            maturity=7,
        )
        row = a_lot(session, round_, result=result, number=4, reserve_announced=True)
        a_reserve(session, row, Money(RESERVE))
        for paddle in (260, 311):
            a_paddle(session, paddle, row)
        return round_.slug, row.id


@pytest.fixture
def open_lot(store: Store, clock: ManualClock, auctioneer: Auctioneer) -> tuple[str, int]:
    """Return the slug of an open round and the id of its lot 4."""
    slug, lot_id = arranged(store, min_admitted=1, extension_trigger_s=120, extension_length_s=300)
    clock.set(OPENS)
    with store() as session:
        round_id = session.query(RoundRow.id).filter_by(slug=slug).scalar()
    auctioneer.act(partial(opening.open_round, round_id=round_id)).result(PATIENCE_S)
    return slug, lot_id


@pytest.mark.usefixtures("open_lot")
@pytest.mark.parametrize(
    "path", ["/", "/rounds", "/rounds/joint", "/rounds/joint/lots/4", "/rounds/joint/result", "/rounds/joint?words=battery"]
)
def test_everybody_may_read_the_catalogue(visitor: Browser, path: str) -> None:
    page = visitor.get(path)

    assert page.status_code == 200
    assert "Joint round" in page.text


@pytest.mark.usefixtures("open_lot")
@pytest.mark.parametrize(
    "path", ["/rounds/nothing", "/rounds/joint/lots/5", "/rounds/nothing/lots/1", "/rounds/nothing/result"]
)
def test_what_is_not_there_is_not_found(visitor: Browser, path: str) -> None:
    assert visitor.get(path).status_code == 404
    assert visitor.send("/amounts", {"text": "200", "lot": "999"}).status_code == 404


def test_an_empty_house_says_so(visitor: Browser) -> None:
    assert "No round has been announced yet" in visitor.get("/").text


@pytest.mark.usefixtures("open_lot")
def test_a_lots_page_says_what_is_sold_and_by_which_rules(visitor: Browser) -> None:
    text = visitor.get("/rounds/joint/lots/4").text

    for said in (
        "Lithium-ion battery",
        "Proven on a pilot line.",
        "The university",
        "ZL 2018 1",
        "TRL 7 of 9",
        "¥2,000,000",
        "¥100,000",
        "the close stands at 12:00:00; a bid at 11:58:15 moves it to 12:03:15",
    ):
        assert said in text


@pytest.mark.usefixtures("open_lot")
def test_a_lots_page_says_only_that_there_is_a_reserve(visitor: Browser) -> None:
    pages = [visitor.get(path) for path in ("/", "/rounds/joint", "/rounds/joint/lots/4", "/rounds/joint/result")]
    for page in (*pages, visitor.send("/amounts", {"text": "1", "lot": "1"})):
        text = page.text
        assert str(RESERVE) not in text
        assert "9,876,543.21" not in text
    assert "This lot has a reserve" in visitor.get("/rounds/joint/lots/4").text


@pytest.mark.parametrize("module", [announcement, bidder, catalogue, live, lot, rounds, sale])
def test_no_page_type_has_a_place_for_a_reserve_or_a_bidders_name(module: object) -> None:
    types = [each for each in vars(module).values() if is_dataclass(each) and each.__module__ == module.__name__]  # type: ignore[attr-defined]

    names = {field.name for each in types for field in fields(each)}

    assert types
    assert not {name for name in names if "reserve" in name} - {"reserve_announced"}
    assert not names & {"organisation", "organisation_id", "enterprise", "bidder", "salt"}


@pytest.mark.parametrize("path", ["/rounds/joint", "/rounds/joint/lots/4", "/rounds/joint/result"])
@pytest.mark.parametrize(
    ("marks", "said"),
    [({"rehearsal": True}, "Rehearsal: nothing here is sold"), ({"synthetic": True}, "Synthetic data")],
)
def test_every_page_of_a_round_that_is_not_what_it_seems_says_so(
    visitor: Browser, store: Store, path: str, marks: dict[str, bool], said: str
) -> None:
    arranged(store, **marks)

    assert said in visitor.get(path).text


@pytest.mark.usefixtures("open_lot")
def test_a_page_in_chinese_shows_chinese_names(visitor: Browser) -> None:
    text = visitor.get("/rounds/joint/lots/4", headers={"Accept-Language": "zh-CN"}).text

    assert "锂离子电池" in text
    assert "200万元" in text


@pytest.mark.usefixtures("open_lot")
def test_sentences_in_chinese_stand_without_a_space_between_them(visitor: Browser) -> None:
    page = visitor.get("/rounds/joint/lots/4", headers={"Accept-Language": "zh-CN"}).text
    rules = page[page.index('<ul class="rules">') : page.index("</ul>", page.index('<ul class="rules">'))]

    assert rules.count("。") > 8
    assert re.findall(r"[。；，：！？]\s+[\u3400-\u9fff]", rules) == []


@pytest.mark.usefixtures("open_lot")
def test_the_search_keeps_what_was_sought_and_says_when_nothing_is_like_it(visitor: Browser) -> None:
    text = visitor.get("/rounds/joint?words=spaceship&field=energy&stage=nonsense").text

    assert 'value="spaceship"' in text
    assert "No lot matches" in text


def test_a_pause_is_shown_with_its_public_reason(
    visitor: Browser, store: Store, auctioneer: Auctioneer, open_lot: tuple[str, int]
) -> None:
    with store() as session, writing(session):
        organizer_id = a_user(session, Role.ORGANIZER).id
    auctioneer.act(partial(pausing.pause, lot_ids=[open_lot[1]], reason="A document is missing", by_id=organizer_id)).result(
        PATIENCE_S
    )

    text = visitor.get("/rounds/joint/lots/4").text

    assert text.count("A document is missing") == 2  # beside the price, and in the history
    assert shown(text, "paused")


def test_a_result_page_shows_outcomes_heads_and_the_digest(
    visitor: Browser, store: Store, clock: ManualClock, auctioneer: Auctioneer, open_lot: tuple[str, int]
) -> None:
    clock.set(OPENS + timedelta(hours=2))
    auctioneer.nudge().result(PATIENCE_S)

    text = visitor.get("/rounds/joint/result").text

    with store() as session:
        row = session.get(LotRow, open_lot[1])
        assert row is not None
        assert row.stage is Stage.ENDED
        assert row.head_hash is not None
        assert row.head_hash in text
        assert row.round.digest is not None
        assert row.round.digest in text
    assert "There was no bid." in visitor.get("/rounds/joint/lots/4").text


def shown(text: str, words: str) -> bool:
    """Return whether the part of the page that stands for these words is shown."""
    found = re.search(rf'data-when="{re.escape(words)}"( hidden)?', text)
    assert found
    return found[1] is None


@pytest.mark.parametrize(
    ("text", "fen", "capitals"),
    [
        ("2,100,000", 210_000_000, "贰佰壹拾万元整"),
        ("２１０ 万", 210_000_000, "贰佰壹拾万元整"),
        ("1204.58万元", 1_204_580_000, "壹仟贰佰零肆万伍仟捌佰元整"),
        ("0.05", 5, "伍分"),
    ],
)
def test_an_amount_is_read_back_in_figures_and_capital_numerals(visitor: Browser, text: str, fen: int, capitals: str) -> None:
    read = visitor.send("/amounts", {"text": text}).get_json()

    assert read["amount_fen"] == fen
    assert read["capitals"].endswith(capitals)
    assert read["refusal"] is None


@pytest.mark.parametrize(
    ("text", "code", "nearest"),
    [
        ("2,000,000", None, []),
        ("205万", "off_grid", [2_000_000, 2_100_000]),
        ("1", "too_low", [2_000_000, 2_100_000]),
        ("9000万", "too_many_steps", [2_900_000, 3_000_000]),
        ("1e9", "amount_unreadable", [2_000_000, 2_100_000]),
        ("-5", "amount_not_positive", [2_000_000, 2_100_000]),
        ("", "amount_unreadable", [2_000_000, 2_100_000]),
    ],
)
def test_an_amount_is_judged_by_the_lots_present_price(
    visitor: Browser, open_lot: tuple[str, int], text: str, code: str | None, nearest: list[int]
) -> None:
    read = visitor.send("/amounts", {"text": text, "lot": open_lot[1]}).get_json()

    assert (read["refusal"] and read["refusal"]["code"]) == code
    assert [each["amount_fen"] for each in read["nearest"]] == [yuan * 100 for yuan in nearest]
