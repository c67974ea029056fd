"""The hall's screens: all lots of a round for the board, and the best of them for the closing wall."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter

from sqlalchemy.orm import Session

from techauction.core.lot import Stage
from techauction.core.outcome import Ending
from techauction.queries.catalogue import LotTile, tile_of, tiles_of_round
from techauction.queries.rounds import RoundHead, Totals, head_of, public_round, totals_of
from techauction.queries.viewing import Viewer


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """A round on the hall's screens, with its lots by number."""

    head: RoundHead
    totals: Totals
    lots: tuple[LotTile, ...]

    def lot(self, number: int | None) -> LotTile | None:
        """Return the lot of that number; without one that which is followed; nothing where there is none."""
        return followed(self.lots) if number is None else next((each for each in self.lots if each.number == number), None)

    def beside(self, lot: LotTile) -> tuple[int, int]:
        """Return the numbers of the lots before and after; after the last comes the first."""
        place = self.lots.index(lot)
        return self.lots[place - 1].number, self.lots[(place + 1) % len(self.lots)].number

    def sold(self) -> tuple[LotTile, ...]:
        """Return the lots sold."""
        return tuple(each for each in self.lots if each.sale.ending is Ending.SOLD)

    def dearest(self) -> LotTile | None:
        """Return the lot sold at the highest price; of several the first."""
        return max(self.sold(), key=lambda each: each.sale.shown, default=None)

    def risen_most(self) -> LotTile | None:
        """Return the lot sold at the highest rate over its start price; of several the first."""
        rated = [each for each in self.sold() if each.sale.start.minor]
        return max(rated, key=lambda each: each.sale.shown.minor / each.sale.start.minor, default=None)


def followed(lots: Sequence[LotTile]) -> LotTile | None:
    """Return the lot to look at: of those being sold the next to close, else the next to open, else the last that ended."""
    going = [each for each in lots if each.sale.stage in (Stage.OPEN, Stage.PAUSED, Stage.INTERRUPTED)]
    if going:
        return min(going, key=lambda each: (each.sale.stage is not Stage.OPEN, each.sale.closes_at))
    waiting = [each for each in lots if each.sale.stage is Stage.LISTED]
    if waiting:
        return waiting[0]
    ended = [each for each in lots if each.sale.ended_at is not None]
    return max(ended, key=attrgetter("sale.ended_at"), default=None)


def board(session: Session, slug: str, *, now: datetime, viewer: Viewer) -> Board | None:
    """Return the round's board, or nothing if the viewer may see none of that name."""
    row = public_round(session, slug, viewer=viewer)
    if row is None:
        return None
    lots = session.execute(tiles_of_round(row.id))
    return Board(
        head=head_of(row),
        totals=totals_of(session, [row.id])[row.id],
        lots=tuple(tile_of(*found, now=now) for found in lots),
    )
