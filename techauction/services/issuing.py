"""Issuing paddles: the only place where one gets its number, and is bound to its bidder."""

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from techauction.core.binding import binding, lots_digest
from techauction.core.custody import new_salt
from techauction.core.round_record import RoundKind
from techauction.services import round_record
from techauction.services.round_record import Said
from techauction.store.auction import PaddleRow
from techauction.store.consigning import RoundRow
from techauction.store.people import OrganisationRow


def issue(
    session: Session,
    row: RoundRow,
    numbers: Mapping[int, PaddleRow],
    lots: Mapping[int, Collection[int]],
    *,
    now: datetime,
) -> None:
    """Issue paddles of a round by number, and put each on the round's record; the paddles' rows are kept with the session.

    `lots` are by number the ids of those that the paddle is admitted to. The round's row is locked, or was made in this
    transaction. Its bidders' rows are locked as well: a name changes before a paddle is bound to it, or after.
    """
    its = {paddle.organisation_id for paddle in numbers.values()}
    bidders = {
        each.id: each
        for each in session.scalars(
            select(OrganisationRow)
            .where(OrganisationRow.id.in_(its))
            .order_by(OrganisationRow.id)
            .with_for_update(read=True, of=OrganisationRow)
            .execution_options(populate_existing=True)
        )
    }
    events: list[Said] = []
    for number, paddle in numbers.items():
        bidder = bidders[paddle.organisation_id].bidder
        salt = new_salt()
        paddle.number, paddle.issued_at, paddle.salt = number, now, salt
        paddle.credit_code, paddle.name_zh, paddle.name_en = bidder.credit_code, bidder.name_zh, bidder.name_en
        said = {
            "paddle": number,
            "binding": binding(row.slug, number, bidder, salt),
            "lots": lots_digest(row.slug, number, lots[number], salt),
        }
        events.append((RoundKind.PADDLE_ISSUED, now, said))
    session.add_all(numbers.values())
    session.flush()
    round_record.append(session, row, events)
