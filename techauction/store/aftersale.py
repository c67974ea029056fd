"""Cases: what technology-transfer managers carry on after the hammer."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from techauction.core.handoff import CaseKind, Step
from techauction.store.base import Row, enum_column
from techauction.store.consigning import LotRow
from techauction.store.people import UserRow


class CaseRow(Row):
    """A case (个案). The lot is its key: the hammer makes exactly one."""

    __tablename__ = "cases"

    lot_id: Mapped[int] = mapped_column(ForeignKey("lots.id"), primary_key=True)
    kind: Mapped[CaseKind] = mapped_column(enum_column(CaseKind, "kind"))
    manager_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"), index=True)
    opened_at: Mapped[datetime]
    accepted_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]

    lot: Mapped[LotRow] = relationship()
    manager: Mapped[UserRow | None] = relationship()
    steps: Mapped[list["CaseStepRow"]] = relationship(back_populates="case", order_by="CaseStepRow.id")


class CaseStepRow(Row):
    """A step that was done, on which day (Asia/Shanghai), with a note."""

    __tablename__ = "case_steps"
    __table_args__ = (UniqueConstraint("case_id", "step"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.lot_id"))
    step: Mapped[Step] = mapped_column(enum_column(Step, "step"))
    done_on: Mapped[date]
    note: Mapped[str] = mapped_column(Text, default="")
    recorded_at: Mapped[datetime]
    recorded_by_id: Mapped[int] = mapped_column(ForeignKey("users.id"))

    case: Mapped[CaseRow] = relationship(back_populates="steps")
    recorded_by: Mapped[UserRow] = relationship()
