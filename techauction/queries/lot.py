"""A lot's page: what is sold, by which rules, and everything that has happened to it. No reserve has a place here."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, contains_eager

from techauction.core.consigning import Instrument
from techauction.core.money import Money
from techauction.core.names import Name
from techauction.core.outcome import Ending
from techauction.core.record import Kind
from techauction.queries.catalogue import LotTile, tile_of, tiles
from techauction.queries.live import public_reason
from techauction.queries.opened import OpenedOffer, public_offers
from techauction.queries.paging import Paging, cut
from techauction.queries.rounds import RoundHead, head_of
from techauction.queries.sale import RulesShown, rules_of
from techauction.queries.viewing import ANYBODY, LISTED, Viewer, visible_to
from techauction.queries.voids import Void, by_bid, voids
from techauction.store.consigning import LotRow, RoundRow
from techauction.store.record import RecordRow

EVENTS_A_PAGE = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """One event of a lot's record. `reason` is public where there is one; a sealed reserve and its opening are left out.

    `void`: what took this bid back; of a void, what it took.
    """

    seq: int
    kind: Kind
    at: datetime
    paddle: int | None
    amount: Money | None
    closes_at: datetime | None
    reason: str
    ending: Ending | None
    void: Void | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LotPage:
    """A lot on its public page. `offers` are the opened ones of a sealed lot, where they are public."""

    head: RoundHead
    rules: RulesShown
    tile: LotTile
    summary: Name
    maturity: int
    instrument: Instrument
    owners: str
    rights: str
    synthetic: bool
    telephone: str
    deposit: Money
    rungs: tuple[tuple[Money, Money], ...]
    head_hash: str | None
    offers: tuple[OpenedOffer, ...]
    history: tuple[Happened, ...]
    voided: int
    paging: Paging
    before: int | None
    after: int | None


def lot_page(session: Session, slug: str, number: int, *, page: int, now: datetime, viewer: Viewer = ANYBODY) -> LotPage | None:
    """Return the page of a lot, or nothing if the viewer may see no such lot. `page` is the history's."""
    found = session.execute(
        tiles()
        .where(RoundRow.slug == slug, LotRow.number == number, visible_to(viewer))
        .options(contains_eager(LotRow.round).joinedload(RoundRow.host_market))
    ).one_or_none()
    if found is None:
        return None
    lot, outcome, place = found
    assert lot.start is not None
    tile = tile_of(lot, outcome, place, now=now)
    void = voids(session, lot.id)
    history, paging = _history(session, lot.id, page, void)
    before, after = _neighbours(session, lot)
    return LotPage(
        head=head_of(lot.round),
        rules=rules_of(lot.round, tile.sale.scheduled_closes_at),
        tile=tile,
        summary=lot.result.summary,
        maturity=lot.result.maturity,
        instrument=lot.result.instrument,
        owners=lot.result.owners,
        rights=lot.result.rights,
        synthetic=lot.result.synthetic,
        telephone=lot.market.telephone,
        deposit=lot.round.deposit_rule().of(lot.start),
        rungs=lot.increments().rungs,
        head_hash=lot.head_hash,
        offers=public_offers(session, tile.sale),
        history=history,
        voided=len(by_bid(void)),
        paging=paging,
        before=before,
        after=after,
    )


def _history(session: Session, lot_id: int, page: int, found: tuple[Void, ...]) -> tuple[tuple[Happened, ...], Paging]:
    statement, paging = cut(
        session,
        select(RecordRow).where(RecordRow.lot_id == lot_id).order_by(RecordRow.seq.desc()),
        number=page,
        size=EVENTS_A_PAGE,
    )
    by = by_bid(found) | {void.seq: void for void in found}
    return tuple(_happened(row, by.get(row.seq)) for row in session.scalars(statement)), paging


def _happened(row: RecordRow, void: Void | None) -> Happened:
    ending = row.data.get("ending")
    return Happened(
        seq=row.seq,
        kind=row.kind,
        at=row.at,
        paddle=row.paddle,
        amount=row.amount,
        closes_at=row.closes_at,
        reason=public_reason(row.kind, row.data),
        ending=Ending(str(ending)) if ending else None,
        void=void,
    )


def _neighbours(session: Session, lot: LotRow) -> tuple[int | None, int | None]:
    """Return the numbers of the lots before and after, by number."""
    of_round = select(LotRow.number).where(LotRow.round_id == lot.round_id, LISTED).limit(1)
    before = session.scalar(of_round.where(LotRow.number < lot.number).order_by(LotRow.number.desc()))
    return before, session.scalar(of_round.where(LotRow.number > lot.number).order_by(LotRow.number))
