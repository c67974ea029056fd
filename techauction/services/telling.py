"""Who is told of a lot's ending: the buyer, the others who bid, the institute, and the organizers of the lot's market."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, contains_eager

from techauction.core.admission import DepositKind
from techauction.core.days import SpecialDays, day_of
from techauction.core.handoff import STEPS, Step, latest_days
from techauction.core.outcome import Ending, WithheldFor
from techauction.services.notices import Facts, notify, of_lot, organizers
from techauction.store.auction import AdmissionRow, OutcomeRow, PaddleRow
from techauction.store.consigning import LotRow, RoundRow
from techauction.store.days import special_days
from techauction.store.money import SettlementRow
from techauction.store.people import UserRow


@dataclass(frozen=True, slots=True)
class _People:
    """The users of the organisations and the organizers of the markets that the lots concern."""

    of_organisation: dict[int, list[int]]
    of_market: dict[str, list[int]]
    bidders: dict[int, dict[int, int]]
    """Of each round, whose which paddle is."""

    def holding(self, round_id: int, paddles: Iterable[int]) -> list[int]:
        """Return the users behind the paddles."""
        organisations = self.bidders.get(round_id, {})
        return [user for paddle in paddles for user in self.of_organisation.get(organisations.get(paddle, 0), ())]


def ended(session: Session, lot_ids: Collection[int]) -> None:
    """Tell everybody whom the lots' hammers concern; in a copy of a round nobody is told anything."""
    if not lot_ids:
        return
    lots = session.execute(
        select(LotRow, OutcomeRow, SettlementRow)
        .join(LotRow.round)
        .join(LotRow.result)
        .join(OutcomeRow, OutcomeRow.lot_id == LotRow.id)
        .outerjoin(SettlementRow, SettlementRow.lot_id == LotRow.id)
        .where(LotRow.id.in_(lot_ids), RoundRow.copy_of_id.is_(None))
        .order_by(LotRow.id)
        .options(contains_eager(LotRow.round), contains_eager(LotRow.result))
        .execution_options(populate_existing=True)
    ).all()
    if not lots:
        return
    people = _people(session, [lot for lot, _, _ in lots])
    special = special_days(session, since=day_of(min(outcome.ended_at for _, outcome, _ in lots)))
    for lot, outcome, settlement in lots:
        if outcome.ending is Ending.SOLD and settlement is not None:
            _sold(session, lot, outcome, settlement, people, special=special)
        elif outcome.ending is Ending.PASSED_IN:
            _passed_in(session, lot, outcome.ended_at, people)


def withheld(session: Session, lots: Iterable[tuple[LotRow, WithheldFor]], *, now: datetime) -> None:
    """Tell everybody whom lots concern that are not offered after all."""
    for lot, reason in lots:
        facts = of_lot(lot) | {"withheld_for": reason.value}
        notify(session, user_ids=concerned(session, lot), what="lot_withheld", facts=facts, now=now)


def concerned(session: Session, lot: LotRow) -> list[int]:
    """Return the users of the lot's institute and of the bidders admitted to it, and its market's organizers."""
    return concerned_by(session, [lot])[lot.id]


def concerned_by(session: Session, lots: Collection[LotRow]) -> dict[int, list[int]]:
    """Return whom each of the lots concerns, by two statements for any number of lots."""
    organisations = {lot.id: {lot.result.institute_id} for lot in lots}
    admitted = session.execute(
        select(AdmissionRow.lot_id, PaddleRow.organisation_id)
        .join(PaddleRow, AdmissionRow.paddle_id == PaddleRow.id)
        .where(AdmissionRow.lot_id.in_(organisations), PaddleRow.voided_at.is_(None))
    )
    for lot_id, organisation_id in admitted:
        organisations[lot_id].add(organisation_id)
    people = _People({}, {}, {})
    _gather(session, people, set().union(*organisations.values()), {lot.market_key for lot in lots})
    return {
        lot.id: [
            *(user for each in sorted(organisations[lot.id]) for user in people.of_organisation.get(each, ())),
            *people.of_market.get(lot.market_key, ()),
        ]
        for lot in lots
    }


