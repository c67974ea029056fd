import csv
import io
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.orm import Session, sessionmaker

from techauction.core.money import Money, total
from techauction.core.refusal import NoSuch
from techauction.core.settlement import BooksDiffer
from techauction.core.value_added import add_up
from techauction.reports.checks import checks, institute_parts, market_parts
from techauction.reports.exports import Format, export_settlement, settlement_name
from techauction.reports.recorded import recorded_lots
from techauction.reports.settlement import compile_settlement, totals
from techauction.reports.value_added import announced, compile_report
from techauction.reports.writers.value_added import write_csv
from techauction.reports.writers.workbook import sheet_name
from techauction.services import opening
from techauction.store.money import SettlementRow
from tests.builders import OPENS, wan
from tests.rounds import Played, a_round_sold, a_round_to_play

NOW = datetime(2026, 11, 2, 6, 0, tzinfo=UTC)
FEN = Money(1)
HOSTILE = ["=1+1", "@x", "\t=1+1", "\r=1+1", "+1", "-1+cmd|' /C calc'!A0", "https://example.org", "'quoted", "00123"]


def exported(sessions: sessionmaker[Session], played: Played, form: Format, folder: Path, **more: Any) -> Path:
    file = folder / "exports" / settlement_name(played.row.slug, form)
    with sessions() as session:
        return export_settlement(session, slug=played.row.slug, form=form, file=file, now=NOW, **more)


def sold(sessions: sessionmaker[Session], **terms: Any) -> Played:
    with sessions.begin() as session:
        return a_round_sold(session, **terms)


def fen(value: object) -> int:
    assert isinstance(value, int | float)
    scaled = Decimal(repr(value)) * 100
    assert scaled == int(scaled)
    return int(scaled)


def column_of(rows: list[tuple[object, ...]], english: str) -> int:
    return [str(header).splitlines()[-1] for header in rows[0]].index(english)


def test_every_total_of_the_workbook_is_the_records_to_the_fen(sessions: sessionmaker[Session], tmp_path: Path) -> None:
    played = sold(sessions, buyer_bps=333, seller_bps=77)

    book = openpyxl.load_workbook(exported(sessions, played, "xlsx", tmp_path))

    with sessions() as session:
        sums = add_up(map(announced, recorded_lots(session, played.row.id)))
        all_ = compile_settlement(session, played.row.slug).totals
    rows = list(book.worksheets[0].iter_rows(values_only=True))
    last = rows[7]
    assert last[0] == "合计 Total"
    assert last[column_of(rows, "Value-added rate (%)")] == 32.5
    assert last[column_of(rows, "Bids")] == sums.bids
    wanted = {
        "Start price (yuan)": sums.start,
        "Hammer price (yuan)": sums.hammer,
        "Value added (yuan)": sums.value_added,
        "Buyer's commission (yuan)": all_.buyer_commission,
        "Seller's commission (yuan)": all_.seller_commission,
        "Listing market's share (yuan)": all_.listing_share,
        "Buyer's market's share (yuan)": all_.buyer_share,
        "Deposit applied (yuan)": all_.deposit_applied,
        "Due (yuan)": all_.due,
        "Institute's proceeds (yuan)": all_.proceeds,
    }
    assert all_.seller_commission.minor > 0
    for header, amount in wanted.items():
        place = column_of(rows, header)
        assert fen(last[place]) == amount.minor
        assert sum(fen(row[place]) for row in rows[1:7] if row[place] is not None) == amount.minor


