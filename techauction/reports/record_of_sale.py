"""Verifying the record of a round's sale: played again through the core, and compared with everything kept beside it."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import groupby

from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from techauction.core.outcome import Ending
from techauction.core.record import BIDS, GENESIS, ROUND_VERSION, Kind, heads_told, round_digest
from techauction.core.refusal import NoSuch
from techauction.core.replay import replay
from techauction.core.replayed import Replay
from techauction.core.round import Phase
from techauction.core.round_replay import RoundReplay
from techauction.core.violation import Fault, Violation
from techauction.reports import absences, accounting, agreement, approved, bindings, in_time, told, unsealed
from techauction.reports.books import Books, load_books
from techauction.reports.damage import FAILS, damaged
from techauction.reports.recorded import find_round
from techauction.reports.refused import refused
from techauction.store.consigning import LotRow, RoundRow
from techauction.store.notices import NoticeRow
from techauction.store.record import RecordRow

_LONGEST = 500


def verify_round(session: Session, slug: str) -> list[Violation]:
    """Return everything that is wrong with the record of a round's sale; nothing, if it happened as it stands there.

    Where a row cannot be read, what follows from it is not verified, and the value is named that is to blame.

    Call it in a transaction that reads one snapshot: while lots are being sold, half a bid would look like a violation.

    :raises NoSuch: there is no such round
    """
    round_id = session.scalar(select(RoundRow.id).where(RoundRow.slug == slug))
    if round_id is None:
        raise NoSuch
    found: list[Violation] = []
    failures: list[Exception] = []
    try:
        _verify_all(session, slug, found, failures)
    except FAILS as error:
        failures.append(error)
        found.append(_unreadable(slug, error))
    if failures:
        blamed = damaged(session, slug, round_id)
        lost = next((each for each in failures if isinstance(each, OperationalError)), None)
        if lost is not None and not blamed:
            raise lost
        found = blamed + found
    return [replace(each, detail=printable(each.detail)) for each in found]


def _verify_all(session: Session, slug: str, found: list[Violation], failures: list[Exception]) -> None:
    """Add what is wrong to `found`, and to `failures` what was raised on the way.

    :raises FAILS: the round's rows cannot be read
    """
    row = find_round(session, slug)
    books = load_books(session, row)
    records = _records(session, row.id)
    of_round = bindings.replayed(books)
    heads: dict[int, str] = {}
    voids: list[int | None] = []
    for lot in books.lots:
        try:
            after, violations = _verify(lot, records.get(lot.id, []), of_round, books)
        except FAILS as error:
            failures.append(error)
            found.append(_unreadable(f"{slug}/{lot.number}", error))
            voids.append(lot.number)  # which nobody can say
            continue
        found += violations
        if after.ended is not None and after.ended.ending is Ending.VOID:
            voids.append(lot.number)
        if lot.number is not None and after.head != GENESIS:
            heads[lot.number] = after.head_at_close or after.head
    for check in (
        bindings.of_round(of_round, books),
        bindings.renames(books),
        accounting.deposits(books),
        approved.as_shown(books),
        absences.set_back(books),
        told.voided(session, slug, voids),
        _digest(session, books, heads, of_round),
    ):
        try:
            found += check
        except FAILS as error:
            failures.append(error)
            found.append(_unreadable(slug, error))


def _unreadable(name: str, error: Exception) -> Violation:
    said = f"not everything that belongs to it could be read and verified: {type(error).__name__}"
    return Violation(Fault.UNREADABLE, name, None, said)


def printable(said: str) -> str:
    """Return the text so that it can be printed anywhere: what it quotes may be half a character, or as long as a book."""
    return said[:_LONGEST].encode("utf-8", "backslashreplace").decode()


def _records(session: Session, round_id: int) -> dict[int, list[RecordRow]]:
    rows = session.scalars(
        select(RecordRow)
        .where(RecordRow.lot_id.in_(select(LotRow.id).where(LotRow.round_id == round_id)))
        .order_by(RecordRow.lot_id, RecordRow.seq)
    )
    return {lot_id: list(together) for lot_id, together in groupby(rows, key=lambda each: each.lot_id)}


def _verify(row: LotRow, record: list[RecordRow], of_round: RoundReplay, books: Books) -> tuple[Replay, list[Violation]]:
    name = f"{books.round.slug}/{row.number}"
    reserve = books.reserves.get(row.id)
    events = [each.to_core(name) for each in record]
    after = replay(
        name,
        ((event, each.prev_hash, each.hash) for event, each in zip(events, record, strict=True)),
        None if reserve is None else reserve.opened(),
    )
    found = list(after.violations)
    run = 0
    for event, each in zip(events, record, strict=True):
        run += event.kind is Kind.VOIDED and "seq" in event.data  # it begins with the void of a bid
        found += agreement.differ(Fault.STATE_DIFFERS, name, {"run": (each.run, run)}, event.seq)
        found += agreement.bidder(event, row, books)
    for event, opened_at in unsealed.as_bids(events):
        found += agreement.bidder(event, row, books, ranked_at=opened_at)
    taken = {event.seq for event in events if event.kind in (*BIDS, Kind.SEALED)}
    found += agreement.offers(after, row, taken, books)
    found += in_time.all_offers(events, books.offers[row.id], [offer for offer, _ in books.chained[row.id]])
    found += agreement.boxes(after, events, row, books)
    found += refused(name, events, row, books, of_round.refused)
    found += agreement.terms(after, row, books)
    found += bindings.opening(of_round, events, row, books)
    found += agreement.state(after, row, books)
    found += approved.by_two(events, row, books)
    found += absences.agree(events, books)
    found += agreement.buyer(after, books)
    found += agreement.outcome(after, books.outcomes.get(row.id))
    found += accounting.settled(after, row, books)
    found += agreement.case(after, row, books)
    return after, found


def _digest(session: Session, books: Books, heads: dict[int, str], of_round: RoundReplay) -> Iterator[Violation]:
    row = books.round
    # What an earlier version closed has a digest without the round's own record; but nothing that this version opened.
    first = row.digest_version == 1 and of_round.plan is None
    head = None if first else of_round.head
    expected = None if row.closed_at is None else round_digest(row.slug, heads, head)
    version = None if row.closed_at is None else 1 if first else ROUND_VERSION
    closed = (row.phase is Phase.CLOSED, row.closed_at is not None)
    yield from agreement.differ(Fault.STATE_DIFFERS, row.slug, {"whether the round has closed": closed})
    yield from agreement.differ(Fault.DIGEST_DIFFERS, row.slug, {"the round's digest": (row.digest, expected)})
    yield from agreement.differ(Fault.DIGEST_DIFFERS, row.slug, {"its version": (row.digest_version, version)})
    # What markets and auditors were told: who rewrites the round must rewrite these too.
    heard = {
        (str(facts.get("digest")), str(facts.get("heads")))
        for facts in session.scalars(select(NoticeRow.facts).where(NoticeRow.what == "round_closed"))
        if facts.get("slug") == row.slug
    }
    for digest, said in sorted(heard - {(str(expected), heads_told(heads, head))}):
        yield Violation(Fault.DIGEST_DIFFERS, row.slug, None, f"the markets and auditors were told of digest {digest}, {said}")
