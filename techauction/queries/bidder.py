"""What a bidder sees: its own lots, its own paddle and deposit, and the answers to its own offers."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, case, or_, select
from sqlalchemy.orm import Session

from techauction.core.admission import DepositState
from techauction.core.bidding import STRANGER, KeyClosed
from techauction.core.lot import Stage
from techauction.core.money import ZERO, Money
from techauction.core.names import Name
from techauction.core.offer import Eligibility
from techauction.core.refusal import Refusal
from techauction.queries.catalogue import LotTile, tile_of, with_tiles
from techauction.queries.lot import LotPage, lot_page
from techauction.queries.paging import Paging, cut
from techauction.queries.sale import PLACE, lot_on_sale
from techauction.queries.viewing import PUBLIC, Viewer
from techauction.queries.watching import IN_ORDER, SEALED
from techauction.store.auction import AdmissionRow, InstructionRow, OfferRow, OutcomeRow, PaddleRow
from techauction.store.consigning import LotRow
from techauction.store.money import DepositRow
from techauction.store.people import UserRow

LOTS_A_PAGE = 24
MOST_OTHERS = 8
_OF_THE_LOT = (DepositRow.paddle_id == PaddleRow.id) & or_(DepositRow.lot_id == LotRow.id, DepositRow.lot_id.is_(None))


@dataclass(frozen=True, slots=True, kw_only=True)
class DepositShown:
    """A deposit, as its bidder sees it."""

    required: Money
    held: Money
    state: DepositState


@dataclass(frozen=True, slots=True, kw_only=True)
class MyLot:
    """A lot that the bidder's paddle is admitted to. `has_bid`: it has made an offer there that was taken."""

    slug: str
    round_title: Name
    rehearsal: bool
    synthetic: bool
    paddle: int | None
    paddle_voided: bool
    deposit: DepositShown | None
    has_bid: bool
    tile: LotTile

    @property
    def leads(self) -> bool:
        """Return whether the bidder's own bid stands, or has bought the lot."""
        return self.paddle is not None and self.tile.sale.leader == self.paddle


@dataclass(frozen=True, slots=True)
class MyLotsPage:
    """The bidder's lots: those being sold first, the next to close at the head."""

    lots: tuple[MyLot, ...]
    paging: Paging


@dataclass(frozen=True, slots=True)
class InstructionShown:
    """A bidder's own standing instruction."""

    ceiling: Money
    placed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class BiddingPage:
    """A lot for its bidder.

    `me` says with which paddle and deposit it stands there, `has_bid` whether an offer of its was taken; `others` are
    its other lots that are being sold just now. `holds_priority`: it was given a priority
    right here, which `me` has no more once that is waived.
    """

    lot: LotPage
    me: Eligibility
    has_bid: bool
    holds_priority: bool
    instruction: InstructionShown | None
    others: tuple[MyLot, ...]

    @property
    def may_bid(self) -> bool:
        """Return whether the bidder is admitted with its deposit."""
        return self.me.may_bid

    @property
    def leads(self) -> bool:
        """Return whether the bidder's own bid stands, or has bought the lot."""
        return self.me.paddle is not None and self.lot.tile.sale.leader == self.me.paddle


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What became of an offer: taken at a place in the record, or refused. Of a sealed offer nobody knows the amount."""

    amount: Money | None
    decided_at: datetime
    seq: int | None
    refusal: Refusal | None


def my_lots(session: Session, *, organisation_id: int, page: int, now: datetime) -> MyLotsPage:
    """Return the lots that the organisation's paddles are admitted to."""
    statement, paging = cut(session, _admitted(organisation_id), number=page, size=LOTS_A_PAGE)
    return MyLotsPage(tuple(_my_lot(*found, now=now) for found in session.execute(statement)), paging)


def _admitted(organisation_id: int) -> Select[LotRow, OutcomeRow, int, PaddleRow, DepositRow, bool]:
    return (
        with_tiles(select(LotRow, OutcomeRow, PLACE, PaddleRow, DepositRow, SEALED))
        .join(AdmissionRow, AdmissionRow.lot_id == LotRow.id)
        .join(PaddleRow, AdmissionRow.paddle_id == PaddleRow.id)
        .outerjoin(DepositRow, _OF_THE_LOT)
        .where(PaddleRow.organisation_id == organisation_id, PUBLIC)
        .order_by(
            IN_ORDER,
            case((IN_ORDER < 2, LotRow.closes_at)),  # noqa: PLR2004 (what has not ended)
            LotRow.closes_at.desc(),
            LotRow.number,
            LotRow.id,
        )
    )


