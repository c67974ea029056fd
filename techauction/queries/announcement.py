"""A round's public result: what was sold, and the hashes by which anybody may check it."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from techauction.core.money import Money, rate
from techauction.queries import heads
from techauction.queries.catalogue import LotTile, tile_of, tiles_of_round
from techauction.queries.paging import Paging, cut
from techauction.queries.rounds import RoundHead, Totals, head_of, public_round, totals_of
from techauction.queries.viewing import ANYBODY, Viewer
from techauction.store.heads import of_round

LOTS_A_PAGE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class LotResult:
    """How a lot ended, and the head of its record: that at the close, once the round has its digest."""

    tile: LotTile
    head_hash: str | None

    @property
    def value_added(self) -> Money | None:
        """Return the value added, where there is a price."""
        price = self.tile.sale.price
        return None if price is None else price - self.tile.sale.start

    @property
    def value_added_rate(self) -> str | None:
        """Return the value-added rate, where there is a price."""
        return None if self.value_added is None else rate(self.value_added, self.tile.sale.start)


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcement:
    """A round's public result. `digest` is there once the round has closed; `round_head` where the digest is over that too."""

    head: RoundHead
    totals: Totals
    lots: tuple[LotResult, ...]
    paging: Paging
    digest: str | None
    round_head: str | None


def announcement(session: Session, slug: str, *, page: int, now: datetime, viewer: Viewer = ANYBODY) -> Announcement | None:
    """Return the result of a round, or nothing if the viewer may see none of that name."""
    row = public_round(session, slug, viewer=viewer)
    if row is None:
        return None
    statement, paging = cut(session, tiles_of_round(row.id), number=page, size=LOTS_A_PAGE)
    at_close = heads.at_close(session, row.id)
    return Announcement(
        head=head_of(row),
        totals=totals_of(session, [row.id])[row.id],
        lots=tuple(
            LotResult(tile=tile_of(*found, now=now), head_hash=at_close.get(found[0].id, found[0].head_hash))
            for found in session.execute(statement)
        ),
        paging=paging,
        digest=row.digest,
        round_head=of_round(session, row),
    )
