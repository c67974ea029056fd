import csv
import io
import json
import re
from collections.abc import Callable

import openpyxl
import pytest
from sqlalchemy.orm import Session

from techauction.core.money import Money
from techauction.core.names import Name
from techauction.core.round import Phase
from techauction.core.value_added import add_up
from techauction.db import writing
from techauction.reports.value_added import Group, report
from techauction.reports.writers.settlement_columns import COLUMNS, HAMMER, OUTCOME
from techauction.store.money import SettlementRow
from techauction.store.people import Role, UserRow
from techauction.web.organizer.bars import draw
from tests.builders import a_round
from tests.rounds import Played, a_round_sold
from tests.web.conftest import Browser

HAMMER_AT, OUTCOME_AT = COLUMNS.index(HAMMER), COLUMNS.index(OUTCOME)


@pytest.fixture
def played(store: Callable[[], Session]) -> Played:
    """Return a round of Zhejiang's that was sold and closed."""
    with store() as session, writing(session):
        return a_round_sold(session)


@pytest.fixture
def organizer(visitor: Browser, new_user: Callable[..., UserRow]) -> Browser:
    """Return the browser of an organizer of Zhejiang's."""
    new_user("olga", Role.ORGANIZER, market_key="zhejiang")
    visitor.sign_in("olga")
    return visitor


def address(played: Played, rest: str = "") -> str:
    return f"/organizer/rounds/{played.row.slug}/report{rest}"


@pytest.mark.parametrize(
    ("by", "names"),
    [
        ("field", ["Digital economy", "Life and health", "New materials", "Energy saving and environmental protection"]),
        ("market", ["Shanghai Technology Exchange", "Zhejiang Technology Exchange"]),
    ],
)
def test_the_report_shows_totals_a_chart_and_a_table(organizer: Browser, played: Played, by: str, names: list[str]) -> None:
    page = organizer.get(address(played, f"?by={by}"))

    assert page.status_code == 200
    assert "32.50%" in page.text
    assert re.findall(r'<span class="chart-name">([^<]+)</span>', page.text) == names
    assert re.findall(r'<th scope="row" class="fw-bold">([^<]+)</th>', page.text) == [*names, "Total"]
    assert page.text.count("<rect") == 2 + 3 * len(names)
    assert "style=" not in page.text


def test_the_report_by_institute_has_each_institute(organizer: Browser, played: Played) -> None:
    page = organizer.get(address(played, "?by=institute"))

    assert page.text.count('class="chart-name"') == 6


def test_another_grouping_is_not_found(organizer: Browser, played: Played) -> None:
    assert organizer.get(address(played, "?by=paddle")).status_code == 404


def test_the_workbook_is_downloaded(organizer: Browser, played: Played) -> None:
    answer = organizer.get(address(played, "/settlement.xlsx"))

    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{played.row.slug}-settlement.xlsx"'
    rows = list(openpyxl.load_workbook(io.BytesIO(answer.data)).worksheets[0].values)
    assert rows[0][HAMMER_AT] == HAMMER.header
    assert (rows[7][HAMMER_AT], rows[1][OUTCOME_AT]) == (5_300_000, "Sold")


def test_the_csv_file_is_in_the_readers_language(organizer: Browser, played: Played) -> None:
    answer = organizer.get(address(played, "/settlement.csv"), headers={"Accept-Language": "zh-CN"})

    assert answer.content_type == "text/csv; charset=utf-8"
    assert answer.headers["Cache-Control"] == "no-store"
    rows = list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"), newline="")))
    assert rows[1][OUTCOME_AT] == "成交"


def test_the_value_added_report_is_downloaded(organizer: Browser, played: Played, store: Callable[[], Session]) -> None:
    as_json = organizer.get(address(played, "/value-added.json"))
    as_csv = organizer.get(address(played, "/value-added.csv"))

    with store() as session:
        assert json.loads(as_json.data) == report(session, played.row.slug)
    assert as_csv.data.startswith(b"\xef\xbb\xbf")
    assert "no-store" in as_json.headers["Cache-Control"]


@pytest.mark.parametrize("rest", ["/settlement.exe", "/value-added.xlsx", "/settlement.json"])
def test_other_files_are_not_found(organizer: Browser, played: Played, rest: str) -> None:
    assert organizer.get(address(played, rest)).status_code == 404


@pytest.mark.parametrize("rest", ["", "/settlement.xlsx", "/settlement.csv", "/value-added.json", "/value-added.csv"])
def test_a_market_without_part_in_the_round_finds_nothing(
    visitor: Browser, new_user: Callable[..., UserRow], played: Played, rest: str
) -> None:
    new_user("anna", Role.ORGANIZER, market_key="anhui")
    visitor.sign_in("anna")

    assert visitor.get(address(played, rest)).status_code == 404


def test_books_that_differ_are_refused_on_the_page(organizer: Browser, played: Played, store: Callable[[], Session]) -> None:
    with store() as session, writing(session):
        session.delete(session.get_one(SettlementRow, played.lots[0].id))

    answer = organizer.get(address(played, "/settlement.xlsx"))

    assert answer.status_code == 422
    assert "is not what its record comes to" in answer.text


def test_a_round_that_has_not_opened_has_an_empty_report(organizer: Browser, store: Callable[[], Session]) -> None:
    with store() as session, writing(session):
        slug, draft = a_round(session).slug, a_round(session, phase=Phase.DRAFT, published_at=None).slug

    assert "Nothing has been offered yet" in organizer.get(f"/organizer/rounds/{slug}/report").text
    assert organizer.get(f"/organizer/rounds/{slug}/report/settlement.csv").status_code == 200
    assert organizer.get(f"/organizer/rounds/{draft}/report").status_code == 404


def test_bars_share_one_scale_and_nothing_has_no_length() -> None:
    nothing = Group(key="x", name=Name("", ""), sums=add_up([]))

    assert [(bar.start, bar.hammer) for bar in draw([nothing])] == [(0, 0)]
    assert Money(0) == nothing.sums.hammer
