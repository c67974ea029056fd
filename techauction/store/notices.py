"""The outbox: notices written in the use case's transaction, sent later by a tick."""

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from techauction.store.base import Row
from techauction.store.people import UserRow


class NoticeRow(Row):
    """A notice to one user: what it is about, and the facts from which its text is made in the reader's language.

    One with `hold_until` is mailed only if its user has not seen it by then. One that cannot be put into words is given up
    after some `tries`, and one that the mail server refuses for good at once; `failure` says why.
    """

    __tablename__ = "notices"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    what: Mapped[str] = mapped_column(String(40))
    facts: Mapped[dict[str, int | str | None]] = mapped_column(JSON)
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None] = mapped_column(index=True)
    hold_until: Mapped[datetime | None]
    seen_at: Mapped[datetime | None]
    tries: Mapped[int] = mapped_column(default=0)
    given_up_at: Mapped[datetime | None] = mapped_column(index=True)
    failure: Mapped[str] = mapped_column(String(300), default="")

    user: Mapped[UserRow] = relationship()
