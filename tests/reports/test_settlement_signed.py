"""What four exchanges would look at before they sign: that nothing is left out, and that every figure can be read."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet
from sqlalchemy import select, text
from sqlalchemy.orm import Session, sessionmaker

from techauction.core.approval import Act
from techauction.core.money import Money, total
from techauction.core.settlement import BooksDiffer, SettlementOwed
from techauction.reports.checks import checks
from techauction.reports.settlement import compile_settlement
from techauction.services import aftersale, deposits, hammer, opening, voiding
from techauction.store.money import SettlementRow
from techauction.store.record import RoundRecordRow
from tests.builders import CLOSES, OPENS, a_receipt, a_user, wan
from tests.reports.test_settlement import column_of, exported, fen, sold
from tests.rounds import Played, a_round_sold, a_round_to_play, by_two

MINUTE = timedelta(minutes=1)


def book_of(sessions: sessionmaker[Session], played: Played, folder: Path, **more: Any) -> Workbook:
    return openpyxl.load_workbook(exported(sessions, played, "xlsx", folder, **more))


def said_in(sheet: Worksheet) -> str:
    return "\n".join(str(cell) for row in sheet.values for cell in row if cell is not None)


def widths_of(sheet: Worksheet) -> dict[int, float]:
    """Return the widths of a sheet's columns, of which those that are alike are kept as one."""
    return {
        place: each.width for each in sheet.column_dimensions.values() for place in range(each.min or 0, (each.max or 0) + 1)
    }


def differing(sessions: sessionmaker[Session], played: Played) -> list[str]:
    with sessions() as session:
        found = checks(compile_settlement(session, played.row.slug))
    return [f"{check.what.en}: {check.way.en}" for check in found if check.difference.minor]


def test_bids_on_a_lot_that_was_voided_are_in_no_total(sessions: sessionmaker[Session], tmp_path: Path) -> None:
    with sessions.begin() as session:
        played = a_round_to_play(session, {}, {})
        opening.open_round(session, round_id=played.row.id, read_clock=lambda: OPENS)
        for place in (0, 1):
            played.bid(session, place, 0, wan(200), OPENS + MINUTE)
            played.bid(session, place, 1, wan(210), OPENS + 2 * MINUTE)
            played.fall(session, place)
        two = by_two(session, played.row.id, Act.VOID_OUTCOME, at=CLOSES, reason="Fraud.", lot_ids=(played.lots[1].id,))
        voiding.void_outcome(session, lot=played.lots[1], reason="Fraud.", two=two, now=CLOSES)
        played.close(session)

    book = book_of(sessions, played, tmp_path)

    rows, fields = list(book.worksheets[0].values), list(book["增值 Value added"].values)
    assert [row[column_of(rows, "Bids")] for row in rows[1:4]] == [2, None, 2]
    assert fields[-1][column_of(fields, "Bids")] == 2


def test_money_over_what_deposits_need_is_to_go_back_until_it_went(sessions: sessionmaker[Session], tmp_path: Path) -> None:
    with sessions.begin() as session:
        played = a_round_sold(session)
        a_receipt(session, played.paddles[1], Money(12_345))

    lines = list(book_of(sessions, played, tmp_path, language="en")["保证金 Deposits"].values)
    over = [row for row in lines if row[4] == "Over what is needed"]
    assert [(row[0], *map(fen, row[5:10]), row[10]) for row in over] == [(102, 0, 12_345, 0, 12_345, 0, "To go back")]
    assert differing(sessions, played) == []
    with sessions.begin() as session:
        paddle = played.paddles[1]
        deposits.return_surplus(session, paddle=paddle, by_id=a_user(session).id, now=CLOSES)
    with sessions() as session:
        assert not any(line.surplus for line in compile_settlement(session, played.row.slug).deposits)
    assert differing(sessions, played) == []


def test_what_the_deposits_sheet_has_received_is_what_the_bank_did(sessions: sessionmaker[Session]) -> None:
    with sessions.begin() as session:
        played = a_round_sold(session)
        for paddle in played.paddles:
            a_receipt(session, paddle, Money(7))

    with sessions() as session:
        came = session.execute(text("SELECT SUM(amount) FROM deposit_receipts")).scalar_one()
        assert total(line.received for line in compile_settlement(session, played.row.slug).deposits) == Money(int(came))


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ("credit = 'market:anhui' WHERE what = 'buyer_share'", "Share of the commissions"),
        ("debit = 'institute:0' WHERE what = 'seller_commission_charged'", "Institute's proceeds"),
        ("amount = amount - 1 WHERE what = 'deposit_released'", "Deposits held, and what is over"),
    ],
)
def test_money_posted_to_another_is_a_difference(sessions: sessionmaker[Session], change: str, what: str) -> None:
    played = sold(sessions, buyer_bps=333, seller_bps=77)
    assert differing(sessions, played) == []
    with sessions.begin() as session:
        assert session.execute(text(f"UPDATE postings SET {change}")).rowcount

    assert any(each.startswith(what) for each in differing(sessions, played))


