"""Everything kept beside the record that must agree with it, loaded once for a round."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from techauction.core.absence import Step
from techauction.core.approval import Decision
from techauction.core.bidding import KeyClosed
from techauction.core.money import Money
from techauction.core.offer import Source
from techauction.core.refused import RefusedOffer
from techauction.store.aftersale import CaseRow
from techauction.store.auction import AdmissionRow, ApprovalRow, InstructionRow, OfferRow, OutcomeRow, PaddleRow, SealedBidRow
from techauction.store.audit import STEPPED, AuditRow
from techauction.store.consigning import LotRow, ReserveRow, RoundRow
from techauction.store.money import DepositRow, PostingRow, ReceiptRow, SettlementRow
from techauction.store.people import OrganisationRow
from techauction.store.processes import AbsenceRow
from techauction.store.record import RoundRecordRow
from techauction.store.renames import RenameRow

R = TypeVar("R")


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenOffer:
    """An offer that was answered with a place in the record. `clerk`: who called it from the floor.

    `instructed`: a standing instruction called for it.
    `refused`: it says beside it that it was refused, too.
    """

    organisation_id: int
    amount: Money | None
    confirmed: bool
    matching: bool
    clerk: int | None
    instructed: bool
    received_at: datetime
    refused: bool
    decided_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """A round's rows, by what they are asked for. `payers` are all paddles, those not issued among them.

    `events` are the round's own record, `renames` what was approved, by organisation. `boxes` say by lot and event which
    paddle's sealed offer lies there. `chained` are a lot's refused offers in their order, each with its hash; `unchained` says
    when others were refused, which an earlier version did. `steps` are those of the wall clock, as the audit tells them.
    """

    round: RoundRow
    lots: list[LotRow]
    outcomes: dict[int, OutcomeRow]
    reserves: dict[int, ReserveRow]
    settlements: dict[int, SettlementRow]
    cases: dict[int, CaseRow]
    payers: list[PaddleRow]
    paddles: dict[int, PaddleRow]
    organisations: dict[int, OrganisationRow]
    events: list[RoundRecordRow]
    admitted: dict[tuple[int, int], AdmissionRow]
    approvals: list[ApprovalRow]
    absences: list[AbsenceRow]
    steps: list[Step]
    renames: dict[int, list[RenameRow]] = field(default_factory=lambda: defaultdict(list))
    offers: dict[int, dict[int, TakenOffer]] = field(default_factory=lambda: defaultdict(dict))
    chained: dict[int, list[tuple[RefusedOffer, str]]] = field(default_factory=lambda: defaultdict(list))
    unchained: dict[int, list[datetime]] = field(default_factory=lambda: defaultdict(list))
    boxes: dict[int, dict[int, int | None]] = field(default_factory=lambda: defaultdict(dict))
    deposits: dict[int, list[DepositRow]] = field(default_factory=lambda: defaultdict(list))
    postings: dict[int, list[PostingRow]] = field(default_factory=lambda: defaultdict(list))
    receipts: dict[int, list[ReceiptRow]] = field(default_factory=lambda: defaultdict(list))
    instructions: dict[int, list[InstructionRow]] = field(default_factory=lambda: defaultdict(list))

    def owe(self, lot_id: int) -> bool:
        """Return whether the lot's settlement and case may be on their way: they follow the hammer, before the round closes."""
        return self.round.closed_at is None and lot_id not in self.cases and lot_id not in self.settlements


