"""Whether two agreed on what needs two: one asked, as the round's requests have it, and the other approved it then."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from techauction.core.approval import LASTS, Act, Decision, digest_of
from techauction.core.record import Event, Kind
from techauction.core.violation import Fault, Violation
from techauction.reports.books import Books
from techauction.store.auction import ApprovalRow
from techauction.store.consigning import LotRow

SUBJECT = {"lots", "seq", "minutes"}
"""What a request names, and nothing else."""
_ACTS = {
    Kind.RESUMED: (Act.RESUME,),
    Kind.PROLONGED: (Act.PROLONG,),
    Kind.VOIDED: (Act.VOID_BID, Act.VOID_OUTCOME),
    Kind.WITHDRAWN: (Act.CLOSE_EARLY, Act.CALL_OFF),
}


def by_two(events: Sequence[Event], row: LotRow, books: Books) -> Iterator[Violation]:
    """Yield the events that nobody approved, of those that need two.

    Replaying finds voids and extensions without two persons. A resume may name none only in a round of invented data, which a
    demonstration resumes by itself, or where an earlier version sold the lot: its opening does not say the format.
    """
    alone = books.round.synthetic or not any("format" in event.data for event in events if event.kind is Kind.OPENED)
    for event in events:
        acts = _ACTS.get(event.kind, ())
        if not acts:
            continue
        if "asked_by" in event.data:
            count = sum(each.act in acts and _is_of(each, event, row) for each in books.approvals)
            if count != 1:
                said = f"{count} requests for it were approved: {event.kind}"
                yield Violation(Fault.NOT_APPROVED, event.lot, event.seq, said)
        elif event.kind is Kind.RESUMED and not alone:
            yield Violation(Fault.NOT_APPROVED, event.lot, event.seq, "resumed by one person alone")


def as_shown(books: Books) -> Iterator[Violation]:
    """Compare each request with what was shown of it: the digest is what makes two persons agree on the same."""
    for asked in books.approvals:
        kept = (asked.digest, asked.expires_at, asked.shown["act"], asked.shown["round"], asked.shown["reason"])
        was = (digest_of(asked.shown), asked.asked_at + LASTS, asked.act.value, books.round.slug, asked.reason)
        named = asked.subject.keys() == SUBJECT
        late = asked.decided_at is not None and asked.decided_at >= asked.expires_at
        if kept != was or late or not named:
            said = f"request {asked.id} is not what was shown, or was decided too late: {asked.act}"
            yield Violation(Fault.NOT_APPROVED, books.round.slug, None, said)


def _is_of(asked: ApprovalRow, event: Event, row: LotRow) -> bool:
    """Return whether the request is the one that the event came of."""
    subject, data = asked.subject, event.data
    lots = subject["lots"]
    assert isinstance(lots, list)
    named = [
        (asked.decision, Decision.APPROVED),
        (asked.asked_by_id, data["asked_by"]),
        (asked.decided_by_id, data["approved_by"]),
        (asked.decided_at, event.at),
        (asked.reason, data["reason"]),
        (not lots or row.id in lots, True),
        (subject["seq"], data.get("seq")),
        (subject["minutes"], _minutes(event)),
        (asked.act is Act.VOID_BID, event.kind is Kind.VOIDED and "seq" in data),
    ]
    return all(kept == said for kept, said in named)


def _minutes(event: Event) -> int | None:
    """Return by how many minutes the event moved the close, if that is what it did."""
    if event.kind is not Kind.PROLONGED or event.closes_at is None:
        return None
    return (event.closes_at - datetime.fromisoformat(str(event.data["from"]))) // timedelta(minutes=1)
