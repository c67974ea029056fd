"""Paddles: asked for by enterprises, issued and voided by organizers of the round's markets."""

from collections.abc import Callable, Collection
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from techauction.core import admission
from techauction.core import paddle as rules
from techauction.core.admission import DepositState, NamedLot, PaddleHeld
from techauction.core.lot import Format, Stage
from techauction.core.money import ZERO, Money
from techauction.core.paddle import PaddleTaken
from techauction.core.refusal import NoSuch
from techauction.core.round import Phase, PhaseForbids
from techauction.core.round_record import RoundKind
from techauction.services import deposits, issuing, round_record
from techauction.services.deposits import Received
from techauction.services.notices import Facts, notify, of_round, users
from techauction.store.auction import AdmissionRow, PaddleRow
from techauction.store.audit import AuditRow
from techauction.store.consigning import LotRow, ResultRow, RoundMarketRow, RoundRow
from techauction.store.money import DepositRow
from techauction.store.people import OrganisationRow, Standing, UserRow

_GOING = frozenset((Phase.PUBLISHED, Phase.OPEN))
_ON_SALE = (Stage.OPEN, Stage.PAUSED, Stage.INTERRUPTED)


def ask(
    session: Session,
    *,
    round_id: int,
    organisation_id: int,
    lot_ids: Collection[int],
    rules_accepted: bool,
    by_id: int,
    now: datetime,
) -> PaddleRow:
    """Ask for a paddle in a published round, for the lots named.

    :raises NoSuch: the round, or a lot that is not listed in it
    :raises PhaseForbids, PaddleHeld: as they say
    :raises EnterpriseNotApproved, RegistrationClosed, RulesNotAccepted, NoLotNamed, OwnLot: as they say
    """
    round_row = session.get(RoundRow, round_id)
    if round_row is None or round_row.is_loading:
        raise NoSuch
    if round_row.phase is not Phase.PUBLISHED:
        raise PhaseForbids(round_row.phase)
    organisation = session.get_one(OrganisationRow, organisation_id, with_for_update={"key_share": True, "of": OrganisationRow})
    if _paddle_of(session, round_id, organisation_id):
        raise PaddleHeld
    lots = session.execute(
        select(LotRow.id, LotRow.number, LotRow.start, ResultRow.institute_id)
        .join(ResultRow, LotRow.result_id == ResultRow.id)
        .where(LotRow.round_id == round_id, LotRow.id.in_(lot_ids), LotRow.stage == Stage.LISTED)
        .order_by(LotRow.number)
    ).all()
    if len(lots) != len(set(lot_ids)):
        raise NoSuch
    admission.ask(
        approved=organisation.standing is Standing.APPROVED,
        enterprise_id=organisation_id,
        accepted=rules_accepted,
        lots=[NamedLot(number=each.number, consignor_id=each.institute_id, start=each.start) for each in lots],
        registration_closes_at=round_row.registration_closes_at,
        now=now,
    )

    paddle = PaddleRow(round_id=round_id, organisation_id=organisation_id, asked_at=now, rules_accepted_at=now)
    session.add(paddle)
    try:
        session.flush()
    except IntegrityError as error:  # a colleague asks at this moment
        raise PaddleHeld from error
    session.add_all(AdmissionRow(paddle_id=paddle.id, lot_id=each.id) for each in lots)
    needs = deposits.required_for(round_row.deposit_rule(), [(each.id, each.start) for each in lots])
    session.add_all(_due(paddle.id, lot_id, required) for lot_id, required in needs.items())
    numbers = " ".join(str(each.number) for each in lots)
    session.add(AuditRow(at=now, by_id=by_id, what="paddle.asked", about=_about(round_row, paddle), detail=f"lots {numbers}"))
    return paddle


def receive(session: Session, *, paddle_id: int, market_key: str, received: Received, by_id: int, now: datetime) -> None:
    """Record a deposit that the bank received.

    :raises NoSuch: no such paddle, or in a round of other markets
    :raises PhaseForbids, PaddleTakenBack, DepositTooLate, ReceiptInFuture, ReceiptRecorded: as they say
    """
    paddle = _paddle_for_update(session, paddle_id, market_key)
    deposits.record_receipt(session, paddle=paddle, received=received, by_id=by_id, now=now)
    _tell(
        session,
        paddle,
        what="deposit_received",
        facts={"amount_fen": received.amount.minor, "reference": received.reference},
        now=now,
    )


def return_surplus(session: Session, *, paddle_id: int, market_key: str, by_id: int, now: datetime) -> Money:
    """Record that money received beyond what the deposits need went back, and return how much.

    :raises NoSuch: no such paddle, or in a round of other markets
    :raises NothingOver: there is none
    """
    paddle = _paddle_for_update(session, paddle_id, market_key, phases=frozenset(Phase))
    return deposits.return_surplus(session, paddle=paddle, by_id=by_id, now=now)


