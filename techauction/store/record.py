"""The record of the sale: append-only, one row an event of a lot, or of a round."""

from datetime import datetime

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from techauction.core.money import Money
from techauction.core.record import Event, Kind
from techauction.core.round_record import RoundEvent, RoundKind
from techauction.store.base import Row, enum_column
from techauction.store.consigning import LotRow, RoundRow


class RecordRow(Row):
    """One event. `seq` is gap-free per lot; an ascending amount stands once in a run."""

    __tablename__ = "record"
    __table_args__ = (
        UniqueConstraint("lot_id", "seq"),
        CheckConstraint("seq >= 1", name="seq"),
        CheckConstraint("amount >= 0", name="amount"),
        Index(
            "uq_record_bid",
            "lot_id",
            "run",
            "amount",
            unique=True,
            sqlite_where=text("kind = 'bid'"),
            postgresql_where=text("kind = 'bid'"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    lot_id: Mapped[int] = mapped_column(ForeignKey("lots.id"))
    seq: Mapped[int]
    run: Mapped[int]
    kind: Mapped[Kind] = mapped_column(enum_column(Kind, "kind"))
    paddle: Mapped[int | None]
    amount: Mapped[Money | None]
    closes_at: Mapped[datetime | None]
    at: Mapped[datetime]
    data: Mapped[dict[str, object]] = mapped_column(JSON, default=dict)
    prev_hash: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))

    lot: Mapped[LotRow] = relationship()

    def to_core(self, name: str) -> Event:
        """Return the event; `name` is the lot's name in the record."""
        return Event(
            lot=name,
            seq=self.seq,
            kind=self.kind,
            at=self.at,
            paddle=self.paddle,
            amount=self.amount,
            closes_at=self.closes_at,
            data=self.data,
        )


class RoundRecordRow(Row):
    """One event of a round's own record. `seq` is gap-free per round."""

    __tablename__ = "round_record"
    __table_args__ = (UniqueConstraint("round_id", "seq"), CheckConstraint("seq >= 1", name="seq"))

    id: Mapped[int] = mapped_column(primary_key=True)
    round_id: Mapped[int] = mapped_column(ForeignKey("rounds.id"))
    seq: Mapped[int]
    kind: Mapped[RoundKind] = mapped_column(enum_column(RoundKind, "kind"))
    at: Mapped[datetime]
    data: Mapped[dict[str, object]] = mapped_column(JSON, default=dict)
    prev_hash: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))

    round: Mapped[RoundRow] = relationship()

    def to_core(self, slug: str) -> RoundEvent:
        """Return the event of the round of that name."""
        return RoundEvent(round=slug, seq=self.seq, kind=self.kind, at=self.at, data=self.data)
