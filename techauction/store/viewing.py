"""Who may see which rounds: what is announced is everybody's, copies are only for those who rehearse or practise in them."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, or_, select

from techauction.core.lot import Stage
from techauction.core.round import ANNOUNCED_PHASES
from techauction.store.consigning import LotRow, RoundMarketRow, RoundRow

UNLISTED = (Stage.SUBMITTED, Stage.RETURNED)
LISTED = LotRow.number.is_not(None) & LotRow.stage.not_in(UNLISTED)
"""Lots that their market has accepted."""

ANNOUNCED = RoundRow.phase.in_(ANNOUNCED_PHASES) & RoundRow.published_at.is_not(None)
"""Rounds that have been announced, and copies of rounds to rehearse or to practise in."""

PUBLIC = ANNOUNCED & RoundRow.copy_of_id.is_(None)
"""Rounds that have been announced to everybody; copies never are."""


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who looks at a round: an organizer of a market, somebody of an organisation, or anybody."""

    market_key: str | None = None
    organisation_id: int | None = None


ANYBODY = Viewer()


def rounds_of(market_key: str) -> Select[int]:
    """Return the ids of the rounds that the market holds or takes part in."""
    return select(RoundMarketRow.round_id).where(RoundMarketRow.market_key == market_key)


def visible_to(viewer: Viewer) -> ColumnElement[bool]:
    """Return which rounds the viewer may see: the public ones, copies of its market's, and the bidder's own practice."""
    if viewer == ANYBODY:
        return PUBLIC
    copies: list[ColumnElement[bool]] = []
    if viewer.market_key is not None:
        copies.append(RoundRow.id.in_(rounds_of(viewer.market_key)))
    if viewer.organisation_id is not None:
        copies.append(RoundRow.practice_for_id == viewer.organisation_id)
    return ANNOUNCED & or_(RoundRow.copy_of_id.is_(None), *copies)