def issue(session: Session, *, paddle_id: int, market_key: str, wanted: int | None, by_id: int, now: datetime) -> int:
    """Issue a paddle under the number wanted, or under the lowest free one, and return it.

    Lots whose deposit is not covered stay closed to it until more is received.

    :raises NoSuch: no such paddle, or in a round of other markets
    :raises PhaseForbids, PaddleTakenBack, PaddleIssued, NothingCovered, PaddleNumberWrong, PaddleTaken: as they say
    """
    # One organizer at a time gives out numbers of a round, and adds to its record.
    round_row = _round_of_for_update(session, paddle_id)
    paddle = _paddle_for_update(session, paddle_id, market_key)
    taken = session.scalars(
        select(PaddleRow.number).where(PaddleRow.round_id == paddle.round_id, PaddleRow.number.is_not(None))
    ).all()
    number = rules.issue(
        issued=paddle.number,
        voided=paddle.voided_at is not None,
        wanted=wanted,
        taken=[each for each in taken if each is not None],
        deposits=[(each.held, each.required) for each in deposits.deposits_in_order(session, paddle_id)],
    )

    lots = session.scalars(select(AdmissionRow.lot_id).where(AdmissionRow.paddle_id == paddle_id)).all()
    session.add(
        AuditRow(at=now, by_id=by_id, what="paddle.issued", about=_about(paddle.round, paddle), detail=f"paddle {number}")
    )
    try:
        issuing.issue(session, round_row, {number: paddle}, {number: lots}, now=now)
    except IntegrityError as error:
        raise PaddleTaken(number) from error
    _tell(session, paddle, what="paddle_issued", facts={"paddle": number}, now=now)
    return number


def void(
    session: Session,
    *,
    paddle_id: int,
    market_key: str,
    reason: str,
    by_id: int,
    read_clock: Callable[[], datetime],
) -> None:
    """Void a paddle, or refuse a request for one: from now on it may not bid. Its deposits go back as the losers' do.

    It runs in the auctioneer's order, so every bid is either before it or refused.

    :raises NoSuch: no such paddle, or in a round of other markets
    :raises PhaseForbids, PaddleTakenBack, ReasonNeeded: as they say
    :raises PaddleStands: its bid stands at a lot on sale
    :raises PaddleAtSealedLot: it is admitted to a lot on sale by sealed offers, whether it made one or not
    """
    # The round before its lots, as the opening and the closing do.
    round_row = _round_of_for_update(session, paddle_id)
    lots = session.scalars(
        select(LotRow)
        .join(AdmissionRow, AdmissionRow.lot_id == LotRow.id)
        .where(AdmissionRow.paddle_id == paddle_id, LotRow.stage.in_(_ON_SALE))
        .order_by(LotRow.id)
        .with_for_update(of=LotRow)
        .execution_options(populate_existing=True)
    ).all()
    paddle = _paddle_for_update(session, paddle_id, market_key)
    now = read_clock()
    here = [(lot.number, lot) for lot in lots if lot.number is not None and paddle.number is not None]
    rules.take_back(
        voided=paddle.voided_at is not None,
        stands_at=[number for number, lot in here if lot.standing_paddle == paddle.number],
        sealed_at=[number for number, lot in here if lot.format is Format.SEALED],
        reason=reason,
    )

    paddle.voided_at, paddle.void_reason = now, reason
    if paddle.number is not None:
        round_record.append(session, round_row, [(RoundKind.PADDLE_VOIDED, now, {"paddle": paddle.number})])
    what = "paddle.voided" if paddle.number else "paddle.refused"
    session.add(AuditRow(at=now, by_id=by_id, what=what, about=_about(paddle.round, paddle), detail=reason))
    _tell(session, paddle, what=what.replace(".", "_"), facts={"paddle": paddle.number, "reason": reason}, now=now)


def _due(paddle_id: int, lot_id: int | None, required: Money) -> DepositRow:
    state = DepositState.DUE if required > ZERO else DepositState.HELD
    return DepositRow(
        paddle_id=paddle_id, lot_id=lot_id, required=required, held=ZERO, applied=ZERO, released=ZERO, state=state
    )


def _paddle_of(session: Session, round_id: int, organisation_id: int) -> bool:
    return bool(
        session.scalar(
            select(func.count())
            .select_from(PaddleRow)
            .where(PaddleRow.round_id == round_id, PaddleRow.organisation_id == organisation_id)
        )
    )


def _round_of_for_update(session: Session, paddle_id: int) -> RoundRow:
    round_id = session.scalar(select(PaddleRow.round_id).where(PaddleRow.id == paddle_id))
    row = session.get(RoundRow, round_id, with_for_update={"key_share": True, "of": RoundRow}, populate_existing=True)
    if row is None:
        raise NoSuch
    return row


def _paddle_for_update(session: Session, paddle_id: int, market_key: str, *, phases: frozenset[Phase] = _GOING) -> PaddleRow:
    paddle = session.scalars(
        select(PaddleRow)
        .join(RoundMarketRow, RoundMarketRow.round_id == PaddleRow.round_id)
        .where(PaddleRow.id == paddle_id, RoundMarketRow.market_key == market_key)
        .with_for_update(of=PaddleRow)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if paddle is None:
        raise NoSuch
    if paddle.round.phase not in phases:
        raise PhaseForbids(paddle.round.phase)
    return paddle


def _about(round_row: RoundRow, paddle: PaddleRow) -> str:
    return f"round {round_row.slug} organisation {paddle.organisation_id}"


def _tell(session: Session, paddle: PaddleRow, *, what: str, facts: Facts, now: datetime) -> None:
    bidder = users(session, UserRow.organisation_id == paddle.organisation_id)
    notify(session, user_ids=bidder, what=what, facts=of_round(paddle.round) | facts, now=now)
