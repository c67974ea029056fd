"""Paddles, offers and outcomes."""

from datetime import datetime

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from techauction.core.approval import Act, Decision
from techauction.core.binding import Bidder
from techauction.core.money import Money
from techauction.core.offer import Source
from techauction.core.outcome import Ending
from techauction.core.refused import RefusedOffer
from techauction.store.base import NEVER_AGAIN, Row, decided_by_two, enum_column
from techauction.store.consigning import LotRow, RoundRow
from techauction.store.people import OrganisationRow, UserRow


class PaddleRow(Row):
    """A paddle (竞买号牌): asked for, then issued with its number, perhaps voided. One a bidder and round.

    `credit_code` and the names are its bidder's as of its issue, `salt` is its binding's: the round's record has the digest.
    """

    __tablename__ = "paddles"
    __table_args__ = (
        UniqueConstraint("round_id", "number"),
        UniqueConstraint("round_id", "organisation_id"),
        CheckConstraint("number > 0", name="number"),
        CheckConstraint("(issued_at IS NULL) = (number IS NULL)", name="issued"),
        NEVER_AGAIN,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    round_id: Mapped[int] = mapped_column(ForeignKey("rounds.id"))
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), index=True)
    number: Mapped[int | None]
    asked_at: Mapped[datetime]
    rules_accepted_at: Mapped[datetime]
    issued_at: Mapped[datetime | None]
    voided_at: Mapped[datetime | None]
    void_reason: Mapped[str] = mapped_column(String(500), default="")
    credit_code: Mapped[str | None] = mapped_column(String(18))
    name_zh: Mapped[str | None] = mapped_column(String(200))
    name_en: Mapped[str | None] = mapped_column(String(200))
    salt: Mapped[str | None] = mapped_column(String(64))

    round: Mapped[RoundRow] = relationship()
    organisation: Mapped[OrganisationRow] = relationship()
    admissions: Mapped[list["AdmissionRow"]] = relationship(back_populates="paddle")

    @property
    def bidder(self) -> Bidder:
        """Return whom the paddle was issued to, as of its issue."""
        assert self.credit_code is not None
        assert self.name_zh is not None
        assert self.name_en is not None
        return Bidder(self.credit_code, self.name_zh, self.name_en)


class AdmissionRow(Row):
    """A paddle's admission to one lot, perhaps with a priority right (优先购买权); the first in rank is 1."""

    __tablename__ = "admissions"
    __table_args__ = (UniqueConstraint("paddle_id", "lot_id"), CheckConstraint("priority_rank >= 1", name="rank"))

    id: Mapped[int] = mapped_column(primary_key=True)
    paddle_id: Mapped[int] = mapped_column(ForeignKey("paddles.id"))
    lot_id: Mapped[int] = mapped_column(ForeignKey("lots.id"), index=True)
    priority_rank: Mapped[int | None]
    priority_waived_at: Mapped[datetime | None]

    paddle: Mapped[PaddleRow] = relationship(back_populates="admissions")
    lot: Mapped[LotRow] = relationship()