def test_every_number_has_room_in_its_column(sessions: sessionmaker[Session], tmp_path: Path) -> None:
    with sessions.begin() as session:
        price = wan(999_999)
        played = a_round_to_play(
            session, {"start": price}, {"start": price, "market": "shanghai"}, buyer_bps=333, seller_bps=77
        )
        opening.open_round(session, round_id=played.row.id, read_clock=lambda: OPENS)
        for place in (0, 1):
            played.bid(session, place, 0, price, OPENS + MINUTE)
            played.fall(session, place)
        played.close(session)

    numbers = 0
    for sheet in book_of(sessions, played, tmp_path).worksheets:
        widths = widths_of(sheet)
        for row in sheet.iter_rows():
            for cell in row:
                if isinstance(cell.value, int | float):
                    shown = f"{cell.value:,.2f}" if cell.number_format == "#,##0.00" else str(cell.value)
                    assert len(shown) < widths[cell.column], (sheet.title, shown)
                    numbers += 1
    assert numbers > 100


def test_a_markets_share_of_the_commissions_stands_under_the_shares(sessions: sessionmaker[Session], tmp_path: Path) -> None:
    played = sold(sessions, buyer_bps=333, seller_bps=77)

    rows = list(book_of(sessions, played, tmp_path)["市场 上海技术交易市场"].values)

    totals = [row for row in rows if row[0] == "合计 Total"]
    assert fen(rows[-1][8]) == sum(fen(row[8]) for row in totals) > 0
    assert "This market's share" in str(rows[-1][1])


def test_a_settlement_says_its_terms_and_its_times(sessions: sessionmaker[Session], tmp_path: Path) -> None:
    played = sold(sessions, buyer_bps=600, seller_bps=77, listing_share_bps=3_333, commission_note="委托合同第七条")

    said = said_in(book_of(sessions, played, tmp_path)["说明 Notes"])

    assert "买方 6.00%，卖方 0.77%" in said
    assert "挂牌市场 33.33%，买方市场 66.67%" in said
    assert "委托合同第七条" in said
    assert "2026-11-02 13:00:00" in said
    assert "2026-11-02 14:00:00" in said
    assert "to the listing market" in said
    with sessions() as session:
        head = session.scalar(
            select(RoundRecordRow.hash)
            .where(RoundRecordRow.round_id == played.row.id)
            .order_by(RoundRecordRow.seq.desc())
            .limit(1)
        )
    assert head
    assert f"own record too, which binds paddles to bidders: {head}" in said
    assert "PROVISIONAL" not in said


def test_a_settlement_of_a_round_that_is_not_over_says_so_first(sessions: sessionmaker[Session], tmp_path: Path) -> None:
    with sessions.begin() as session:
        played = a_round_to_play(session, {}, {})
        opening.open_round(session, round_id=played.row.id, read_clock=lambda: OPENS)

    for sheet in book_of(sessions, played, tmp_path).worksheets:
        assert "PROVISIONAL" in str(sheet["A1"].value)
    assert "PROVISIONAL" in exported(sessions, played, "csv", tmp_path).read_text("utf-8").splitlines()[0]


def test_an_institutes_sheet_names_it_by_its_credit_code(sessions: sessionmaker[Session], tmp_path: Path) -> None:
    with sessions.begin() as session:
        played = a_round_sold(session)
        codes = {lot.result.institute.credit_code for lot in played.lots}
        for lot in played.lots:
            lot.result.institute.name_zh = "同名大学"

    book = book_of(sessions, played, tmp_path)

    sheets = [sheet for sheet in book.worksheets if sheet.title.startswith("院所 同名大学")]
    assert {str(sheet["A1"].value).rsplit(maxsplit=1)[1] for sheet in sheets} == codes
    assert {sheet.freeze_panes for sheet in sheets} == {"C3"}


def test_a_sale_whose_settlement_is_on_its_way_is_no_difference_of_the_books(
    sessions: sessionmaker[Session], tmp_path: Path
) -> None:
    with sessions.begin() as session:
        played = a_round_to_play(session, {}, {})
        opening.open_round(session, round_id=played.row.id, read_clock=lambda: OPENS)
        played.bid(session, 0, 0, wan(200), OPENS + MINUTE)
        hammer.fall(session, [played.lots[0].id], now=CLOSES)

    with pytest.raises(SettlementOwed):
        exported(sessions, played, "xlsx", tmp_path)
    with sessions.begin() as session:
        aftersale.bring(session, aftersale.owed(session, most=1, round_id=played.row.id))
        session.query(SettlementRow).delete()
    with pytest.raises(BooksDiffer):
        exported(sessions, played, "xlsx", tmp_path)
