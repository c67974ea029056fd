"""What needs two: one asks, another approves what was shown, and the act is done in the same transaction."""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy.orm import Session

from techauction.core import approval
from techauction.core.approval import Act, ApprovalStale, Decision, Person, Request
from techauction.core.refusal import NoSuch, Refusal
from techauction.core.round import HostDecides
from techauction.services import deeds
from techauction.services.deeds import Case, Subject
from techauction.services.notices import notify, of_round, organizers, users
from techauction.services.pausing import ReasonMissing
from techauction.services.two import Two
from techauction.store.auction import ApprovalRow
from techauction.store.audit import AuditRow
from techauction.store.consigning import RoundRow
from techauction.store.people import Role, UserRow


def ask(
    session: Session,
    *,
    round_id: int,
    act: Act,
    subject: Subject,
    reason: str,
    by_id: int,
    read_clock: Callable[[], datetime],
) -> int:
    """Ask for an act, and return the request's id. What is shown now must hold still when another approves.

    :raises NoSuch: no such round, or not the asker's
    :raises ReasonMissing, HostDecides, NoSuchLot: as they say
    :raises Refusal: the act cannot be done now
    """
    if not reason.strip():
        raise ReasonMissing
    row = _round(session, round_id)
    by = _asker(session, row, act, by_id)
    lots = deeds.lots_of(session, row, subject, act, lock=False)
    now = read_clock()
    shown = deeds.shown(session, act, Case(round=row, lots=lots, subject=subject, reason=reason), now)

    asked = ApprovalRow(
        round_id=round_id,
        act=act,
        subject=subject.as_json(),
        reason=reason,
        shown=shown,
        digest=approval.digest_of(shown),
        asked_by_id=by_id,
        asked_at=now,
        expires_at=now + approval.LASTS,
    )
    session.add(asked)
    session.flush()
    _audit(session, asked, "approval.asked", by_id, now)
    _tell(session, row, asked, by, now)
    return asked.id


def approve(session: Session, *, approval_id: int, by_id: int, read_clock: Callable[[], datetime]) -> Act | ApprovalStale:
    """Approve what another asked for: it is done at once, or refused and nothing is changed.

    Where what was shown has changed the request is closed, and `ApprovalStale` returned, not raised: the closing stays.

    :raises NoSuch: no such request, or not the approver's
    :raises ApprovalDecided, ApprovalExpired, ApprovalOwn, ApprovalSameMarket, SupervisorNeeded: as they say
    :raises Refusal: the act cannot be done
    """
    asked = _for_update(session, approval_id)
    # The round before its lots, as the opening and the closing do.
    row = session.get_one(RoundRow, asked.round_id, with_for_update={"of": RoundRow, "key_share": True}, populate_existing=True)
    by = _person(session, row, by_id)
    subject = Subject.from_json(asked.subject)
    lots = deeds.lots_of(session, row, subject, asked.act, lock=True)
    now = read_clock()
    case = Case(round=row, lots=lots, subject=subject, reason=asked.reason)
    request = _request(session, row, asked)
    approval.must_be_pending(request, now)
    approval.must_be_another(request, by)
    try:
        _asker(session, row, asked.act, asked.asked_by_id)
        approval.approve(request, by, digest=approval.digest_of(deeds.shown(session, asked.act, case, now)), now=now)
    except Refusal:
        _decide(session, asked, Decision.STALE, by_id, now)
        return ApprovalStale()

    _decide(session, asked, Decision.APPROVED, by_id, now)
    deeds.do(session, asked.act, case, Two(asked_by=asked.asked_by_id, approved_by=by_id), now)
    return asked.act


