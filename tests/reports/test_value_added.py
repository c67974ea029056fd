import csv
import io
import json

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session, sessionmaker

from techauction.core.money import Money
from techauction.core.refusal import NoSuch
from techauction.reports.value_added import compile_report, report
from techauction.reports.writers.cells import table, width
from techauction.reports.writers.value_added import write_csv, write_json, write_table
from techauction.services import opening
from techauction.store.consigning import LotRow
from tests.builders import OPENS, wan
from tests.rounds import a_round_sold, a_round_to_play

KEYS = {
    "lots_offered",
    "lots_sold",
    "lots_agreed",
    "lots_void",
    "start_fen",
    "sold_start_fen",
    "hammer_fen",
    "value_added_fen",
    "value_added_rate",
    "enterprises",
    "bids",
}


def test_a_round_adds_up_from_its_record(sessions: sessionmaker[Session]) -> None:
    with sessions.begin() as session:
        slug = a_round_sold(session).row.slug

    with sessions() as session:
        found = report(session, slug)

    assert found["round"] == slug
    assert found["totals"] == {
        "lots_offered": 5,
        "lots_sold": 2,
        "lots_agreed": 0,
        "lots_void": 0,
        "start_fen": wan(1_000).minor,
        "sold_start_fen": wan(400).minor,
        "hammer_fen": wan(530).minor,
        "value_added_fen": wan(130).minor,
        "value_added_rate": "32.50",
        "enterprises": 3,
        "bids": 6,
    }
    assert set(found) == {"round", "totals", "by"}


def test_every_grouping_adds_up_to_the_totals(sessions: sessionmaker[Session]) -> None:
    with sessions.begin() as session:
        found = report(session, a_round_sold(session).row.slug)

    assert list(found["by"]) == ["field", "market", "institute"]
    for groups in found["by"].values():
        for group in groups:
            assert set(group) == KEYS | {"key", "name_zh", "name_en"}
        for key in KEYS - {"value_added_rate", "enterprises"}:
            assert sum(group[key] for group in groups) == found["totals"][key], key


def test_groups_stand_in_their_order_and_count_the_paddles_that_bid(sessions: sessionmaker[Session]) -> None:
    with sessions.begin() as session:
        found = report(session, a_round_sold(session).row.slug)

    fields = {group["key"]: group for group in found["by"]["field"]}
    assert list(fields) == ["digital", "life", "materials", "energy"]
    assert [fields[key]["enterprises"] for key in fields] == [0, 2, 0, 2]
    assert fields["life"]["value_added_rate"] == "15.00"
    assert fields["materials"]["value_added_rate"] == "0.00"
    assert fields["digital"]["lots_offered"] == 0
    assert fields["digital"]["name_zh"] == "数字经济"


def test_the_lots_rows_may_say_what_they_will(sessions: sessionmaker[Session]) -> None:
    with sessions.begin() as session:
        slug = a_round_sold(session).row.slug
        before = report(session, slug)

        session.execute(update(LotRow).values(start=Money(1), bids=99, closes_at=OPENS))

        assert report(session, slug) == before


def test_a_round_that_is_being_sold_counts_what_it_offers(sessions: sessionmaker[Session]) -> None:
    with sessions.begin() as session:
        played = a_round_to_play(session, {}, {})
        before = compile_report(session, played.row.slug).totals
        opening.open_round(session, round_id=played.row.id, read_clock=lambda: OPENS)
        played.bid(session, 0, 0, wan(200), OPENS)
        totals = compile_report(session, played.row.slug).totals

    assert (before.lots_offered, before.start) == (0, Money(0))
    assert (totals.lots_offered, totals.lots_sold, totals.start, totals.bids) == (2, 0, wan(400), 1)
    assert totals.value_added_rate == "0.00"


def test_there_is_no_report_of_a_round_that_is_not(sessions: sessionmaker[Session]) -> None:
    with sessions() as session, pytest.raises(NoSuch):
        report(session, "nowhere")


def test_the_report_is_written_as_json_csv_and_text(sessions: sessionmaker[Session]) -> None:
    with sessions.begin() as session:
        slug = a_round_sold(session).row.slug
        compiled = compile_report(session, slug)
        plain = report(session, slug)

    lines = list(csv.reader(io.StringIO("".join(write_csv(compiled)).removeprefix("\ufeff"))))
    text = write_table(compiled)

    assert json.loads(write_json(compiled)) == plain
    assert lines[-1][0:2] == ["合计 total", slug]
    assert lines[-1][4:] == ["5", "2", "0", "0", "10000000.00", "4000000.00", "5300000.00", "1300000.00", "32.50", "3", "6"]
    assert len(lines) == 2 + sum(len(groups) for groups in compiled.by.values())
    assert text.splitlines()[-1].split()[-5:] == ["2", "1000", "530", "130", "32.50"]
    assert len({width(line) for line in text.splitlines()[1:]}) == 1


def test_a_table_counts_chinese_characters_twice() -> None:
    assert width("数字economy") == 11
    assert table([("", "数"), ("领域", "1"), ("e", "22")]) == "      数\n----  --\n领域   1\ne     22\n"
