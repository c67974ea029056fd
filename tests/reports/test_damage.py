"""Whatever stands in a row, the verifier ends with findings: never with an error of its own."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Table, select, text
from sqlalchemy.orm import Session

from techauction.core.violation import Fault
from techauction.reports.damage import tables_of
from techauction.reports.record_of_sale import printable, verify_round
from tests.rounds import Played

WRONG = [
    None,
    "",
    "otherwise",
    "nan",
    "[",
    "{}",
    "[]",
    "[[]]",
    '{"seq": "x"}',
    '"\\ud800"',
    '{"reason": "\\ud800", "seq": 1e400}',
    "NaN",
    '{"paddle": NaN}',
    "[" * 5_000,
    "9" * 5_000,
    '{"minutes": ' + "9" * 400 + "}",
    "2026-13-45 99:99:99",
    "9999-12-31 23:59:59.999999",
    "0001-01-01 00:00:00.000000",
    "YWJj=",
    -1,
    0,
    2**63 - 1,
    -(2**63),
    1.5,
    1e300,
    b"\xff\xfe",
]
"""What may stand in any column of SQLite's: it holds columns to no type."""


def places(session: Session, round_id: int) -> list[tuple[Table, Any, str]]:
    """Return each place of a round's rows where a value stands, by table, row and column."""
    return [
        (table, rowid, column.name)
        for table, its in tables_of(round_id)
        for rowid in session.scalars(select(text("rowid")).select_from(table).where(its))
        for column in table.c
        if not column.primary_key and column.name not in ("round_id", "slug")
    ]


def damage(session: Session, place: tuple[Table, Any, str], value: object) -> None:
    """Write any value there; an index may not take it."""
    table, rowid, column = place
    as_text = value == b"\xff\xfe"
    said = (
        f"UPDATE OR IGNORE {table.name} SET {column} = {'CAST(:value AS TEXT)' if as_text else ':value'} WHERE rowid = :rowid"
    )
    session.execute(text(said), {"value": value, "rowid": rowid})


def test_a_value_that_is_no_text_is_a_finding_also_where_it_says_whose_row_it_is(
    owner: Session, everything_sold: tuple[Path, Played]
) -> None:
    owner.execute(text("UPDATE postings SET lot_id = CAST(:value AS TEXT)"), {"value": b"\xff\xfe"})
    owner.expire_all()

    found = verify_round(owner, everything_sold[1].row.slug)

    assert any("lot_id is nothing that can stand there" in each.detail for each in found)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_damage_ends_in_findings(owner: Session, everything_sold: tuple[Path, Played], data: st.DataObject) -> None:
    played = everything_sold[1]
    slug = played.row.slug
    its = places(owner, played.row.id)
    for _ in range(data.draw(st.integers(1, 3))):
        damage(owner, data.draw(st.sampled_from(its)), data.draw(st.sampled_from(WRONG)))
    owner.expire_all()
    try:
        found = verify_round(owner, slug)
    finally:
        owner.rollback()

    for each in found:
        str(each).encode()
        assert each.lot.startswith(slug)


@pytest.mark.parametrize(
    ("table", "column", "value", "lot", "seq"),
    [
        ("record", "at", "yesterday", 1, 2),
        ("record", "kind", "otherwise", 1, 2),
        ("record", "data", "[", 1, 2),
        ("record", "data", "[" * 5_000, 1, 2),
        ("record", "amount", "much", 1, 2),
        ("offers", "amount", "9" * 400, 1, None),
        ("offers", "facts", "{", 1, None),
        ("offers", "decided_at", 1.5, 1, None),
        ("lots", "bidders", '{"7": NaN}', 1, None),
        ("lots", "stage", "elsewhere", 1, None),
        ("reserves", "amount", "two", 2, None),
        ("outcomes", "ending", "won", 1, None),
        ("approvals", "subject", "7", None, None),
        ("approvals", "shown", "[]", None, None),
        ("rounds", "opens_at", "soon", None, None),
        ("rounds", "regime", "market", None, None),
        ("rounds", "loading_at", "", None, None),
        ("paddles", "issued_at", "soon", None, None),
    ],
)
def test_a_damaged_value_is_a_finding_with_its_place(
    owner: Session,
    everything_sold: tuple[Path, Played],
    table: str,
    column: str,
    value: object,
    lot: int | None,
    seq: int | None,
) -> None:
    slug = everything_sold[1].row.slug
    key = "lot_id" if table in ("reserves", "outcomes") else "id"
    row = {"record": "lot_id = 1 AND seq = 2", "offers": "lot_id = 1 AND seq = 2", "reserves": "lot_id = 2"}.get(
        table, f"{key} = (SELECT min({key}) FROM {table})"
    )
    owner.execute(text(f"UPDATE {table} SET {column} = :value WHERE {row}"), {"value": value})
    owner.expire_all()

    found = verify_round(owner, slug)

    of = slug if lot is None else f"{slug}/{lot}"
    named = [
        each for each in found if each.code is Fault.UNREADABLE and f"{column} is nothing that can stand there" in each.detail
    ]
    assert [(each.lot, each.seq) for each in named] == [(of, seq)] or (not named and of in {each.lot for each in found})


def test_text_that_is_none_is_a_finding(owner: Session, everything_sold: tuple[Path, Played]) -> None:
    owner.execute(text("UPDATE results SET title_zh = CAST(x'ff' AS TEXT) WHERE id = 1"))
    owner.expire_all()

    found = verify_round(owner, everything_sold[1].row.slug)

    assert [each.detail for each in found if "results 1: title_zh" in each.detail]


def test_a_lot_that_cannot_be_read_keeps_no_other_from_being_verified(
    owner: Session, everything_sold: tuple[Path, Played]
) -> None:
    slug = everything_sold[1].row.slug
    owner.execute(text("UPDATE results SET title_zh = CAST(x'ff' AS TEXT) WHERE id = 1"))
    owner.execute(text("UPDATE record SET run = 9 WHERE lot_id = 2 AND seq = 2"))
    owner.expire_all()

    found = verify_round(owner, slug)

    assert (Fault.STATE_DIFFERS, f"{slug}/2", 2) in {(each.code, each.lot, each.seq) for each in found}


def test_half_a_character_can_be_printed(owner: Session, everything_sold: tuple[Path, Played]) -> None:
    said = text("UPDATE lots SET stop_reason = 'x', bidders = :bidders WHERE id = 1")
    owner.execute(said, {"bidders": '["\\ud800"]'})
    owner.expire_all()

    found = verify_round(owner, everything_sold[1].row.slug)

    assert [each.detail.encode() for each in found if "bidders is" in each.detail]
    assert printable("\ud800 of 1").encode() == b"\\ud800 of 1"