def load_books(session: Session, row: RoundRow) -> Books:
    """Return the round's books."""
    in_round = LotRow.round_id == row.id
    bidders = select(PaddleRow.organisation_id).where(PaddleRow.round_id == row.id)
    its_lots, its_paddles = select(LotRow.id).where(in_round), select(PaddleRow.id).where(PaddleRow.round_id == row.id)
    paddles = list(session.scalars(select(PaddleRow).where(PaddleRow.round_id == row.id).order_by(PaddleRow.id)))
    books = Books(
        round=row,
        lots=list(session.scalars(select(LotRow).where(in_round).order_by(LotRow.number, LotRow.id))),
        outcomes={each.lot_id: each for each in _all(session, OutcomeRow, OutcomeRow.lot_id.in_(its_lots))},
        reserves={each.lot_id: each for each in _all(session, ReserveRow, ReserveRow.lot_id.in_(its_lots))},
        settlements={each.lot_id: each for each in _all(session, SettlementRow, SettlementRow.lot_id.in_(its_lots))},
        cases={each.lot_id: each for each in _all(session, CaseRow, CaseRow.lot_id.in_(its_lots))},
        payers=paddles,
        paddles={each.number: each for each in paddles if each.number is not None},
        organisations={each.id: each for each in _all(session, OrganisationRow, OrganisationRow.id.in_(bidders))},
        events=list(
            session.scalars(select(RoundRecordRow).where(RoundRecordRow.round_id == row.id).order_by(RoundRecordRow.seq))
        ),
        admitted={
            (each.paddle_id, each.lot_id): each for each in _all(session, AdmissionRow, AdmissionRow.paddle_id.in_(its_paddles))
        },
        approvals=list(_all(session, ApprovalRow, ApprovalRow.round_id == row.id)),
        absences=list(_all(session, AbsenceRow, AbsenceRow.back_at > (row.opened_at or row.created_at))),
        steps=_steps(session),
    )
    approved = (RenameRow.decision == Decision.APPROVED) & RenameRow.organisation_id.in_(bidders)
    for rename in session.scalars(select(RenameRow).where(approved).order_by(RenameRow.decided_at, RenameRow.id)):
        books.renames[rename.organisation_id].append(rename)
    taken = select(OfferRow).where(OfferRow.lot_id.in_(its_lots), OfferRow.seq.is_not(None))
    for offer in session.scalars(taken.execution_options(yield_per=1_000)):
        assert offer.seq is not None
        books.offers[offer.lot_id][offer.seq] = TakenOffer(
            organisation_id=offer.organisation_id,
            amount=offer.amount,
            confirmed=offer.confirmed,
            matching=offer.matching,
            clerk=offer.user_id if offer.source is Source.FLOOR else None,
            instructed=offer.source is Source.INSTRUCTION,
            received_at=offer.received_at,
            refused=not all(each is None for each in (offer.code, offer.facts, offer.place, offer.hash, offer.lot_seq)),
            decided_at=offer.decided_at,
        )
    refused = select(OfferRow).where(
        OfferRow.lot_id.in_(its_lots), OfferRow.seq.is_(None), OfferRow.code.is_distinct_from(KeyClosed.code)
    )
    for offer in session.scalars(refused.order_by(OfferRow.lot_id, OfferRow.place).execution_options(yield_per=1_000)):
        if offer.place is None:
            books.unchained[offer.lot_id].append(offer.decided_at)
        else:
            books.chained[offer.lot_id].append((offer.as_refused(), offer.hash or ""))
    for lot_id, seq, paddle in session.execute(
        select(SealedBidRow.lot_id, SealedBidRow.seq, PaddleRow.number)
        .join(PaddleRow, SealedBidRow.paddle_id == PaddleRow.id)
        .where(SealedBidRow.lot_id.in_(its_lots))
    ):
        books.boxes[lot_id][seq] = paddle
    for deposit in _all(session, DepositRow, DepositRow.paddle_id.in_(its_paddles)):
        books.deposits[deposit.paddle_id].append(deposit)
    for posting in _all(session, PostingRow, PostingRow.paddle_id.in_(its_paddles)):
        books.postings[posting.paddle_id].append(posting)
    for receipt in _all(session, ReceiptRow, ReceiptRow.paddle_id.in_(its_paddles)):
        books.receipts[receipt.paddle_id].append(receipt)
    for left in _all(session, InstructionRow, InstructionRow.lot_id.in_(its_lots)):
        books.instructions[left.lot_id].append(left)
    return books


def _steps(session: Session) -> list[Step]:
    rows = session.execute(select(AuditRow.at, AuditRow.detail).where(AuditRow.what == STEPPED))
    return [step for at, told in rows if (step := Step.read(at, told)) is not None]


def _all(session: Session, kind: type[R], which: ColumnElement[bool]) -> Iterable[R]:
    return session.scalars(select(kind).where(which))
