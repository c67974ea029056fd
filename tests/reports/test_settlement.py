import csv
import io
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from sqlalchemy.orm import Session, sessionmaker

from techauction.core.money import Money
from techauction.core.refusal import NoSuch
from techauction.core.settlement import BooksDiffer
from techauction.core.value_added import add_up
from techauction.reports.exports import Format, export_settlement, settlement_name
from techauction.reports.recorded import recorded_lots
from techauction.reports.settlement import compile_settlement
from techauction.reports.value_added import announced
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


def test_every_total_of_the_workbook_is_the_records_to_the_fen(sessions: sessionmaker[Session], tmp_path: Path) -> None:
    played = sold(sessions, buyer_bps=333, seller_bps=77)

    book = openpyxl.load_workbook(exported(sessions, played, "xlsx", tmp_path))

    with sessions() as session:
        sums = add_up(map(announced, recorded_lots(session, played.row.id)))
        totals = compile_settlement(session, played.row.slug).totals
    sheet = book.worksheets[0]
    rows = list(sheet.iter_rows(values_only=True))
    last = rows[7]
    assert last[0] == "合计 Total"
    assert [fen(last[place]) for place in (5, 7, 8)] == [sums.start.minor, sums.hammer.minor, sums.value_added.minor]
    assert last[9] == 32.5
    assert last[12] == sums.bids
    assert [fen(last[place]) for place in (13, 14, 15, 16)] == [
        totals.buyer_commission.minor,
        totals.seller_commission.minor,
        totals.deposit_applied.minor,
        totals.due.minor,
    ]
    for place in (5, 7, 8, 13, 14, 15, 16):
        assert sum(fen(row[place]) for row in rows[1:7] if row[place] is not None) == fen(last[place])


def test_the_workbook_has_a_row_a_lot_and_the_columns_asked_for(sessions: sessionmaker[Session], tmp_path: Path) -> None:
    played = sold(sessions)

    rows = list(openpyxl.load_workbook(exported(sessions, played, "xlsx", tmp_path, language="en")).worksheets[0].values)

    assert [str(header).splitlines()[1] for header in rows[0]] == [
        "Lot no",
        "Title",
        "Field",
        "Market",
        "Institute",
        "Start price (yuan)",
        "Reserve met",
        "Hammer price (yuan)",
        "Value added (yuan)",
        "Value-added rate (%)",
        "Paddle",
        "Enterprise",
        "Bids",
        "Buyer's commission (yuan)",
        "Seller's commission (yuan)",
        "Deposit applied (yuan)",
        "Due (yuan)",
        "Outcome",
        "Head hash",
    ]
    with sessions() as session:
        heads = [lot.head for lot in recorded_lots(session, played.row.id)]
    assert [row[18] for row in rows[1:7]] == heads
    assert [row[0] for row in rows[1:7]] == [1, 2, 3, 4, 5, 6]
    assert [row[6] for row in rows[1:7]] == ["No reserve", "Yes", "No", "No reserve", "—", "—"]
    assert [row[17] for row in rows[1:7]] == [
        "Sold",
        "Sold",
        "Passed in (reserve not met)",
        "Passed in (no bid)",
        "Passed in (no bid)",
        "Withheld (reserve not sealed)",
    ]
    assert rows[1][5:13] == (2_000_000, "No reserve", 3_000_000, 1_000_000, 50, 101, rows[1][11], 3)
    assert rows[6][5] is None


def test_the_workbook_says_what_it_is(sessions: sessionmaker[Session], tmp_path: Path) -> None:
    played = sold(sessions, synthetic=True, rehearsal=True)

    book = openpyxl.load_workbook(exported(sessions, played, "xlsx", tmp_path))

    lots, fields, notes = book.worksheets
    assert lots.freeze_panes == "C2"
    assert (lots.page_setup.orientation, lots.page_setup.fitToHeight) == ("landscape", 0)
    assert lots.sheet_properties.pageSetUpPr is not None
    assert lots.sheet_properties.pageSetUpPr.fitToPage is True
    assert lots["F2"].number_format == "#,##0.00"
    assert "SYNTHETIC" in str(lots["A10"].value)
    said = "\n".join(str(cell) for row in notes.values for cell in row)
    assert played.row.digest is not None
    assert played.row.digest in said
    assert "SYNTHETIC" in said
    assert "rehearsal" in said
    rows = list(fields.values)
    assert [row[0] for row in rows[1:]] == [
        "数字经济 Digital economy",
        "生命健康 Life and health",
        "新材料 New materials",
        "节能环保 Energy saving and environmental protection",
        "合计 Total",
    ]
    assert rows[-1][1:] == (5, 2, 10_000_000, 4_000_000, 5_300_000, 1_300_000, 32.5, 6)


@pytest.mark.parametrize("title", HOSTILE)
def test_a_hostile_title_stays_text(sessions: sessionmaker[Session], tmp_path: Path, title: str) -> None:
    with sessions.begin() as session:
        played = a_round_sold(session)
        played.lots[0].result.title_zh = title

    cell = openpyxl.load_workbook(exported(sessions, played, "xlsx", tmp_path)).worksheets[0]["B2"]
    lines = exported(sessions, played, "csv", tmp_path).read_bytes()

    assert (cell.data_type, cell.hyperlink) == ("s", None)
    assert str(cell.value).replace("_x000D_", "\r") == title
    text = list(csv.reader(io.StringIO(lines.decode("utf-8-sig"), newline="")))[1][1]
    assert text == (f"'{title}" if title[0] in "=+-@\t\r" else title)


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
    assert [(row[5], row[7], row[12], row[17]) for row in rows[1:3]] == [
        ("2000000.00", "", "1", "进行中"),
        ("2000000.00", "", "0", "进行中"),
    ]
