"""Practising before the day: a bidder's own copy of a round, with one invented lot and two simulated rivals."""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from techauction.core import rehearsal
from techauction.core.bidding import NotAdmitted
from techauction.core.consigning import Instrument
from techauction.core.lot import Stage
from techauction.core.money import Money
from techauction.core.refusal import NoSuch
from techauction.core.round import Phase
from techauction.services.copying import GOING, copied, sold_by
from techauction.services.simulating import admit, simulate_bidders, simulate_institute
from techauction.store.auction import AdmissionRow, PaddleRow
from techauction.store.audit import AuditRow
from techauction.store.consigning import LotRow, ResultRow, RoundRow
from techauction.store.people import FieldRow

_PHASES = frozenset({Phase.PUBLISHED})
RIVALS = 2
START, INCREMENT = Money(100_000_000), Money(5_000_000)
NUMBER = 1


def practise(
    session: Session, *, round_id: int, organisation_id: int, by_id: int, read_clock: Callable[[], datetime]
) -> RoundRow:
    """Return the copy in which a bidder of the round practises: the one that is going on, or a new one.

    :raises NoSuch: there is no such round
    :raises NotRehearsable: the round is open, or over
    :raises NotAdmitted: the bidder has no paddle that may bid there
    :raises PracticeWhileOpen: a round is being sold, or opens before a new practice would be over
    """
    row = session.get(RoundRow, round_id, with_for_update={"of": RoundRow}, populate_existing=True)
    if row is None or row.is_loading:
        raise NoSuch
    now = read_clock()
    rehearsal.must_be_rehearsable(row.phase, is_copy=row.copy_of_id is not None, opens_at=row.opens_at, now=now, phases=_PHASES)
    paddle = _admitted(session, row, organisation_id)
    going = session.scalars(
        select(RoundRow).where(RoundRow.practice_for_id == organisation_id, RoundRow.phase.in_(GOING)).limit(1)
    ).first()
    if going is not None:
        return going

    periods = rehearsal.practised(row.rules().extension, gap_s=row.gap_s, now=now)
    if (other := sold_by(session, periods.closes_at)) is not None:
        raise rehearsal.PracticeWhileOpen(other.title_zh, other.title_en)

    assert paddle.number is not None
    copy = copied(
        session,
        row,
        periods,
        name="practice",
        titles=("【练习】", "Practice: "),
        now=now,
        practice_for_id=organisation_id,
        min_admitted=min(row.min_admitted, RIVALS + 1),
        min_bidding=1,
    )
    lot = _lot(session, copy, now)
    admit(session, copy, [lot], [(paddle.number, paddle.organisation)], now=now)
    simulate_bidders(session, copy, [lot], count=RIVALS, now=now, apart_from=paddle.number)
    about, detail = f"round {row.slug}", f"{copy.slug} by organisation {organisation_id}"
    session.add(AuditRow(at=now, by_id=by_id, what="practice.begun", about=about, detail=detail))
    return copy


def _admitted(session: Session, row: RoundRow, organisation_id: int) -> PaddleRow:
    paddle = session.scalars(
        select(PaddleRow).where(
            PaddleRow.round_id == row.id,
            PaddleRow.organisation_id == organisation_id,
            PaddleRow.issued_at.is_not(None),
            PaddleRow.voided_at.is_(None),
            select(AdmissionRow.id).where(AdmissionRow.paddle_id == PaddleRow.id).exists(),
        )
    ).one_or_none()
    if paddle is None:
        raise NotAdmitted
    return paddle


def _lot(session: Session, copy: RoundRow, now: datetime) -> LotRow:
    """Return the one lot of a practice: an invented result of an invented institute."""
    field_key = session.scalars(select(FieldRow.key).order_by(FieldRow.position).limit(1)).one()
    result = ResultRow(
        institute_id=simulate_institute(session, copy, now=now).id,
        field_key=field_key,
        title_zh="练习标的：一项虚构的科技成果",
        title_en="Practice lot: an invented result",
        summary_zh="供竞买人熟悉出价流程，没有人出售任何东西。",
        summary_en="For bidders to get to know the room. Nobody sells anything.",
        maturity=6,
        instrument=Instrument.TRANSFER,
        synthetic=True,
        created_at=now,
    )
    lot = LotRow(
        round_id=copy.id,
        result=result,
        market_key=copy.host_market_key,
        number=NUMBER,
        start=START,
        increment=INCREMENT,
        submitted_at=now,
        stage=Stage.LISTED,
    )
    session.add(lot)
    session.flush()
    return lot