def _sold(
    session: Session, lot: LotRow, outcome: OutcomeRow, settlement: SettlementRow, people: _People, *, special: SpecialDays
) -> None:
    assert outcome.price is not None
    assert outcome.paddle is not None
    facts = of_lot(lot) | {"paddle": outcome.paddle, "price_fen": outcome.price.minor}
    days = latest_days(STEPS[lot.result.instrument], special, hammer_on=day_of(outcome.ended_at))
    bought: Facts = {
        "commission_fen": settlement.buyer_commission.minor,
        "deposit_fen": settlement.deposit_applied.minor,
        "due_fen": settlement.due.minor,
        "confirmed_by": days[Step.SALE_CONFIRMED].isoformat(),
        "signed_by": days[Step.CONTRACT_SIGNED].isoformat(),
        "paid_by": days[Step.PRICE_PAID].isoformat(),
    }
    now = outcome.ended_at
    others = sorted(set(lot.bidders) - {outcome.paddle})
    buyer = people.holding(lot.round_id, [outcome.paddle])
    notify(session, user_ids=buyer, what="lot_bought", facts=facts | bought, now=now)
    notify(session, user_ids=people.holding(lot.round_id, others), what="lot_not_bought", facts=facts | _deposit(lot), now=now)
    notify(session, user_ids=_house(lot, people), what="lot_sold", facts=facts, now=now)


def _passed_in(session: Session, lot: LotRow, now: datetime, people: _People) -> None:
    facts = of_lot(lot) | {"bids": lot.bids}
    bidders = people.holding(lot.round_id, sorted(lot.bidders))
    notify(session, user_ids=bidders, what="lot_passed_in_for_bidder", facts=facts | _deposit(lot), now=now)
    notify(session, user_ids=_house(lot, people), what="lot_passed_in", facts=facts, now=now)


def _house(lot: LotRow, people: _People) -> list[int]:
    """Return the institute's people and the organizers of the lot's market."""
    return [*people.of_organisation.get(lot.result.institute_id, ()), *people.of_market.get(lot.market_key, ())]


def _deposit(lot: LotRow) -> Facts:
    """Return when a deposit goes back: a round's own serves its other lots until the close."""
    return {"deposit": "round" if lot.round.deposit_kind is DepositKind.FIXED else "lot"}


def _people(session: Session, lots: Collection[LotRow]) -> _People:
    bidders: dict[int, dict[int, int]] = {}
    numbers = {paddle for lot in lots for paddle in lot.bidders}
    rows = session.execute(
        select(PaddleRow.round_id, PaddleRow.number, PaddleRow.organisation_id).where(
            PaddleRow.round_id.in_({lot.round_id for lot in lots}), PaddleRow.number.in_(numbers)
        )
    )
    for round_id, number, organisation_id in rows:
        bidders.setdefault(round_id, {})[number or 0] = organisation_id
    organisations = {lot.result.institute_id for lot in lots} | {each for of in bidders.values() for each in of.values()}
    found = _People({}, {}, bidders)
    _gather(session, found, organisations, {lot.market_key for lot in lots})
    return found


def _gather(session: Session, found: _People, organisations: Collection[int], markets: Collection[str]) -> None:
    people = session.execute(
        select(UserRow.id, UserRow.organisation_id, UserRow.market_key).where(
            UserRow.disabled_at.is_(None), UserRow.organisation_id.in_(organisations) | organizers(markets)
        )
    )
    for user_id, of_organisation, of_market in people:
        if of_organisation is not None:
            found.of_organisation.setdefault(of_organisation, []).append(user_id)
        elif of_market is not None:
            found.of_market.setdefault(of_market, []).append(user_id)
