"""Setting rounds up, announcing them, and calling them off."""

from collections.abc import Callable, Iterable
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from techauction.core import round as rounds
from techauction.core.lot import Stage
from techauction.core.planned import PlannedRound
from techauction.core.refusal import NoSuch
from techauction.core.registration import ReasonNeeded
from techauction.core.round import (
    CustodianUnfit,
    HostDecides,
    MarketHasLots,
    Phase,
    PhaseForbids,
    Regime,
    RoundNotReady,
    SlugOnRecord,
    SlugTaken,
)
from techauction.core.seen import Marks, must_be_as_seen, values_of
from techauction.core.terms import unsaid
from techauction.services import settlement, withdrawing
from techauction.services.notices import notify, of_round, organizers, users
from techauction.services.two import Two
from techauction.store import drafts
from techauction.store.auction import PaddleRow
from techauction.store.audit import AuditRow
from techauction.store.consigning import LotRow, ResultRow, RoundMarketRow, RoundRow, columns_of
from techauction.store.people import Role, UserRow
from techauction.store.record import RoundRecordRow


def draft(session: Session, *, planned: PlannedRound, by_id: int, now: datetime) -> RoundRow:
    """Keep a new round as a draft.

    :raises SlugTaken: another round has its name
    :raises CustodianUnfit: who is named may not be its custodian
    :raises RoundNotReady: commission or deposit need a word
    """
    slug_must_be_free(session, planned.slug, besides=None)
    _must_be_fit(session, planned)
    _must_be_said(planned)
    try:
        row = keep(session, planned, now=now)
    except IntegrityError as error:  # a colleague takes the name at this moment
        raise SlugTaken(planned.slug) from error
    session.add(AuditRow(at=now, by_id=by_id, what="round.drafted", about=f"round {row.slug}"))
    return row


def keep(session: Session, planned: PlannedRound, *, now: datetime) -> RoundRow:
    """Keep a planned round as a draft, and return its row, flushed."""
    row = RoundRow(phase=Phase.DRAFT, created_at=now, **columns_of(planned))
    row.markets = [RoundMarketRow(market_key=key) for key in planned.markets]
    session.add(row)
    session.flush()
    return row


def revise(
    session: Session, *, round_id: int, market_key: str, planned: PlannedRound, seen: Marks, by_id: int, now: datetime
) -> None:
    """Change a draft that is still as its changer was shown it.

    :raises ChangedMeanwhile: it is not
    :raises NoSuch, HostDecides, PhaseForbids, SlugTaken, SlugOnRecord, CustodianUnfit, MarketHasLots: as they say
    :raises RoundNotReady: commission or deposit need a word
    """
    row = _own_round_for_update(session, round_id, market_key)
    if row.phase is not Phase.DRAFT:
        raise PhaseForbids(row.phase)
    must_be_as_seen(values_of(row.planned()), seen)
    slug_must_be_free(session, planned.slug, besides=round_id)
    if planned.slug != row.slug and _is_on_record(session, round_id):
        raise SlugOnRecord(row.slug)
    _must_be_fit(session, planned)
    _must_be_said(planned)
    leaving = {each.market_key for each in row.markets} - set(planned.markets)
    used = session.scalars(select(LotRow.market_key).where(LotRow.round_id == round_id, LotRow.market_key.in_(leaving))).first()
    if used is not None:
        raise MarketHasLots(used)

    for name, value in columns_of(planned).items():
        setattr(row, name, value)
    session.execute(delete(RoundMarketRow).where(RoundMarketRow.round_id == round_id, RoundMarketRow.market_key.in_(leaving)))
    session.expire(row, ["markets"])
    here = {each.market_key for each in row.markets}
    session.add_all(RoundMarketRow(round_id=round_id, market_key=key) for key in planned.markets if key not in here)
    session.add(AuditRow(at=now, by_id=by_id, what="round.revised", about=f"round {row.slug}"))
    try:
        session.flush()
    except IntegrityError as error:
        raise SlugTaken(planned.slug) from error


def publish(
    session: Session, *, round_id: int, market_key: str, seen: Marks, by_id: int, read_clock: Callable[[], datetime]
) -> None:
    """Announce a round with its accepted lots: from now on its terms stand.

    :raises ChangedMeanwhile: it is not as its publisher was shown it
    :raises NoSuch, HostDecides, PhaseForbids: as they say
    :raises RoundNotReady: with every problem found
    """
    row = _own_round_for_update(session, round_id, market_key)
    _must_be_a_draft_as_seen(session, row, seen)
    lots = session.scalars(
        select(LotRow).where(LotRow.round_id == round_id, LotRow.stage == Stage.LISTED).order_by(LotRow.number)
    ).all()
    now = read_clock()
    row.phase = rounds.publish(row.phase, row.plan(lot.listed() for lot in lots), now)

    row.published_at = now
    session.add(AuditRow(at=now, by_id=by_id, what="round.published", about=f"round {row.slug}", detail=f"{len(lots)} lots"))


