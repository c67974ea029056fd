"""Whether what is kept beside the record agrees with it. Each function yields what differs."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from techauction.core.handoff import CaseKind
from techauction.core.lot import Stage
from techauction.core.opened import offers_of
from techauction.core.outcome import Ending
from techauction.core.record import BIDS, Event, Kind, commitment, description_digest, instant
from techauction.core.replayed import Replay
from techauction.core.violation import Fault, Violation
from techauction.reports.books import Books
from techauction.store.auction import AdmissionRow, OutcomeRow
from techauction.store.consigning import LotRow, ReserveRow

_UNOPENED = (Stage.SUBMITTED, Stage.RETURNED, Stage.LISTED)


def differ(fault: Fault, name: str, said: dict[str, tuple[object, object]], seq: int | None = None) -> Iterator[Violation]:
    """Yield a violation for each column that is not what it must be: `{column: (kept, expected)}`."""
    for column, (kept, expected) in said.items():
        if kept != expected:
            yield Violation(fault, name, seq, f"{column} is {_plain(kept)} and should be {_plain(expected)}")


def terms(after: Replay, row: LotRow, books: Books) -> Iterator[Violation]:
    """Compare the lot's terms and description, the round's rules and the sealed reserve with those that it opened with."""
    if after.lot is None:
        return
    name = after.name
    try:
        ladder = row.increments()
    except (AssertionError, TypeError, ValueError):
        yield Violation(Fault.TERMS_DIFFER, name, None, "the increments cannot be read")
    else:
        yield from differ(Fault.TERMS_DIFFER, name, {"increments": (ladder.as_json(), after.lot.ladder.as_json())})
    yield from differ(
        Fault.TERMS_DIFFER,
        name,
        {
            "format": (row.format, after.lot.format),
            "start": (row.start, after.lot.start),
            "the round's rules": (books.round.rules(), after.lot.rules),
            "reserve_announced": (row.reserve_announced, after.commitment is not None),
            "market": (row.market_key, after.market or row.market_key),
        },
    )
    described = description_digest(name, row.result.described())
    if after.described not in (None, described):
        yield Violation(Fault.TERMS_DIFFER, name, None, "the description is not the one that the lot opened with")
    sealed = books.reserves.get(row.id)
    if after.commitment is not None and sealed is not None:
        yield from _committed(after, sealed)
    elif after.commitment is not None and not _passed_in(after):
        yield Violation(Fault.RESERVE_MISMATCH, name, None, "the sealed reserve is gone")


def _passed_in(after: Replay) -> bool:
    """Return whether the lot passed in: its reserve was opened, and checked, while its record was played again."""
    return after.ended is not None and after.ended.ending is Ending.PASSED_IN


def _committed(after: Replay, sealed: ReserveRow) -> Iterator[Violation]:
    """Compare a reserve that stands open, or what is kept beside its box, with what was published when the lot opened."""
    opened, ended = sealed.opened(), after.ended
    said = sealed.commitment
    if opened is not None and not _passed_in(after):
        said = commitment(after.sealed_as, opened.reserve, opened.salt)
    if after.commitment not in (said, None) or sealed.commitment != after.commitment:
        yield Violation(Fault.RESERVE_MISMATCH, after.name, None, "the sealed reserve is not the one committed")
    if ended is None or ended.ending not in (Ending.SOLD, Ending.PASSED_IN, Ending.VOID):
        return
    if opened is None and not _passed_in(after):
        yield Violation(Fault.RESERVE_MISMATCH, after.name, None, "the lot was sold, and its reserve was not opened")
    # It may have been entered from its slip before the hammer, which waited for it.
    elif sealed.opened_at is None or sealed.opened_at > ended.at:
        yield Violation(Fault.RESERVE_MISMATCH, after.name, None, "the reserve was not opened by the hammer")


def state(after: Replay, row: LotRow, books: Books) -> Iterator[Violation]:
    """Compare every column of the lot's present state."""
    name, lot = after.name, after.lot
    standing = None if lot is None else lot.standing
    if row.seq > after.seq:
        yield Violation(Fault.MISSING_TAIL, name, None, f"the record ends at event {after.seq}, the lot is at {row.seq}")
    stage = row.stage if row.stage in _UNOPENED else Stage.LISTED
    if after.ended is not None:
        stage = Stage.ENDED
    elif lot is not None:
        stage = lot.stage
    if books.round.closed_at is not None and after.ended is None and (after.seq or row.number is not None):
        yield Violation(Fault.MISSING_TAIL, name, None, "the round has closed, and the record knows no ending")
    yield from differ(
        Fault.STATE_DIFFERS,
        name,
        {
            "stage": (row.stage, stage),
            "seq": (row.seq, after.seq),
            "head_hash": (row.head_hash, after.head if after.seq else None),
            "run": (row.run, after.run),
            "bids": (row.bids, after.bids),
            "standing_paddle": (row.standing_paddle, None if standing is None else standing.paddle),
            "standing_amount": (row.standing_amount, None if standing is None else standing.amount),
            "standing_at": (row.standing_at, None if standing is None else standing.placed_at),
            "standing_rank": (row.standing_rank, None if standing is None else standing.rank),
            "bidders": (row.bidders, [] if lot is None else sorted(lot.bidders)),
            "opens_at": (row.opens_at, None if lot is None else lot.opens_at),
            "closes_at": (row.closes_at, None if lot is None else lot.closes_at),
            "last_at": (row.last_at, after.at),
            "scheduled_closes_at": (row.scheduled_closes_at, None if lot is None else lot.scheduled_closes_at),
            "stopped_at": (row.stopped_at, after.stopped_at),
            "stop_reason": (row.stop_reason, after.stop_reason),
            "key_missing_at": (row.key_missing_at if after.ended else None, None),
        },
    )