class OfferRow(Row):
    """An offer that was decided, under its bidder's key: taken with a `seq` of the record, or refused with a code.

    Not part of the record. The same key again gets this answer. A key that its bidder closed has no amount, and a sealed offer
    has none either: `body_mac` tells whether the same key asks the same. `received_at` is the offer's stamp.

    A refused one has its `place` and `hash` in its lot's chain of what was refused; `lot_seq` is where the record was then.
    """

    __tablename__ = "offers"
    __table_args__ = (
        UniqueConstraint("organisation_id", "key"),
        CheckConstraint("(seq IS NULL) = (code IS NOT NULL)", name="answer"),
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("amount IS NOT NULL OR body_mac IS NOT NULL OR code = 'key_closed'", name="closed"),
        CheckConstraint("place IS NULL OR (place >= 1 AND code IS NOT NULL)", name="place"),
        CheckConstraint("(place IS NULL) = (hash IS NULL)", name="hash"),
        CheckConstraint("(place IS NULL) = (lot_seq IS NULL)", name="lot_seq"),
        Index("ix_offers_lot", "lot_id", "decided_at"),
        Index(
            "uq_offers_place",
            "lot_id",
            "place",
            unique=True,
            sqlite_where=text("place IS NOT NULL"),
            postgresql_where=text("place IS NOT NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    lot_id: Mapped[int] = mapped_column(ForeignKey("lots.id"))
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    key: Mapped[str] = mapped_column(String(64))
    amount: Mapped[Money | None]
    confirmed: Mapped[bool] = mapped_column(default=False)
    matching: Mapped[bool] = mapped_column(default=False)
    source: Mapped[Source] = mapped_column(enum_column(Source, "source"), default=Source.ONLINE)
    body_mac: Mapped[str | None] = mapped_column(String(64))
    received_at: Mapped[datetime]
    decided_at: Mapped[datetime]
    seq: Mapped[int | None]
    code: Mapped[str | None] = mapped_column(String(40))
    facts: Mapped[dict[str, int | str | None] | None] = mapped_column(JSON(none_as_null=True))
    place: Mapped[int | None]
    hash: Mapped[str | None] = mapped_column(String(64))
    lot_seq: Mapped[int | None]

    lot: Mapped[LotRow] = relationship()
    organisation: Mapped[OrganisationRow] = relationship()

    def as_refused(self) -> RefusedOffer:
        """Return a refused offer as its lot's chain holds it."""
        assert self.place is not None
        assert self.code is not None
        assert self.lot_seq is not None
        return RefusedOffer(
            lot_id=self.lot_id,
            place=self.place,
            bidder=self.organisation_id,
            user=self.user_id,
            key=self.key,
            code=self.code,
            facts=self.facts or {},
            amount=self.amount,
            confirmed=self.confirmed,
            matching=self.matching,
            source=self.source.value,
            stamp=self.received_at,
            decided_at=self.decided_at,
            lot_seq=self.lot_seq,
        )


class SealedBidRow(Row):
    """A sealed offer (一次报价) that was taken: its amount and salt, readable with the custody key alone."""

    __tablename__ = "sealed_bids"
    __table_args__ = (UniqueConstraint("lot_id", "paddle_id"), UniqueConstraint("lot_id", "seq"))

    id: Mapped[int] = mapped_column(primary_key=True)
    lot_id: Mapped[int] = mapped_column(ForeignKey("lots.id"))
    paddle_id: Mapped[int] = mapped_column(ForeignKey("paddles.id"), index=True)
    seq: Mapped[int]
    sealed: Mapped[str] = mapped_column(String(500))
    key_id: Mapped[str] = mapped_column(String(64))

    lot: Mapped[LotRow] = relationship()
    paddle: Mapped[PaddleRow] = relationship()


class InstructionRow(Row):
    """A standing instruction (委托报价): up to which ceiling the system bids for a paddle. Its bidder alone sees it."""

    __tablename__ = "instructions"
    __table_args__ = (
        CheckConstraint("ceiling > 0", name="ceiling"),
        Index(
            "uq_instructions_live",
            "lot_id",
            "paddle_id",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    lot_id: Mapped[int] = mapped_column(ForeignKey("lots.id"))
    paddle_id: Mapped[int] = mapped_column(ForeignKey("paddles.id"), index=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    ceiling: Mapped[Money]
    placed_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    lot: Mapped[LotRow] = relationship()
    paddle: Mapped[PaddleRow] = relationship()
    user: Mapped[UserRow] = relationship()


class ApprovalRow(Row):
    """An act that needs two: what one asked for, exactly as it was shown, and what another decided."""

    __tablename__ = "approvals"
    __table_args__ = decided_by_two()

    id: Mapped[int] = mapped_column(primary_key=True)
    round_id: Mapped[int] = mapped_column(ForeignKey("rounds.id"), index=True)
    act: Mapped[Act] = mapped_column(enum_column(Act, "act"))
    subject: Mapped[dict[str, object]] = mapped_column(JSON)
    reason: Mapped[str] = mapped_column(String(500))
    shown: Mapped[dict[str, object]] = mapped_column(JSON)
    digest: Mapped[str] = mapped_column(String(64))
    asked_by_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    asked_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    decision: Mapped[Decision | None] = mapped_column(enum_column(Decision, "decision"))
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    decided_at: Mapped[datetime | None]

    round: Mapped[RoundRow] = relationship()
    asked_by: Mapped[UserRow] = relationship(foreign_keys=[asked_by_id])
    decided_by: Mapped[UserRow | None] = relationship(foreign_keys=[decided_by_id])


class OutcomeRow(Row):
    """How a lot ended. The primary key is the lot, so a hammer can fall only once."""

    __tablename__ = "outcomes"
    __table_args__ = (
        CheckConstraint("(ending = 'sold') = (paddle IS NOT NULL)", name="buyer"),
        CheckConstraint("(ending IN ('sold', 'agreed')) = (price IS NOT NULL)", name="price"),
    )

    lot_id: Mapped[int] = mapped_column(ForeignKey("lots.id"), primary_key=True)
    ending: Mapped[Ending] = mapped_column(enum_column(Ending, "ending"))
    reason: Mapped[str] = mapped_column(String(500), default="")
    paddle: Mapped[int | None]
    price: Mapped[Money | None]
    reserve_met: Mapped[bool | None]
    ended_at: Mapped[datetime]

    lot: Mapped[LotRow] = relationship()