def call_off(
    session: Session,
    *,
    round_id: int,
    market_key: str,
    reason: str,
    seen: Marks,
    by_id: int,
    read_clock: Callable[[], datetime],
) -> None:
    """Call a draft off. One that was announced needs two (`approvals`).

    :raises ChangedMeanwhile: it is not as it was shown
    :raises NoSuch, HostDecides, PhaseForbids, ReasonNeeded: as they say
    """
    row = _own_round_for_update(session, round_id, market_key)
    now = read_clock()
    _must_be_a_draft_as_seen(session, row, seen)
    if not reason.strip():
        raise ReasonNeeded

    row.phase, row.call_off_reason = rounds.turn(row.phase, Phase.CALLED_OFF), reason
    session.add(AuditRow(at=now, by_id=by_id, what="round.called_off", about=f"round {row.slug}", detail=reason))


def call_off_announced(
    session: Session, *, row: RoundRow, lots: Iterable[LotRow], reason: str, two: Two | None, now: datetime
) -> None:
    """Call a locked round off before it opens: its lots are withdrawn, deposits go back, and everybody in it is told why.

    :raises PhaseForbids: it has opened, or was called off
    """
    row.phase, row.call_off_reason = rounds.turn(row.phase, Phase.CALLED_OFF), reason
    withdrawing.end(session, lots, reason=reason, two=two, now=now)
    settlement.release_round(session, round_row=row, now=now)
    by_id, detail = (None, reason) if two is None else (two.approved_by, two.detail(reason))
    session.add(AuditRow(at=now, by_id=by_id, what="round.called_off", about=f"round {row.slug}", detail=detail))
    facts = of_round(row) | {"reason": reason}
    notify(session, user_ids=_concerned(session, row.id), what="round_called_off", facts=facts, now=now)


def _concerned(session: Session, round_id: int) -> list[int]:
    """Return the users of the round's markets, consignors and bidders."""
    markets = select(RoundMarketRow.market_key).where(RoundMarketRow.round_id == round_id)
    consignors = (
        select(ResultRow.institute_id).join(LotRow, LotRow.result_id == ResultRow.id).where(LotRow.round_id == round_id)
    )
    bidders = select(PaddleRow.organisation_id).where(PaddleRow.round_id == round_id, PaddleRow.voided_at.is_(None))
    return users(session, organizers(markets) | UserRow.organisation_id.in_(consignors) | UserRow.organisation_id.in_(bidders))


def _own_round_for_update(session: Session, round_id: int, market_key: str) -> RoundRow:
    row = session.get(RoundRow, round_id, with_for_update={"of": RoundRow}, populate_existing=True)
    if row is None or market_key not in {each.market_key for each in row.markets}:
        raise NoSuch
    if row.host_market_key != market_key:
        raise HostDecides
    return row


def _must_be_a_draft_as_seen(session: Session, row: RoundRow, seen: Marks) -> None:
    if row.phase is not Phase.DRAFT:
        raise PhaseForbids(row.phase)
    must_be_as_seen(drafts.shown(session, row), seen)


def _is_on_record(session: Session, round_id: int) -> bool:
    """Return whether the draft is named in a record: a lot was withdrawn, or the round was loaded with its paddles."""
    withdrawn = select(LotRow.id).where(LotRow.round_id == round_id, LotRow.seq > 0)
    bound = select(RoundRecordRow.id).where(RoundRecordRow.round_id == round_id)
    return any(session.scalar(each.limit(1)) is not None for each in (withdrawn, bound))


def slug_must_be_free(session: Session, slug: str, *, besides: int | None) -> None:
    """Refuse a name for addresses that another round has. The form asks it too, to say it with everything else.

    :raises SlugTaken: as it says
    """
    holder = session.scalar(select(RoundRow.id).where(RoundRow.slug == slug))
    if holder is not None and holder != besides:
        raise SlugTaken(slug)


def _must_be_fit(session: Session, planned: PlannedRound) -> None:
    if planned.custodian_id is None:
        return
    user = session.get(UserRow, planned.custodian_id)
    fit = user is not None and user.role is Role.ORGANIZER and user.market_key == planned.host_market and not user.disabled_at
    if not fit or planned.regime is not Regime.AUCTION:
        raise CustodianUnfit


def _must_be_said(planned: PlannedRound) -> None:
    problems = tuple(unsaid(planned))
    if problems:
        raise RoundNotReady(problems)
