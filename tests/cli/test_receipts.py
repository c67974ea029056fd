import base64
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from techauction.core.record import Kind
from techauction.db import writing
from techauction.receipts import FILE, Receipt, Signer
from techauction.store.record import RecordRow
from tests.cli.conftest import Run


@pytest.fixture
def bid(sold: str, open_store: Callable[[], Session]) -> RecordRow:
    """Return a bid of a round that was sold."""
    assert sold
    with open_store() as session:
        return session.scalars(select(RecordRow).where(RecordRow.kind == Kind.BID).limit(1)).one()


@pytest.fixture
def receipt(bid: RecordRow, installed: Path, tmp_path: Path) -> Path:
    """Return the file of the bid's receipt."""
    assert bid.amount is not None
    said = Receipt(lot_id=bid.lot_id, seq=bid.seq, hash=bid.hash, amount=bid.amount, placed_at=bid.at)
    file = tmp_path / "bid.jws"
    file.write_text(Signer(installed / FILE).sign(said) + "\n")
    return file


def test_a_receipt_is_good_while_the_record_has_its_bid(run: Run, receipt: Path) -> None:
    answer = run("record", "verify", "--receipt", receipt)

    assert answer.exit_code == 0
    assert "the receipt is good" in answer.stderr


def test_a_record_that_was_changed_is_convicted_by_a_receipt(
    run: Run, receipt: Path, bid: RecordRow, open_store: Callable[[], Session]
) -> None:
    with open_store() as session, writing(session):
        session.get_one(RecordRow, bid.id).hash = "0" * 64

    assert run("record", "verify", "--receipt", receipt).exit_code == 1


def test_a_record_that_was_cut_is_convicted_by_a_receipt(
    run: Run, receipt: Path, bid: RecordRow, open_store: Callable[[], Session]
) -> None:
    with open_store() as session, writing(session):
        session.delete(session.get_one(RecordRow, bid.id))

    assert run("record", "verify", "--receipt", receipt).exit_code == 1


def test_a_receipt_that_was_written_over_is_refused(run: Run, receipt: Path) -> None:
    text = receipt.read_text()
    receipt.write_text(text.replace(text[60], "A" if text[60] != "A" else "B", 1))

    assert run("record", "verify", "--receipt", receipt).exit_code == 1


def test_after_a_rotation_the_receipt_stays_good(run: Run, receipt: Path) -> None:
    assert run("record", "rotate-key").exit_code == 0

    assert run("record", "verify", "--receipt", receipt).exit_code == 0


def test_a_restored_backup_still_knows_its_receipts(run: Run, receipt: Path, tmp_path: Path) -> None:
    run("backup", tmp_path / "b.tar.gz")
    restored = tmp_path / "restored"
    run("restore", tmp_path / "b.tar.gz", on=restored)

    assert run("record", "verify", "--receipt", receipt, on=restored).exit_code == 0


def test_a_round_and_a_receipt_are_not_verified_at_once(run: Run, receipt: Path, sold: str) -> None:
    assert run("record", "verify", "--receipt", receipt, "--round", sold).exit_code == 2
    assert run("record", "verify").exit_code == 2


def an_answer(receipt: Path) -> str:
    """Return what the house answers to a bid that it takes."""
    return json.dumps({"lot": 1, "seq": 2, "paddle": 101, "amount_fen": 200_000_000, "receipt": receipt.read_text().strip()})


def test_the_whole_answer_to_a_bid_is_as_good_as_its_receipt(run: Run, receipt: Path, tmp_path: Path) -> None:
    answer = tmp_path / "answer.json"
    answer.write_text(an_answer(receipt))

    assert "the receipt is good" in run("record", "verify", "--receipt", answer).stderr


def test_a_receipt_is_read_from_the_standard_input(run: Run, receipt: Path) -> None:
    for said in (receipt.read_text(), an_answer(receipt)):
        answer = run("record", "verify", "--receipt", "-", said=said)

        assert answer.exit_code == 0
        assert "the receipt is good" in answer.stderr


@pytest.mark.parametrize(
    "said",
    [
        "",
        "Your bid stands.",
        "{",
        "{}",
        '{"code": "bid_too_low", "status": 409}',
        '{"receipt": null}',
        '{"receipt": ["a.b.c"]}',
        '{"a":' * 9_000,
        "\x00\ufffd",
    ],
)
def test_what_carries_no_receipt_is_said_to_carry_none(run: Run, receipt: Path, said: str) -> None:
    assert receipt.is_file()

    answer = run("record", "verify", "--receipt", "-", said=said)

    assert answer.exit_code == 1
    assert "neither a receipt nor the answer to a bid" in answer.stderr


@pytest.mark.parametrize("header", ["[" * 3_000, "{}", '{"kid": []}', "7"])
def test_a_receipt_with_any_header_is_refused_in_words(run: Run, receipt: Path, header: str) -> None:
    _, said, signature = receipt.read_text().split(".")
    coded = base64.urlsafe_b64encode(header.encode()).decode().rstrip("=")

    answer = run("record", "verify", "--receipt", "-", said=f"{coded}.{said}.{signature}")

    assert answer.exit_code == 1
    assert "no receipt that this house signed" in answer.stderr


def test_a_damaged_event_is_said_to_be_one(run: Run, receipt: Path, bid: RecordRow, open_store: Callable[[], Session]) -> None:
    with open_store() as session, writing(session):
        session.execute(text("UPDATE record SET at = 'yesterday' WHERE id = :id"), {"id": bid.id})

    answer = run("record", "verify", "--receipt", receipt)

    assert answer.exit_code == 1
    assert f"event {bid.seq} of lot {bid.lot_id}, which the receipt proves, cannot be read" in answer.stderr