def outcome(after: Replay, kept: OutcomeRow | None) -> Iterator[Violation]:
    """Compare the outcome: exactly one for a lot that ended, none before."""
    ended = after.ended
    if ended is None:
        if kept is not None:
            yield Violation(Fault.MISSING_TAIL, after.name, None, "there is an outcome, and the record knows no ending")
        return
    if kept is None:
        yield Violation(Fault.OUTCOME_DIFFERS, after.name, None, "the outcome is missing")
        return
    yield from differ(
        Fault.OUTCOME_DIFFERS,
        after.name,
        {
            "ending": (kept.ending, ended.ending),
            "reason": (kept.reason, ended.reason),
            "paddle": (kept.paddle, ended.paddle),
            "price": (kept.price, ended.price),
            "reserve_met": (kept.reserve_met, ended.reserve_met),
            "ended_at": (kept.ended_at, ended.at),
        },
    )


def buyer(after: Replay, books: Books) -> Iterator[Violation]:
    """Check that nothing was sold to a paddle that had been voided."""
    ended = after.ended if after.ended is None else after.ended.voided or after.ended
    if ended is None or ended.ending is not Ending.SOLD:
        return
    paddle = books.paddles.get(ended.paddle or 0)
    if paddle is not None and paddle.voided_at is not None and paddle.voided_at < ended.at:
        said = f"sold to paddle {ended.paddle}, which was voided before the hammer"
        yield Violation(Fault.NOT_ADMITTED, after.name, None, said)


def case(after: Replay, row: LotRow, books: Books) -> Iterator[Violation]:
    """Compare the case that the hammer made: one for a lot sold, or passed in with a bid, and no other."""
    if books.owe(row.id):
        return
    ended, kept = after.ended, books.cases.get(row.id)
    if ended is not None and ended.voided is not None:
        closed = None if kept is None else kept.closed_at
        yield from differ(Fault.CASE_DIFFERS, after.name, {"whether the case is closed": (closed is not None, True)})
        ended = ended.voided
    kind = None
    if ended is not None and ended.ending is Ending.SOLD:
        kind = CaseKind.SOLD
    elif ended is not None and ended.ending is Ending.PASSED_IN and after.bids:
        kind = CaseKind.FOLLOW_UP
    yield from differ(Fault.CASE_DIFFERS, after.name, {"the case's kind": (None if kept is None else kept.kind, kind)})
    if kept is not None and ended is not None:
        yield from differ(Fault.CASE_DIFFERS, after.name, {"the case's opened_at": (kept.opened_at, ended.at)})


