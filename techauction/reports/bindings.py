"""Whether paddles belong to whom they were issued to, and rounds opened with what their own record says."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from techauction.core.approval import Decision
from techauction.core.binding import Bidder, admitted_digest, binding, lots_digest
from techauction.core.names import Name
from techauction.core.plain import text
from techauction.core.record import Event, Kind
from techauction.core.renaming import LASTS
from techauction.core.round import Phase
from techauction.core.round_record import plan_digest
from techauction.core.round_replay import Bound, Renamed, RoundReplay, replay
from techauction.core.violation import Fault, Violation
from techauction.reports.agreement import differ
from techauction.reports.books import Books
from techauction.store.auction import PaddleRow
from techauction.store.consigning import LotRow
from techauction.store.renames import RenameRow


def replayed(books: Books) -> RoundReplay:
    """Return where the round's own record leads."""
    slug = books.round.slug
    return replay(slug, ((each.to_core(slug), each.prev_hash, each.hash) for each in books.events))


def of_round(after: RoundReplay, books: Books) -> Iterator[Violation]:
    """Compare the round and each of its paddles with the round's own record."""
    yield from after.violations
    yield from _plan(after, books)
    for paddle in sorted(after.bound.keys() | books.paddles.keys()):
        bound, row = after.bound.get(paddle), books.paddles.get(paddle)
        if bound is None:
            yield _differs(after, f"paddle {paddle} was issued, and the round's record does not know it")
        elif row is None:
            yield _differs(after, f"paddle {paddle} was issued to somebody, and is gone", bound.seq)
        else:
            yield from _paddle(after, bound, row, books)


def _plan(after: RoundReplay, books: Books) -> Iterator[Violation]:
    row = books.round
    if after.closed_at is not None:  # no record of an earlier version says it
        yield from differ(Fault.STATE_DIFFERS, row.slug, {"closed_at": (row.closed_at, after.closed_at)})
    if after.plan is None:
        return
    present = row.planned().as_json()
    # What later versions add to a plan does not stand in the records of rounds that opened before.
    said = {f"the plan's {name}": (present.get(name), opened_with) for name, opened_with in after.plan.items()}
    yield from differ(Fault.TERMS_DIFFER, row.slug, said, after.opened_seq)
    yield from differ(Fault.STATE_DIFFERS, row.slug, {"opened_at": (row.opened_at, after.opened_at)}, after.opened_seq)


def _paddle(after: RoundReplay, bound: Bound, row: PaddleRow, books: Books) -> Iterator[Violation]:
    slug, paddle = after.name, row.number or 0
    its = {"issued_at": (row.issued_at, bound.issued_at), "voided_at": (row.voided_at, bound.voided_at)}
    yield from differ(Fault.STATE_DIFFERS, slug, {f"paddle {paddle}'s {name}": said for name, said in its.items()}, bound.seq)
    opening = (row.credit_code, row.name_zh, row.name_en)
    if row.salt is None or None in opening or binding(slug, paddle, row.bidder, row.salt) != bound.binding:
        yield _differs(after, f"paddle {paddle} was not issued to the bidder that it has", bound.seq)
        return
    lots = {lot_id for paddle_id, lot_id in books.admitted if paddle_id == row.id}
    if lots_digest(slug, paddle, lots, row.salt) != bound.lots:
        said = f"paddle {paddle} is admitted to other lots than those that it was issued for"
        yield Violation(Fault.NOT_ADMITTED, slug, bound.seq, said)
    yield from _bidder(after, bound, row, books)


def _bidder(after: RoundReplay, bound: Bound, row: PaddleRow, books: Books) -> Iterator[Violation]:
    """Follow the bidder from the paddle's issue to its present name."""
    organisation = books.organisations.get(row.organisation_id)
    if organisation is None or organisation.credit_code != row.bidder.credit_code:
        yield _differs(after, f"paddle {row.number} belongs to another organisation than it was issued to", bound.seq)
        return
    name, followed = Name(row.bidder.name_zh, row.bidder.name_en), list[Renamed]()
    for each in books.renames[row.organisation_id]:
        assert each.decided_at is not None
        if each.old != name or each.decided_at < bound.issued_at:
            continue
        name = each.new
        bidder = Bidder(row.bidder.credit_code, name.zh, name.en)
        now_bound = binding(after.name, row.number or 0, bidder, row.salt or "")
        followed.append(Renamed(each.decided_at, now_bound, each.asked_by_id, each.decided_by_id))
    if organisation.name != name:
        said = f"the bidder of paddle {row.number} has another name than it was issued to, and no two decided so"
        yield _differs(after, said, bound.seq)
    told, late = followed[: len(bound.renamed)], followed[len(bound.renamed) :]
    if list(bound.renamed) != told or not all(_is_over(books, each.at) for each in late):
        yield _differs(after, f"the bidder of paddle {row.number} was not renamed as the round's record says", bound.seq)


def _is_over(books: Books, at: datetime) -> bool:
    """Return whether the round's record had its last event by then."""
    row = books.round
    return row.phase is Phase.CALLED_OFF or (row.closed_at is not None and row.closed_at <= at)


def renames(books: Books) -> Iterator[Violation]:
    """Check that two decided about each new name of a bidder, in time."""
    for each in (each for its in books.renames.values() for each in its):
        if not _by_two(each):
            said = f"the rename of organisation {each.organisation_id} was not decided by two in time"
            yield Violation(Fault.NOT_APPROVED, books.round.slug, None, said)


def opening(after: RoundReplay, events: Sequence[Event], row: LotRow, books: Books) -> Iterator[Violation]:
    """Compare what a lot said of the round when it opened with the round's own record, and with who is admitted to it."""
    for event in events:
        # Lots that an earlier version opened say nothing of it.
        if event.kind is not Kind.OPENED or "plan" not in event.data:
            continue
        data, places = event.data, {hash_: seq for seq, hash_ in after.heads.items()}
        place = places.get(text(data, "round_head"))
        if after.plan is None or text(data, "plan") != plan_digest(after.name, after.plan):
            said = "the lot opened with another plan than the round's record says"
            yield Violation(Fault.TERMS_DIFFER, event.lot, event.seq, said)
        if place is None or place < (after.opened_seq or 0):
            said = "the lot opened with another head of the round's record"
            yield Violation(Fault.BROKEN_CHAIN, event.lot, event.seq, said)
        elif text(data, "admitted") != admitted_digest(event.lot, _admitted(after, place, row, books)):
            said = "other paddles are admitted, or with other ranks, than when the lot opened"
            yield Violation(Fault.NOT_ADMITTED, event.lot, event.seq, said)


def _admitted(after: RoundReplay, place: int, row: LotRow, books: Books) -> Iterator[tuple[int, int | None, str]]:
    for paddle, its in books.paddles.items():
        admission, bound = books.admitted.get((its.id, row.id)), after.bound.get(paddle)
        if admission is not None and bound is not None and bound.stood_at(place):
            yield paddle, admission.priority_rank, its.salt or ""


def _by_two(row: RenameRow) -> bool:
    return (
        row.decision is Decision.APPROVED
        and row.decided_by_id not in (None, row.asked_by_id)
        and row.decided_at is not None
        and row.asked_at <= row.decided_at < row.expires_at == row.asked_at + LASTS
    )


def _differs(after: RoundReplay, said: str, seq: int | None = None) -> Violation:
    return Violation(Fault.BIDDER_DIFFERS, after.name, seq, said)
