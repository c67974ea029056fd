"""The processes that sell, and the times at which none of them could."""

from datetime import datetime

from sqlalchemy import JSON, Index
from sqlalchemy.orm import Mapped, mapped_column

from techauction.core.absence import Decided
from techauction.store.base import NEVER_AGAIN, Row


class ProcessRow(Row):
    """A process that sells, or has sold.

    `proven_at`: until when it has proved that it can take bids. `decided_through`: every offer that was here before has been
    decided, but for lots that are `behind`: by a lot's id, until when for it. It has `ended_at` if it ended in good order, and
    `lost_at` if it was found dead.
    """

    __tablename__ = "processes"
    __table_args__ = (NEVER_AGAIN,)

    id: Mapped[int] = mapped_column(primary_key=True)
    began_at: Mapped[datetime]
    proven_at: Mapped[datetime]
    decided_through: Mapped[datetime]
    behind: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)
    ended_at: Mapped[datetime | None]
    lost_at: Mapped[datetime | None]

    @property
    def decided(self) -> Decided:
        """Return what it has said that it has decided."""
        return Decided(self.decided_through, {int(lot_id): datetime.fromisoformat(at) for lot_id, at in self.behind.items()})


class AbsenceRow(Row):
    """A time in which no process could take a bid, if it touched a lot. Rows are added, and the end of the last may move on.

    `set_back`: the clock was set back after it, so lots that are sold now have not missed it.
    """

    __tablename__ = "absences"
    __table_args__ = (Index(None, "back_at"),)

    away_from: Mapped[datetime] = mapped_column(primary_key=True)
    back_at: Mapped[datetime]
    set_back: Mapped[bool] = mapped_column(default=False)
