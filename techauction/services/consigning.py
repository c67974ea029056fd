"""Results on their way into a round: brought by institutes, reviewed by markets, their reserves sealed."""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from techauction.core import consigning
from techauction.core.consigning import LotNumberTaken
from techauction.core.described import Described, Terms
from techauction.core.lot import Format, Stage
from techauction.core.refusal import NoSuch
from techauction.core.seen import Marks, must_be_as_seen, values_of
from techauction.services.notices import notify, of_lot, users
from techauction.store.audit import AuditRow
from techauction.store.consigning import LotRow, ReserveRow, ResultRow, RoundRow
from techauction.store.people import OrganisationRow, Role, Standing, UserRow


def submit(
    session: Session,
    *,
    institute_id: int,
    round_id: int,
    described: Described,
    terms: Terms,
    by_id: int,
    read_clock: Callable[[], datetime],
) -> LotRow:
    """Bring a result to a round, for the institute's market to review.

    :raises NoSuch: no such round
    :raises InstituteNotApproved, MarketTakesNoPart, PhaseForbids, ListingClosed, ResultListed: as they say
    """
    round_row = _round_for_update(session, round_id)
    institute = session.get_one(OrganisationRow, institute_id)
    same = session.scalar(
        select(LotRow.id)
        .join(LotRow.result)
        .where(LotRow.round_id == round_id, ResultRow.institute_id == institute_id, ResultRow.title_zh == described.title_zh)
        .limit(1)
    )
    now = read_clock()
    consigning.submit(
        approved=institute.standing is Standing.APPROVED,
        takes_part=institute.market_key in {each.market_key for each in round_row.markets},
        listed=same is not None,
        phase=round_row.phase,
        registration_closes_at=round_row.registration_closes_at,
        now=now,
    )

    result = ResultRow(institute_id=institute_id, field_key=described.field, synthetic=round_row.synthetic, created_at=now)
    _describe(result, described)
    session.add(result)
    session.flush()
    row = LotRow(
        round_id=round_id,
        result_id=result.id,
        market_key=institute.market_key,
        start=terms.start,
        increment=terms.increment,
        reserve_announced=terms.reserve_announced,
        submitted_at=now,
        stage=Stage.SUBMITTED,
    )
    session.add(row)
    session.flush()
    session.add(AuditRow(at=now, by_id=by_id, what="lot.submitted", about=f"lot {row.id}", detail=f"round {round_row.slug}"))
    return row


def revise(
    session: Session,
    *,
    lot_id: int,
    institute_id: int,
    described: Described,
    terms: Terms,
    seen: Marks,
    by_id: int,
    read_clock: Callable[[], datetime],
) -> None:
    """Change a result that is not accepted yet and is still as its changer was shown it, and submit it again.

    :raises ChangedMeanwhile: it is not
    :raises NoSuch, StageForbids, PhaseForbids, ListingClosed: as they say
    """
    row = own_lot_for_update(session, lot_id, institute_id)
    now = read_clock()
    consigning.must_be_at(row.stage, Stage.SUBMITTED, Stage.RETURNED)
    consigning.must_take_lots(row.round.phase, registration_closes_at=row.round.registration_closes_at, now=now)
    must_be_as_seen(values_of(row.result.as_described(), row.terms()), seen)

    row.result.field_key = described.field
    _describe(row.result, described)
    row.start, row.increment, row.reserve_announced = terms.start, terms.increment, terms.reserve_announced
    row.stage, row.submitted_at = Stage.SUBMITTED, now
    if not terms.reserve_announced:
        session.execute(delete(ReserveRow).where(ReserveRow.lot_id == lot_id))
    session.add(AuditRow(at=now, by_id=by_id, what="lot.revised", about=f"lot {lot_id}"))