def test_the_workbook_has_a_row_a_lot_and_the_columns_asked_for(sessions: sessionmaker[Session], tmp_path: Path) -> None:
    played = sold(sessions)

    rows = list(openpyxl.load_workbook(exported(sessions, played, "xlsx", tmp_path, language="en")).worksheets[0].values)

    headers = [str(header).splitlines()[1] for header in rows[0]]
    assert headers == [
        "Lot no",
        "Title",
        "Field",
        "Listing market",
        "Institute",
        "Start price (yuan)",
        "Reserve met",
        "Hammer price (yuan)",
        "Value added (yuan)",
        "Value-added rate (%)",
        "Paddle",
        "Buyer",
        "Buyer's credit code",
        "Buyer's market",
        "Bids",
        "Buyer's commission (yuan)",
        "Seller's commission (yuan)",
        "Listing market's share (yuan)",
        "Buyer's market's share (yuan)",
        "Deposit applied (yuan)",
        "Due (yuan)",
        "Institute's proceeds (yuan)",
        "Outcome",
        "Head hash",
    ]
    with sessions() as session:
        heads = [lot.head for lot in recorded_lots(session, played.row.id)]
    assert [row[23] for row in rows[1:7]] == heads
    assert [row[0] for row in rows[1:7]] == [1, 2, 3, 4, 5, 6]
    assert [row[6] for row in rows[1:7]] == ["No reserve", "Yes", "No", "No reserve", "—", "—"]
    assert [row[22] for row in rows[1:7]] == [
        "Sold",
        "Sold",
        "Passed in (reserve not met)",
        "Passed in (no bid)",
        "Passed in (no bid)",
        "Withheld (reserve not sealed)",
    ]
    assert rows[1][5:12] == (2_000_000, "No reserve", 3_000_000, 1_000_000, 50, 101, rows[1][11])
    assert len(str(rows[1][12])) == 18
    assert rows[1][14] == 3
    assert rows[6][5] is None


def test_the_workbook_says_what_it_is(sessions: sessionmaker[Session], tmp_path: Path) -> None:
    played = sold(sessions, synthetic=True, rehearsal=True)

    book = openpyxl.load_workbook(exported(sessions, played, "xlsx", tmp_path))

    lots, fields, notes = book.worksheets[0], book.worksheets[1], book.worksheets[-1]
    assert lots.freeze_panes == "C4"
    assert (lots.page_setup.orientation, lots.page_setup.fitToHeight) == ("landscape", 0)
    assert lots.sheet_properties.pageSetUpPr is not None
    assert lots.sheet_properties.pageSetUpPr.fitToPage is True
    assert lots["F4"].number_format == "#,##0.00"
    for sheet in book.worksheets:
        assert "SYNTHETIC" in str(sheet["A1"].value)
        assert "REHEARSAL" in str(sheet["A2"].value)
    said = "\n".join(str(cell) for row in notes.values for cell in row)
    assert played.row.digest is not None
    assert played.row.digest in said
    assert "SYNTHETIC" in said
    assert "rehearsal" in said
    rows = list(fields.values)
    assert [row[0] for row in rows[3:]] == [
        "数字经济 Digital economy",
        "生命健康 Life and health",
        "新材料 New materials",
        "节能环保 Energy saving and environmental protection",
        "合计 Total",
    ]
    assert rows[-1][1:] == (5, 2, 10_000_000, 4_000_000, 5_300_000, 1_300_000, 32.5, 6)


@pytest.mark.parametrize(("terms", "marks"), [({}, 0), ({"synthetic": True}, 1), ({"synthetic": True, "rehearsal": True}, 2)])
def test_a_csv_file_says_first_what_must_not_be_taken_for_a_sale(
    sessions: sessionmaker[Session], tmp_path: Path, terms: dict[str, bool], marks: int
) -> None:
    played = sold(sessions, **terms)

    with sessions() as session:
        value_added = "".join(write_csv(compile_report(session, played.row.slug)))
    for said in (exported(sessions, played, "csv", tmp_path).read_text("utf-8-sig"), value_added.removeprefix("\ufeff")):
        above = list(csv.reader(io.StringIO(said, newline="")))[: marks + 1]
        assert [len(row) == 1 for row in above] == [True] * marks + [False]
        assert "SYNTHETIC" in said or not marks
        assert ("REHEARSAL" in said) is (marks == 2)