def bidder(event: Event, row: LotRow, books: Books, *, ranked_at: datetime | None = None) -> Iterator[Violation]:
    """Check that a bid's paddle was issued and admitted to the lot when it was decided, and that the bid answers an offer.

    `ranked_at`: when it counted whether the bidder held a priority right, if not then.
    """
    if event.kind not in BIDS:
        return
    paddle, offer = books.paddles.get(event.paddle or 0), books.offers[row.id].get(event.seq)
    decided_at = event.at if offer is None else max(offer.decided_at, event.at)
    if paddle is None or paddle.issued_at is None or paddle.issued_at > decided_at:
        yield Violation(Fault.NOT_ADMITTED, event.lot, event.seq, f"paddle {event.paddle} was not issued before the bid")
    elif paddle.voided_at is not None and paddle.voided_at <= decided_at:
        yield Violation(Fault.NOT_ADMITTED, event.lot, event.seq, f"paddle {event.paddle} was voided before the bid")
    elif (paddle.id, row.id) not in books.admitted:
        yield Violation(Fault.NOT_ADMITTED, event.lot, event.seq, f"paddle {event.paddle} was not admitted to the lot")
    elif event.data.get("rank") not in _ranks(books.admitted[paddle.id, row.id], ranked_at or decided_at):
        said = f"paddle {event.paddle} did not hold the priority right that the record says, or held another"
        yield Violation(Fault.NOT_ADMITTED, event.lot, event.seq, said)
    if offer is None:
        yield Violation(Fault.OFFER_DIFFERS, event.lot, event.seq, "no offer was answered with this bid")
        return
    yield from differ(
        Fault.OFFER_DIFFERS,
        event.lot,
        {
            "organisation": (offer.organisation_id, None if paddle is None else paddle.organisation_id),
            "amount": (offer.amount, event.amount),
            "confirmed": (offer.confirmed, event.data.get("confirmed")),
            "matching": (offer.matching, event.kind is Kind.MATCHED),
            "whether it was called from the floor": (offer.clerk is not None, event.data.get("source") == "floor"),
            "whether it was refused": (offer.refused, False),
            "clerk": (offer.clerk, event.data.get("clerk")),
        },
        event.seq,
    )
    if event.data.get("defended") is True and not (offer.instructed and _defended(event, row, books)):
        said = f"paddle {event.paddle} raised its own bid, and no two instructions called for it"
        yield Violation(Fault.OFFER_DIFFERS, event.lot, event.seq, said)


def _defended(event: Event, row: LotRow, books: Books) -> bool:
    """Return whether the leader and another had instructions then that reached the amount."""
    numbers = {paddle.id: number for number, paddle in books.paddles.items()}
    there = {
        numbers.get(left.paddle_id)
        for left in books.instructions[row.id]
        if event.amount is not None
        and left.ceiling >= event.amount
        and left.placed_at <= event.at
        and (left.ended_at is None or left.ended_at >= event.at)
    }
    return event.paddle in there and len(there) > 1


def _ranks(admission: AdmissionRow, at: datetime) -> tuple[int | None, ...]:
    """Return what rank the paddle may have held at an instant: at that of its waiver, either."""
    held, waived_at = admission.priority_rank, admission.priority_waived_at
    if waived_at == at:
        return (held, None)
    return (held if waived_at is None or at < waived_at else None,)


def offers(after: Replay, row: LotRow, bids: set[int], books: Books) -> Iterator[Violation]:
    """Check that every offer that was told of a place in the record is there: the last ones witness a cut tail."""
    for seq in sorted(books.offers[row.id].keys() - bids):
        if seq > after.seq:
            yield Violation(Fault.MISSING_TAIL, after.name, seq, "an offer was answered with this event, which is gone")
        else:
            yield Violation(Fault.OFFER_DIFFERS, after.name, seq, "an offer was answered with this event, which is no bid")


def boxes(after: Replay, events: Sequence[Event], row: LotRow, books: Books) -> Iterator[Violation]:
    """Check that each sealed offer lies in its box, and nothing else does: without one no hammer could fall on the lot."""
    kept = books.boxes[row.id]
    sealed = {event.seq for event in events if event.kind is Kind.SEALED}
    for seq in sorted(sealed ^ kept.keys()):
        said = "the sealed offer's box is gone" if seq in sealed else "a box without a sealed offer"
        yield Violation(Fault.OFFER_DIFFERS, after.name, seq, said)
    opened = {each.seq: each.paddle for event in events if event.kind is Kind.UNSEALED for each in offers_of(event.data)}
    for seq in sorted(opened.keys() & kept.keys()):
        yield from differ(Fault.OFFER_DIFFERS, after.name, {"the box's paddle": (kept[seq], opened[seq])}, seq)


def _plain(value: object) -> str:
    return instant(value) if isinstance(value, datetime) else str(value)
