from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import select
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
