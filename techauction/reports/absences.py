"""Whether lots were interrupted, prolonged and hammered as the absences say that the house has kept."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from techauction.core.absence import CAUSE, LEAST, Gap, is_long
from techauction.core.record import Event, Kind, instant
from techauction.core.violation import Fault, Violation
from techauction.reports.books import Books
from techauction.store.processes import AbsenceRow


def agree(events: Sequence[Event], books: Books) -> Iterator[Violation]:
    """Compare what a lot's record says of absences with those that were kept, and with the round's setting.

    Records of earlier versions do not say when the house was back, and no absence was kept then.
    """
    going_since: datetime | None = None
    closes_at: datetime | None = None
    for event in events:
        if event.kind in (Kind.INTERRUPTED, Kind.PROLONGED) and "back_at" in event.data:
            yield from _named(event, books)
        if event.kind is Kind.HAMMERED and going_since is not None and closes_at is not None:
            yield from _passed_over(event, going_since, closes_at, books)
        if event.kind in (Kind.OPENED, Kind.RESUMED) or event.data.get("cause") == CAUSE:
            going_since = event.at  # what was missed before has had its answer
        closes_at = event.closes_at


def set_back(books: Books) -> Iterator[Violation]:
    """Check that the clock was set back, as the audit says, after each absence that does not count because of that."""
    for kept in books.absences:
        if kept.set_back and not any(step.is_after(Gap(kept.away_from, kept.back_at)) for step in books.steps):
            said = (
                f"the absence until {instant(kept.back_at)} does not count, and the audit knows of no clock set back after it"
            )
            yield Violation(Fault.STATE_DIFFERS, books.round.slug, None, said)


def _named(event: Event, books: Books) -> Iterator[Violation]:
    said = Gap(*(datetime.fromisoformat(str(event.data[name])) for name in ("away_from", "back_at")))
    if not any(kept.away_from <= said.away_from and said.back_at <= kept.back_at for kept in books.absences):
        yield Violation(Fault.STATE_DIFFERS, event.lot, event.seq, f"{event.kind} for an absence that was not kept")
    if is_long(said, books.round.gap_s) is (event.kind is Kind.PROLONGED):
        yield Violation(Fault.UNLAWFUL, event.lot, event.seq, f"{event.kind}, though the absence lasted {said.length}")


def _passed_over(event: Event, going_since: datetime, closes_at: datetime, books: Books) -> Iterator[Violation]:
    last_from = closes_at - timedelta(seconds=books.round.extension_length_s)
    for kept in books.absences:
        missed = Gap(kept.away_from, kept.back_at).since(going_since)
        touched = missed.away_from < closes_at and missed.back_at > last_from
        lost = (touched and is_long(missed, books.round.gap_s)) or (missed.length >= LEAST and missed.holds(closes_at))
        if lost and kept.back_at <= event.at and not _was_set_back(kept, going_since, books):
            yield Violation(Fault.OFF_TIME, event.lot, event.seq, "hammered, though nobody could bid in its last period")


def _was_set_back(kept: AbsenceRow, going_since: datetime, books: Books) -> bool:
    """Return whether the clock was set back after the absence, and the lot has gone on since then."""
    gap = Gap(kept.away_from, kept.back_at)
    return kept.set_back and any(step.is_after(gap) and step.to <= going_since for step in books.steps)