def accept(
    session: Session,
    *,
    lot_id: int,
    market_key: str,
    number: int | None,
    sold_by: Format = Format.ASCENDING,
    seen: Marks,
    by_id: int,
    read_clock: Callable[[], datetime],
) -> int:
    """List a result as a lot under the number wanted, or the next, and return it. In a published round this announces it.

    `sold_by` is the format in which the lot is sold. What is accepted is what `seen` marks.

    :raises ChangedMeanwhile: its institute has changed it since
    :raises NoSuch: no such lot, or another market's
    :raises StageForbids, PhaseForbids, ListingClosed, TermsMissing, LotNumberWrong, LotNumberTaken: as they say
    """
    row = _market_lot_for_update(session, lot_id, market_key)
    taken = session.scalars(select(LotRow.number).where(LotRow.round_id == row.round_id, LotRow.number.is_not(None))).all()
    now = read_clock()
    number = consigning.accept(
        stage=row.stage,
        phase=row.round.phase,
        complete=row.start is not None and row.increment is not None,
        wanted=number,
        taken=[each for each in taken if each is not None],
        registration_closes_at=row.round.registration_closes_at,
        now=now,
    )

    must_be_as_seen(values_of(row.result.as_described(), row.terms()), seen)

    row.number, row.format, row.stage, row.return_reason = number, sold_by, Stage.LISTED, ""
    session.add(AuditRow(at=now, by_id=by_id, what="lot.accepted", about=f"lot {lot_id}", detail=f"number {number}"))
    try:
        session.flush()
    except IntegrityError as error:
        raise LotNumberTaken(number) from error
    _tell(session, row, what="result_accepted", reason=None, now=now)
    return number


def send_back(
    session: Session, *, lot_id: int, market_key: str, reason: str, by_id: int, read_clock: Callable[[], datetime]
) -> None:
    """Return a result to its institute, saying why.

    :raises NoSuch: no such lot, or another market's
    :raises StageForbids, ReasonNeeded: as they say
    """
    row = _market_lot_for_update(session, lot_id, market_key)
    now = read_clock()
    consigning.send_back(stage=row.stage, phase=row.round.phase, reason=reason)

    row.stage, row.number, row.return_reason = Stage.RETURNED, None, reason
    session.add(AuditRow(at=now, by_id=by_id, what="lot.returned", about=f"lot {lot_id}", detail=reason))
    _tell(session, row, what="result_returned", reason=reason, now=now)


def _tell(session: Session, row: LotRow, *, what: str, reason: str | None, now: datetime) -> None:
    institute = users(session, (UserRow.organisation_id == row.result.institute_id) & (UserRow.role == Role.INSTITUTE))
    notify(session, user_ids=institute, what=what, facts=of_lot(row) | {"reason": reason}, now=now)


def _describe(result: ResultRow, described: Described) -> None:
    result.title_zh, result.title_en = described.title_zh, described.title_en
    result.summary_zh, result.summary_en = described.summary_zh, described.summary_en
    result.maturity, result.instrument = described.maturity, described.instrument
    result.owners, result.rights = described.owners, described.rights


def _round_for_update(session: Session, round_id: int) -> RoundRow:
    row = session.get(RoundRow, round_id, with_for_update={"of": RoundRow}, populate_existing=True)
    if row is None or row.is_loading:
        raise NoSuch
    return row


def _lot_for_update(session: Session, lot_id: int) -> LotRow:
    """Return a lot and lock its round before it, as the opening does."""
    round_id = session.scalar(select(LotRow.round_id).where(LotRow.id == lot_id))
    if round_id is None:
        raise NoSuch
    _round_for_update(session, round_id)
    row = session.get_one(LotRow, lot_id, with_for_update={"of": LotRow}, populate_existing=True)
    session.refresh(row.result)
    return row


def own_lot_for_update(session: Session, lot_id: int, institute_id: int) -> LotRow:
    """Return one of the institute's lots, locked, and its round locked before it.

    :raises NoSuch: there is none, or it is another's
    """
    row = _lot_for_update(session, lot_id)
    if row.result.institute_id != institute_id:
        raise NoSuch
    return row


def _market_lot_for_update(session: Session, lot_id: int, market_key: str) -> LotRow:
    row = _lot_for_update(session, lot_id)
    if row.market_key != market_key:
        raise NoSuch
    return row