def decline(session: Session, *, approval_id: int, by_id: int, read_clock: Callable[[], datetime]) -> None:
    """Decline what another asked for; only who could approve can.

    :raises NoSuch, ApprovalDecided, ApprovalExpired, ApprovalOwn, ApprovalSameMarket, SupervisorNeeded: as they say
    """
    asked = _for_update(session, approval_id)
    row = _round(session, asked.round_id)
    by, request = _person(session, row, by_id), _request(session, row, asked)
    now = read_clock()
    approval.must_be_pending(request, now)
    approval.must_be_another(request, by)
    _decide(session, asked, Decision.DECLINED, by_id, now)


def take_back(session: Session, *, approval_id: int, by_id: int, read_clock: Callable[[], datetime]) -> None:
    """Take the own request back.

    :raises NoSuch: no such request, or another's
    :raises ApprovalDecided, ApprovalExpired: as they say
    """
    asked = _for_update(session, approval_id)
    if asked.asked_by_id != by_id:
        raise NoSuch
    now = read_clock()
    approval.must_be_pending(_request(session, _round(session, asked.round_id), asked), now)
    _decide(session, asked, Decision.TAKEN_BACK, by_id, now)


def _decide(session: Session, asked: ApprovalRow, decision: Decision, by_id: int, now: datetime) -> None:
    asked.decision, asked.decided_by_id, asked.decided_at = decision, by_id, now
    _audit(session, asked, f"approval.{decision.value}", by_id, now)


def _audit(session: Session, asked: ApprovalRow, what: str, by_id: int, now: datetime) -> None:
    detail = f"{asked.act.value}: {asked.reason}"
    session.add(AuditRow(at=now, by_id=by_id, what=what, about=f"approval {asked.id}", detail=detail))


def _for_update(session: Session, approval_id: int) -> ApprovalRow:
    row = session.get(ApprovalRow, approval_id, with_for_update={"of": ApprovalRow}, populate_existing=True)
    if row is None:
        raise NoSuch
    return row


def _round(session: Session, round_id: int) -> RoundRow:
    row = session.get(RoundRow, round_id, populate_existing=True)
    if row is None:
        raise NoSuch
    return row


def _markets(row: RoundRow) -> frozenset[str]:
    return frozenset(each.market_key for each in row.markets)


def _person(session: Session, row: RoundRow, user_id: int) -> Person:
    """Return an organizer of the round's, or an auditor.

    :raises NoSuch: the user is neither
    """
    user = session.get(UserRow, user_id)
    if user is None or user.disabled_at is not None:
        raise NoSuch
    if user.role is Role.AUDITOR:
        return Person(user.id, None)
    if user.role is not Role.ORGANIZER or user.market_key not in _markets(row):
        raise NoSuch
    return Person(user.id, user.market_key)


def _asker(session: Session, row: RoundRow, act: Act, user_id: int) -> Person:
    """Return an organizer of the round's who may ask for the act.

    :raises NoSuch: the user is none
    :raises HostDecides: as it says
    """
    by = _person(session, row, user_id)
    if by.market is None:
        raise NoSuch
    if act in approval.OF_THE_HOST and by.market != row.host_market_key:
        raise HostDecides
    return by


def _request(session: Session, row: RoundRow, asked: ApprovalRow) -> Request:
    asker = session.get_one(UserRow, asked.asked_by_id)
    return Request(
        act=asked.act,
        asked_by=Person(asker.id, asker.market_key),
        expires_at=asked.expires_at,
        digest=asked.digest,
        markets=_markets(row),
        decision=asked.decision,
    )


def _tell(session: Session, row: RoundRow, asked: ApprovalRow, by: Person, now: datetime) -> None:
    """Tell those who may approve."""
    markets = _markets(row)
    if approval.may_supervise(asked.act, markets):
        who = UserRow.role == Role.AUDITOR
    else:
        others = markets - {by.market} if asked.act in approval.OF_TWO_MARKETS else markets
        who = organizers(others)
    facts = of_round(row) | {"act": asked.act.value, "reason": asked.reason}
    notify(session, user_ids=users(session, who & (UserRow.id != by.id)), what="approval_asked", facts=facts, now=now)