def bidding_page(
    session: Session, slug: str, number: int, *, organisation_id: int, page: int, now: datetime
) -> BiddingPage | None:
    """Return a lot for a bidder, admitted or not; nothing if it may see no such lot."""
    viewer = Viewer(organisation_id=organisation_id)
    lot = lot_page(session, slug, number, page=page, now=now, viewer=viewer)
    if lot is None:
        return None
    lot_id = lot.tile.sale.lot_id
    core = lot_on_sale(session, lot_id, viewer=viewer)
    me, holds_priority, sealed = _me(session, lot_id=lot_id, organisation_id=organisation_id)
    going = (LotRow.stage.in_((Stage.OPEN, Stage.PAUSED, Stage.INTERRUPTED)), LotRow.id != lot_id)
    others = session.execute(_admitted(organisation_id).where(*going).limit(MOST_OTHERS))
    return BiddingPage(
        lot=lot,
        me=me,
        has_bid=sealed or (core is not None and me.paddle in core.bidders),
        holds_priority=holds_priority,
        instruction=_instruction(session, lot_id=lot_id, organisation_id=organisation_id),
        others=tuple(_my_lot(*found, now=now) for found in others),
    )


def answered(session: Session, *, organisation_id: int, lot_id: int, key: str) -> Answered | None:
    """Return what became of the organisation's offer of that key on the lot, if it was decided; a closed key had none."""
    row = session.scalars(
        select(OfferRow).where(OfferRow.organisation_id == organisation_id, OfferRow.lot_id == lot_id, OfferRow.key == key)
    ).one_or_none()
    if row is None or row.code == KeyClosed.code:
        return None
    return Answered(
        amount=row.amount,
        decided_at=row.decided_at,
        seq=row.seq,
        refusal=None if row.code is None else Refusal.restore(row.code, row.facts or {}),
    )


def _my_lot(  # noqa: PLR0917 (a row, column by column)
    lot: LotRow,
    outcome: OutcomeRow | None,
    place: int,
    paddle: PaddleRow,
    deposit: DepositRow | None,
    sealed: bool,  # noqa: FBT001 (a column)
    *,
    now: datetime,
) -> MyLot:
    return MyLot(
        slug=lot.round.slug,
        round_title=lot.round.title,
        rehearsal=lot.round.rehearsal,
        synthetic=lot.round.synthetic,
        paddle=paddle.number,
        paddle_voided=paddle.voided_at is not None,
        deposit=None if deposit is None else DepositShown(required=deposit.required, held=deposit.held, state=deposit.state),
        has_bid=sealed or paddle.number in lot.bidders,
        tile=tile_of(lot, outcome, place, now=now),
    )


def _instruction(session: Session, *, lot_id: int, organisation_id: int) -> InstructionShown | None:
    row = session.scalars(
        select(InstructionRow)
        .join(PaddleRow, InstructionRow.paddle_id == PaddleRow.id)
        .join(UserRow, InstructionRow.user_id == UserRow.id)
        .where(
            InstructionRow.lot_id == lot_id,
            InstructionRow.ended_at.is_(None),
            PaddleRow.organisation_id == organisation_id,
            UserRow.organisation_id == organisation_id,
            UserRow.disabled_at.is_(None),
        )
    ).one_or_none()
    return None if row is None else InstructionShown(row.ceiling, row.placed_at)


def _me(session: Session, *, lot_id: int, organisation_id: int) -> tuple[Eligibility, bool, bool]:
    """Return how the organisation stands at the lot; whether it was given a priority right, and made a sealed offer, there."""
    found = session.execute(
        select(PaddleRow, AdmissionRow, DepositRow, SEALED)
        .select_from(LotRow)
        .join(PaddleRow, PaddleRow.round_id == LotRow.round_id)
        .outerjoin(AdmissionRow, (AdmissionRow.paddle_id == PaddleRow.id) & (AdmissionRow.lot_id == LotRow.id))
        .outerjoin(DepositRow, _OF_THE_LOT)
        .where(LotRow.id == lot_id, PaddleRow.organisation_id == organisation_id)
    ).one_or_none()
    if found is None:
        return STRANGER, False, False
    paddle, admission, deposit, sealed = found
    return *_eligibility(paddle, admission, deposit), sealed


def _eligibility(paddle: PaddleRow, admission: AdmissionRow | None, deposit: DepositRow | None) -> tuple[Eligibility, bool]:
    rank = None if admission is None else admission.priority_rank
    eligibility = Eligibility(
        paddle=paddle.number,
        admitted=admission is not None,
        paddle_voided=paddle.voided_at is not None,
        deposit_held=ZERO if deposit is None else deposit.held,
        deposit_required=ZERO if deposit is None else deposit.required,
        priority_rank=rank if admission is not None and admission.priority_waived_at is None else None,
    )
    return eligibility, rank is not None
