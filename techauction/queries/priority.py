"""A paddle's priority rights at the lots of one market, as that market's organizers see and set them."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, contains_eager

from techauction.core.names import Name
from techauction.core.paddle import PaddleState
from techauction.core.priority import may_be_held
from techauction.core.round import Phase
from techauction.queries import admission
from techauction.store.auction import AdmissionRow
from techauction.store.consigning import LotRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Right:
    """What a paddle holds at a lot that it is admitted to. `may_be_held`: a licence gives no such right."""

    lot_id: int
    number: int
    title: Name
    may_be_held: bool
    rank: int | None
    waived_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RightsPage:
    """A paddle's rights; they may be set while its round is published."""

    paddle: admission.PaddlePage
    rights: tuple[Right, ...]
    may_set: bool


def rights(session: Session, slug: str, *, paddle_id: int, market_key: str) -> RightsPage | None:
    """Return the rights of an issued paddle at the market's own lots, or nothing where there is no such paddle."""
    page = admission.paddle(session, slug, paddle_id=paddle_id, market_key=market_key)
    if page is None or page.state is not PaddleState.ISSUED:
        return None
    found = session.scalars(
        select(AdmissionRow)
        .join(AdmissionRow.lot)
        .join(LotRow.result)
        .where(AdmissionRow.paddle_id == paddle_id, LotRow.market_key == market_key)
        .order_by(LotRow.number)
        .options(contains_eager(AdmissionRow.lot).contains_eager(LotRow.result))
    )
    return RightsPage(
        paddle=page,
        rights=tuple(
            Right(
                lot_id=each.lot_id,
                number=each.lot.number or 0,
                title=each.lot.result.title,
                may_be_held=may_be_held(each.lot.result.instrument),
                rank=each.priority_rank,
                waived_at=each.priority_waived_at,
            )
            for each in found
        ),
        may_set=page.head.phase is Phase.PUBLISHED,
    )