def test_what_the_sheets_of_markets_and_institutes_say_adds_up_to_the_whole(sessions: sessionmaker[Session]) -> None:
    played = sold(sessions, buyer_bps=333, seller_bps=77)

    with sessions() as session:
        settlement = compile_settlement(session, played.row.slug)

    whole, markets, institutes = settlement.totals, market_parts(settlement), institute_parts(settlement)
    assert whole.buyer_commission.minor
    assert total(part.commission for part in markets) == whole.buyer_commission + whole.seller_commission
    for parts in ([part.listed for part in markets], [part.consigned for part in institutes]):
        assert sorted(line.number for part in parts for line in part) == [line.number for line in settlement.lines]
        assert total(totals(part).proceeds for part in parts) == whole.proceeds
    assert total(totals(part.bought).due for part in markets) == whole.due
    assert [(check.what.en, check.difference) for check in checks(settlement) if check.difference.minor] == []
    assert len(checks(settlement)) > 20


@pytest.mark.parametrize(
    ("table", "change", "what"),
    [
        ("postings", "UPDATE postings SET amount = amount + 1 WHERE what = 'listing_share'", "Listing markets' shares"),
        ("postings", "UPDATE postings SET amount = amount + 1 WHERE what = 'deposit_received'", "Deposits received"),
        ("deposits", "UPDATE deposits SET released = released + 1, held = held + 1 WHERE released > 0", "Deposits to go back"),
    ],
)
def test_a_difference_is_told_in_the_workbook(
    sessions: sessionmaker[Session], tmp_path: Path, table: str, change: str, what: str
) -> None:
    del table
    played = sold(sessions, buyer_bps=333, seller_bps=77)
    with sessions.begin() as session:
        assert session.execute(text(change)).rowcount

    book = openpyxl.load_workbook(exported(sessions, played, "xlsx", tmp_path))

    rows = list(book["核对 Checks"].values)
    differs = {str(row[0]): fen(row[4]) for row in rows[1:] if row[5] == "不符 Differs"}
    assert any(what in each for each in differs)
    assert all(differs.values())


def test_the_deposits_stand_in_the_workbook(sessions: sessionmaker[Session], tmp_path: Path) -> None:
    played = sold(sessions)

    rows = list(openpyxl.load_workbook(exported(sessions, played, "xlsx", tmp_path))["保证金 Deposits"].values)

    lines, last = rows[1:-1], rows[-1]
    assert {row[10] for row in lines} >= {"抵扣", "应退"}
    for place in range(5, 10):
        assert sum(fen(row[place]) for row in lines) == fen(last[place])
    assert fen(last[6]) == fen(last[7]) + fen(last[8]) + fen(last[9])


@given(st.lists(st.text(max_size=40), min_size=1, max_size=30))
def test_every_sheets_name_is_one_that_a_workbook_takes(wanted: list[str]) -> None:
    taken: set[str] = set()
    names = [sheet_name(each, taken) for each in wanted]

    assert len({each.casefold() for each in names}) == len(names)
    for name in names:
        assert 1 <= len(name.encode("utf-16-le", "surrogatepass")) // 2 <= 31
        assert not set(name) & set("[]:*?/\\")
        assert not name.startswith("'")
        assert not name.endswith("'")
        assert name.casefold() != "history"


def test_institutes_of_hostile_names_have_sheets(sessions: sessionmaker[Session], tmp_path: Path) -> None:
    with sessions.begin() as session:
        played = a_round_sold(session)
        for place, lot in enumerate(played.lots):
            lot.result.institute.name_zh = f"[中国]*科学/院?:研究所'{place}" * 3

    book = openpyxl.load_workbook(exported(sessions, played, "xlsx", tmp_path))

    assert len(book.sheetnames) == len({each.casefold() for each in book.sheetnames})
    assert sum(each.startswith("院所 -中国--科学-院--研究所") for each in book.sheetnames) >= 1


