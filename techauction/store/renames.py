"""New names of organisations, each agreed on by two."""

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from techauction.core.approval import Decision
from techauction.core.names import Name
from techauction.store.base import Row, decided_by_two, enum_column
from techauction.store.people import OrganisationRow, UserRow


class RenameRow(Row):
    """A new name of an organisation: what one asked for, and what another decided. Approved, it holds from `decided_at` on."""

    __tablename__ = "renames"
    __table_args__ = decided_by_two()

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), index=True)
    old_zh: Mapped[str] = mapped_column(String(200))
    old_en: Mapped[str] = mapped_column(String(200))
    new_zh: Mapped[str] = mapped_column(String(200))
    new_en: Mapped[str] = mapped_column(String(200))
    reason: Mapped[str] = mapped_column(String(500))
    asked_by_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    asked_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    decision: Mapped[Decision | None] = mapped_column(enum_column(Decision, "decision"))
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    decided_at: Mapped[datetime | None]

    organisation: Mapped[OrganisationRow] = relationship()
    asked_by: Mapped[UserRow] = relationship(foreign_keys=[asked_by_id])
    decided_by: Mapped[UserRow | None] = relationship(foreign_keys=[decided_by_id])

    @property
    def old(self) -> Name:
        """Return the name that the organisation had."""
        return Name(self.old_zh, self.old_en)

    @property
    def new(self) -> Name:
        """Return the name that it is to have."""
        return Name(self.new_zh, self.new_en)
