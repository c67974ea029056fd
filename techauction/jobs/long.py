"""The long jobs of pages, each of which yields what comes of it (`child.py` does them)."""

import tempfile
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from techauction.core.reading import Faults
from techauction.core.refusal import Refusal
from techauction.core.roundfile import Known, RoundFileWrong, read
from techauction.reports.record_of_sale import verify_round
from techauction.reports.settlement import compile_settlement
from techauction.reports.value_added import compile_report
from techauction.reports.writers.settlement_csv import write_csv
from techauction.reports.writers.settlement_xlsx import write_xlsx
from techauction.saleroom import answers

_PIECE = 65_536
_PARTS_AT_ONCE = 100
"""So that no piece is long in unpickling: it holds Python's lock."""


def verification(session: Session, *, slug: str, most: int) -> Iterator[object]:
    """Yield the first violations of a round's record, and how many there are."""
    found = verify_round(session, slug)
    yield found[:most]
    yield len(found)


def value_added(session: Session, *, slug: str) -> Iterator[object]:
    """Yield a round's value-added report."""
    yield compile_report(session, slug)


def settlement(session: Session, *, slug: str, form: str, language: Any, written_at: str) -> Iterator[object]:
    """Yield the bytes of a round's settlement, as a workbook or as CSV."""
    compiled = compile_settlement(session, slug)
    if form == "csv":
        yield from (line.encode() for line in write_csv(compiled, language))
        return
    with tempfile.TemporaryFile() as book:
        write_xlsx(compiled, book, language=language, written_at=datetime.fromisoformat(written_at))
        book.seek(0)
        yield from iter(lambda: book.read(_PIECE), b"")


def round_file(_session: Session, *, file: str, known: dict[str, Any], at: str) -> Iterator[object]:
    """Yield the round of a round file, then some of its other parts at a time, each under the name it has in `RoundFile`.

    :raises RoundFileWrong: with what is wrong with it
    """
    try:
        plan = answers.unpacked(Path(file).read_bytes())
    except ValueError:
        raise RoundFileWrong([("$", "must be JSON")]) from None
    except MemoryError:
        raise RoundFileWrong([("$", "is too large to be read")]) from None
    faults = Faults()
    whole = read(plan, Known(**known), faults, datetime.fromisoformat(at))
    if faults.noted:
        raise RoundFileWrong(faults.noted, faults.more)
    yield whole.round
    for name in ("institutes", "lots", "bidders"):
        rest = iter(getattr(whole, name))
        while part := tuple(islice(rest, _PARTS_AT_ONCE)):
            yield name, part


JOBS: Mapping[str, Callable[..., Iterator[object]]] = {
    "verification": verification,
    "value_added": value_added,
    "settlement": settlement,
    "round_file": round_file,
}


def kept(refusal: Refusal) -> tuple[object, ...]:
    """Return what a refusal is made of, so that it can be made again."""
    if isinstance(refusal, RoundFileWrong):
        return refusal.code, refusal.faults, refusal.more
    return refusal.code, refusal.as_json()