@pytest.mark.parametrize("title", HOSTILE)
def test_a_hostile_title_stays_text(sessions: sessionmaker[Session], tmp_path: Path, title: str) -> None:
    with sessions.begin() as session:
        played = a_round_sold(session)
        played.lots[0].result.title_zh = title

    cell = openpyxl.load_workbook(exported(sessions, played, "xlsx", tmp_path)).worksheets[0]["B2"]
    lines = exported(sessions, played, "csv", tmp_path).read_bytes()

    assert (cell.data_type, cell.hyperlink) == ("s", None)
    assert str(cell.value).replace("_x000D_", "\r") == title
    title_said = list(csv.reader(io.StringIO(lines.decode("utf-8-sig"), newline="")))[1][1]
    assert title_said == (f"'{title}" if title[0] in "=+-@\t\r" else title)


def test_the_csv_file_opens_in_excel(sessions: sessionmaker[Session], tmp_path: Path) -> None:
    played = sold(sessions)

    raw = exported(sessions, played, "csv", tmp_path).read_bytes()

    assert raw.startswith(b"\xef\xbb\xbf")
    assert raw.count(b"\r\n") == raw.count(b"\n") == 8
    rows = list(csv.reader(io.StringIO(raw.decode("utf-8-sig"), newline="")))
    assert rows[1][5:10] == ["2000000.00", "无保留价", "3000000.00", "1000000.00", "50.00"]
    assert rows[7][5:10] == ["10000000.00", "", "5300000.00", "1300000.00", "32.50"]


def test_a_sum_of_many_digits_keeps_its_fen(sessions: sessionmaker[Session], tmp_path: Path) -> None:
    price = Money(99_999_999_999_999)
    with sessions.begin() as session:
        played = a_round_to_play(session, {"start": price})
        opening.open_round(session, round_id=played.row.id, read_clock=lambda: OPENS)
        played.bid(session, 0, 0, price, OPENS)
        played.fall(session, 0)
        played.close(session)

    sheet = openpyxl.load_workbook(exported(sessions, played, "xlsx", tmp_path)).worksheets[0]

    assert [fen(sheet[cell].value) for cell in ("F2", "H2", "F3", "H3")] == [price.minor] * 4


@pytest.mark.parametrize("what", ["price", "commission", "missing"])
def test_books_that_differ_from_the_record_are_not_exported(sessions: sessionmaker[Session], tmp_path: Path, what: str) -> None:
    with sessions.begin() as session:
        played = a_round_sold(session)
        kept = session.get_one(SettlementRow, played.lots[0].id)
        match what:
            case "price":
                kept.hammer_price, kept.due, kept.proceeds = kept.hammer_price + FEN, kept.due + FEN, kept.proceeds + FEN
            case "commission":
                kept.buyer_commission, kept.due = kept.buyer_commission + FEN, kept.due + FEN
                kept.buyer_market_share += FEN
            case _:
                session.delete(kept)

    with pytest.raises(BooksDiffer):
        exported(sessions, played, "xlsx", tmp_path)

    assert not list(tmp_path.rglob("*-settlement*"))


def test_there_is_no_settlement_of_a_round_that_is_not(sessions: sessionmaker[Session]) -> None:
    with sessions() as session, pytest.raises(NoSuch):
        compile_settlement(session, "nowhere")


def test_a_round_that_is_being_sold_has_lines_without_endings(sessions: sessionmaker[Session], tmp_path: Path) -> None:
    with sessions.begin() as session:
        played = a_round_to_play(session, {}, {})
        opening.open_round(session, round_id=played.row.id, read_clock=lambda: OPENS)
        played.bid(session, 0, 0, wan(200), OPENS)

    raw = exported(sessions, played, "csv", tmp_path).read_bytes()

    rows = list(csv.reader(io.StringIO(raw.decode("utf-8-sig"), newline="")))
    assert [(row[5], row[7], row[14], row[22]) for row in rows[2:4]] == [
        ("2000000.00", "", "1", "进行中"),
        ("2000000.00", "", "0", "进行中"),
    ]
