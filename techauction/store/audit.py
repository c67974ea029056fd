"""Who did what, to what, and when. Only ever added."""

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from techauction.store.base import Row
from techauction.store.people import UserRow

STEPPED = "clock.stepped"
"""What the audit calls a step of the wall clock."""


class AuditRow(Row):
    """An act of a user, or of the system where `by_id` is empty."""

    __tablename__ = "audit"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    what: Mapped[str] = mapped_column(String(60), index=True)
    about: Mapped[str] = mapped_column(String(120))
    detail: Mapped[str] = mapped_column(String(1000), default="")

    by: Mapped[UserRow | None] = relationship()
