"""An enterprise's paddles: where it has one or may ask for one, and what its own still needs."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from techauction.core.admission import DepositRule
from techauction.core.lot import Stage
from techauction.core.money import Money
from techauction.core.names import Name
from techauction.core.paddle import PaddleState
from techauction.core.round import Phase
from techauction.queries.coverage import Coverage, coverage
from techauction.queries.paging import Paging, cut
from techauction.queries.rounds import RoundHead, head_of, public_round
from techauction.store.auction import PaddleRow
from techauction.store.consigning import LotRow, ResultRow, RoundRow
from techauction.store.people import FieldRow, OrganisationRow, Standing

ROUNDS_A_PAGE = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class MyRound:
    """A round in which the enterprise has asked for a paddle, or may ask."""

    slug: str
    title: Name
    phase: Phase
    registration_closes_at: datetime
    opens_at: datetime
    closes_at: datetime
    paddle: int | None
    state: PaddleState | None
    may_ask: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MyRoundsPage:
    """An enterprise's rounds, and whether its registration was approved."""

    standing: Standing
    standing_reason: str
    market: Name
    telephone: str
    rounds: tuple[MyRound, ...]
    paging: Paging


@dataclass(frozen=True, slots=True, kw_only=True)
class LotOnOffer:
    """A lot that may be named. `deposit` is its own; `is_own`: the enterprise consigns it, so it may not bid."""

    id: int
    number: int
    title: Name
    field: Name
    start: Money
    deposit: Money
    is_own: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AskPage:
    """What an enterprise must know to ask for a paddle."""

    round_id: int
    head: RoundHead
    deposit: DepositRule
    buyer_bps: int
    standing: Standing
    lots: tuple[LotOnOffer, ...]
    is_open: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MyPaddlePage:
    """The enterprise's own paddle in a round. `remark` is what the transfer to the bank must say."""

    head: RoundHead
    number: int | None
    state: PaddleState
    void_reason: str
    asked_at: datetime
    remark: str
    host_telephone: str
    coverage: Coverage
    in_time: bool
    may_practise: bool


def my_rounds(session: Session, *, organisation_id: int, page: int, now: datetime) -> MyRoundsPage:
    """Return the rounds that an enterprise may take part in, or took part in."""
    own = session.get_one(OrganisationRow, organisation_id)
    statement = (
        select(RoundRow, PaddleRow)
        .outerjoin(PaddleRow, and_(PaddleRow.round_id == RoundRow.id, PaddleRow.organisation_id == organisation_id))
        .where(
            or_(RoundRow.phase == Phase.PUBLISHED, PaddleRow.id.is_not(None)),
            RoundRow.phase != Phase.DRAFT,
            RoundRow.copy_of_id.is_(None),
        )
        .order_by(RoundRow.closes_at.desc(), RoundRow.id.desc())
    )
    statement, paging = cut(session, statement, number=page, size=ROUNDS_A_PAGE)
    return MyRoundsPage(
        standing=own.standing,
        standing_reason=own.standing_reason,
        market=own.market.name,
        telephone=own.market.telephone,
        rounds=tuple(_my_round(row, paddle, now) for row, paddle in session.execute(statement)),
        paging=paging,
    )


def _my_round(row: RoundRow, paddle: PaddleRow | None, now: datetime) -> MyRound:
    return MyRound(
        slug=row.slug,
        title=row.title,
        phase=row.phase,
        registration_closes_at=row.registration_closes_at,
        opens_at=row.begins_at,
        closes_at=row.closes_at,
        paddle=None if paddle is None else paddle.number,
        state=None if paddle is None else state_of(paddle),
        may_ask=paddle is None and row.phase is Phase.PUBLISHED and now < row.registration_closes_at,
    )


def ask_page(session: Session, slug: str, *, organisation_id: int, now: datetime) -> AskPage | None:
    """Return a round as an enterprise without a paddle sees it, or nothing if none of that name was announced."""
    row = public_round(session, slug)
    if row is None:
        return None
    rule = row.deposit_rule()
    lots = session.execute(
        select(LotRow.id, LotRow.number, LotRow.start, ResultRow, FieldRow)
        .join(ResultRow, LotRow.result_id == ResultRow.id)
        .join(FieldRow, ResultRow.field_key == FieldRow.key)
        .where(LotRow.round_id == row.id, LotRow.stage == Stage.LISTED)
        .order_by(LotRow.number)
    )
    return AskPage(
        round_id=row.id,
        head=head_of(row),
        deposit=rule,
        buyer_bps=row.buyer_bps,
        standing=session.get_one(OrganisationRow, organisation_id).standing,
        lots=tuple(
            LotOnOffer(
                id=lot_id,
                number=number,
                title=result.title,
                field=field.name,
                start=start,
                deposit=rule.of(start),
                is_own=result.institute_id == organisation_id,
            )
            for lot_id, number, start, result, field in lots
            if number is not None and start is not None
        ),
        is_open=row.phase is Phase.PUBLISHED and now < row.registration_closes_at,
    )


def my_paddle(session: Session, slug: str, *, organisation_id: int, now: datetime) -> MyPaddlePage | None:
    """Return the enterprise's own paddle in a round, or nothing where it has asked for none."""
    row = public_round(session, slug)
    if row is None:
        return None
    paddle = session.scalars(
        select(PaddleRow).where(PaddleRow.round_id == row.id, PaddleRow.organisation_id == organisation_id)
    ).one_or_none()
    if paddle is None:
        return None
    return MyPaddlePage(
        head=head_of(row),
        number=paddle.number,
        state=state_of(paddle),
        void_reason=paddle.void_reason,
        asked_at=paddle.asked_at,
        remark=remark_of(row.slug, paddle.id),
        host_telephone=row.host_market.telephone,
        coverage=coverage(session, paddle.id),
        in_time=now < row.registration_closes_at,
        may_practise=state_of(paddle) is PaddleState.ISSUED and row.phase is Phase.PUBLISHED and now < row.opens_at,
    )


def state_of(paddle: PaddleRow) -> PaddleState:
    """Return where a paddle stands."""
    return PaddleState.of(issued=paddle.issued_at is not None, voided=paddle.voided_at is not None)


def remark_of(slug: str, paddle_id: int) -> str:
    """Return what a transfer must say, so that the organizers know whose deposit it is."""
    return f"{slug}/{paddle_id}"
