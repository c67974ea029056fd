"""Results, and the rounds and lots they are sold in."""

from collections.abc import Iterable
from dataclasses import fields
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from techauction.core.admission import DepositKind, DepositRule
from techauction.core.consigning import Instrument
from techauction.core.described import Described, Terms
from techauction.core.increment import Ladder
from techauction.core.lot import Bid, Extension, ExtensionKind, Format, Lot, LotNeverOpened, Rules, Stage
from techauction.core.money import Money
from techauction.core.names import Name
from techauction.core.planned import PlannedRound
from techauction.core.record import GENESIS
from techauction.core.refused import Chain
from techauction.core.replayed import Sealed
from techauction.core.round import Calendar, ListedLot, Phase, Plan, Regime
from techauction.core.settlement import Commission
from techauction.core.terms import MIN_ADMITTED, NUMBERS, unsaid
from techauction.store.base import NEVER_AGAIN, Row, enum_column
from techauction.store.people import FieldRow, MarketRow, OrganisationRow, UserRow


class RoundRow(Row):
    """A round (竞价场次) that one or several markets hold together."""

    __tablename__ = "rounds"
    __table_args__ = (
        CheckConstraint("extension_trigger_s BETWEEN 1 AND 3600", name="trigger"),
        CheckConstraint("extension_length_s BETWEEN 1 AND 3600", name="length"),
        CheckConstraint("extension_cap_s IS NULL OR extension_cap_s >= 0", name="cap"),
        CheckConstraint("max_steps >= 1 AND collar >= 0 AND min_admitted >= 1 AND min_bidding >= 1", name="rules"),
        CheckConstraint("buyer_bps BETWEEN 0 AND 10000 AND seller_bps BETWEEN 0 AND 10000", name="commission"),
        CheckConstraint("listing_share_bps BETWEEN 0 AND 10000", name="listing_share"),
        CheckConstraint("deposit_share_bps BETWEEN 0 AND 10000 AND deposit_fixed >= 0", name="deposit"),
        CheckConstraint("copy_of_id IS NULL OR (rehearsal AND synthetic AND speed BETWEEN 1 AND 600)", name="copy"),
        CheckConstraint("practice_for_id IS NULL OR copy_of_id IS NOT NULL", name="practice"),
        NEVER_AGAIN,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(64), unique=True)
    title_zh: Mapped[str] = mapped_column(String(200))
    title_en: Mapped[str] = mapped_column(String(200))
    host_market_key: Mapped[str] = mapped_column(ForeignKey("markets.key"))
    regime: Mapped[Regime] = mapped_column(enum_column(Regime, "regime"), default=Regime.EXCHANGE)
    phase: Mapped[Phase] = mapped_column(enum_column(Phase, "phase"), default=Phase.DRAFT, index=True)
    rehearsal: Mapped[bool] = mapped_column(default=False)
    synthetic: Mapped[bool] = mapped_column(default=False)

    registration_closes_at: Mapped[datetime]
    reserve_deadline_at: Mapped[datetime]
    opens_at: Mapped[datetime]
    closes_at: Mapped[datetime]
    stagger_s: Mapped[int] = mapped_column(default=NUMBERS["stagger_s"].default)

    extension_kind: Mapped[ExtensionKind] = mapped_column(
        enum_column(ExtensionKind, "extension_kind"), default=ExtensionKind.FROM_BID
    )
    extension_trigger_s: Mapped[int] = mapped_column(default=NUMBERS["extension_trigger_s"].default)
    extension_length_s: Mapped[int] = mapped_column(default=NUMBERS["extension_length_s"].default)
    extension_cap_s: Mapped[int | None]
    max_steps: Mapped[int] = mapped_column(default=NUMBERS["max_steps"].default)
    raise_own_bid: Mapped[bool] = mapped_column(default=False)
    collar: Mapped[int] = mapped_column(default=NUMBERS["collar"].default)
    min_admitted: Mapped[int] = mapped_column(default=MIN_ADMITTED[Regime.EXCHANGE])
    min_bidding: Mapped[int] = mapped_column(default=NUMBERS["min_bidding"].default)
    gap_s: Mapped[int] = mapped_column(default=NUMBERS["gap_s"].default)

    deposit_kind: Mapped[DepositKind] = mapped_column(enum_column(DepositKind, "deposit_kind"), default=DepositKind.SHARE)
    deposit_share_bps: Mapped[int] = mapped_column(default=NUMBERS["deposit_share_bps"].default)
    deposit_fixed: Mapped[Money | None]
    buyer_bps: Mapped[int] = mapped_column(default=NUMBERS["buyer_bps"].default)
    seller_bps: Mapped[int] = mapped_column(default=NUMBERS["seller_bps"].default)
    listing_share_bps: Mapped[int] = mapped_column(default=NUMBERS["listing_share_bps"].default)
    commission_note: Mapped[str | None] = mapped_column(String(500))
    deposit_reason: Mapped[str | None] = mapped_column(String(500))

    created_at: Mapped[datetime]
    loading_at: Mapped[datetime | None]
    published_at: Mapped[datetime | None]
    opened_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    digest: Mapped[str | None] = mapped_column(String(64))
    digest_version: Mapped[int | None]
    call_off_reason: Mapped[str] = mapped_column(String(500), default="")

    copy_of_id: Mapped[int | None] = mapped_column(ForeignKey("rounds.id"), index=True)
    practice_for_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id"), index=True)
    speed: Mapped[int] = mapped_column(default=1)
    custodian_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))

    copy_of: Mapped["RoundRow | None"] = relationship(remote_side="RoundRow.id")
    custodian: Mapped["UserRow | None"] = relationship()
    host_market: Mapped[MarketRow] = relationship()
    markets: Mapped[list["RoundMarketRow"]] = relationship(back_populates="round")
    lots: Mapped[list["LotRow"]] = relationship(back_populates="round", order_by="LotRow.number")

    @property
    def title(self) -> Name:
        """Return the title in both languages."""
        return Name(self.title_zh, self.title_en)

    def calendar(self) -> Calendar:
        """Return the round's instants."""
        return Calendar(
            registration_closes_at=self.registration_closes_at,
            reserve_deadline_at=self.reserve_deadline_at,
            opens_at=self.opens_at,
            closes_at=self.closes_at,
            stagger=timedelta(seconds=self.stagger_s),
        )

    @property
    def is_loading(self) -> bool:
        """Return whether it is being loaded, and nobody sees it yet; what was announced never is again."""
        return self.loading_at is not None and self.phase is Phase.DRAFT

    @property
    def begins_at(self) -> datetime:
        """Return when the round opened, or else when it is to open: it may open early, or late."""
        return self.opened_at or self.opens_at

    def rules(self) -> Rules:
        """Return what bidding goes by."""
        return rules_of(*(getattr(self, column.key) for column in RULES))

    def deposit_rule(self) -> DepositRule:
        """Return how deposits are computed."""
        return DepositRule(kind=self.deposit_kind, share_bps=self.deposit_share_bps, fixed=self.deposit_fixed)

    def planned(self) -> PlannedRound:
        """Return the round as it is planned."""
        return PlannedRound(
            **{name: getattr(self, name) for name in _PLANNED},
            host_market=self.host_market_key,
            markets=tuple(sorted(each.market_key for each in self.markets)),
            deposit=self.deposit_rule(),
            commission_agreed=self.commission_note is not None,
            commission_note=self.commission_note or "",
            deposit_reason=self.deposit_reason or "",
        )

    def plan(self, lots: Iterable[ListedLot]) -> Plan:
        """Return what is looked at before the round is published with these lots."""
        return Plan(
            calendar=self.calendar(),
            rules=self.rules(),
            deposit=self.deposit_rule(),
            lots=list(lots),
            rehearsal=self.rehearsal,
            unsaid=tuple(unsaid(self.planned())),
        )

    def commission(self) -> Commission:
        """Return who pays how much commission, and how it is split."""
        return Commission(buyer_bps=self.buyer_bps, seller_bps=self.seller_bps, listing_share_bps=self.listing_share_bps)


_NOTES = ("commission_note", "deposit_reason")
_PLANNED = tuple(each.name for each in fields(PlannedRound) if each.name in RoundRow.__table__.c and each.name not in _NOTES)
"""What a planned round and its row call alike."""


def columns_of(planned: PlannedRound) -> dict[str, Any]:
    """Return what the row of a planned round holds."""
    return {name: getattr(planned, name) for name in _PLANNED} | {
        "host_market_key": planned.host_market,
        "deposit_kind": planned.deposit.kind,
        "deposit_share_bps": planned.deposit.share_bps,
        "deposit_fixed": planned.deposit.fixed,
        "commission_note": planned.commission_note if planned.commission_agreed else None,
        "deposit_reason": planned.deposit_reason or None,
    }


RULES = tuple(
    RoundRow.__table__.c[name]
    for name in (
        "extension_kind",
        "extension_trigger_s",
        "extension_length_s",
        "extension_cap_s",
        "max_steps",
        "raise_own_bid",
        "collar",
        "min_bidding",
    )
)
"""The columns that make a round's rules, as `rules_of` takes them."""


@lru_cache(maxsize=64)
def rules_of(  # noqa: PLR0917 (a row, column by column)
    kind: ExtensionKind,
    trigger_s: int,
    length_s: int,
    cap_s: int | None,
    max_steps: int,
    raise_own_bid: bool,  # noqa: FBT001 (a column)
    collar: int,
    min_bidding: int,
) -> Rules:
    """Return what bidding goes by."""
    return Rules(
        extension=Extension(
            kind=kind,
            trigger=timedelta(seconds=trigger_s),
            length=timedelta(seconds=length_s),
            cap=None if cap_s is None else timedelta(seconds=cap_s),
        ),
        max_steps=max_steps,
        raise_own_bid=raise_own_bid,
        collar=collar,
        min_bidding=min_bidding,
    )


class RoundMarketRow(Row):
    """A market that takes part in holding a round."""

    __tablename__ = "round_markets"

    round_id: Mapped[int] = mapped_column(ForeignKey("rounds.id"), primary_key=True)
    market_key: Mapped[str] = mapped_column(ForeignKey("markets.key"), primary_key=True)

    round: Mapped[RoundRow] = relationship(back_populates="markets")
    market: Mapped[MarketRow] = relationship()


class ResultRow(Row):
    """A scientific result (科技成果), described by its institute."""

    __tablename__ = "results"
    __table_args__ = (CheckConstraint("maturity BETWEEN 1 AND 9", name="maturity"), NEVER_AGAIN)

    id: Mapped[int] = mapped_column(primary_key=True)
    institute_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), index=True)
    field_key: Mapped[str] = mapped_column(ForeignKey("fields.key"), index=True)
    title_zh: Mapped[str] = mapped_column(String(200))
    title_en: Mapped[str] = mapped_column(String(300))
    summary_zh: Mapped[str] = mapped_column(Text, default="")
    summary_en: Mapped[str] = mapped_column(Text, default="")
    owners: Mapped[str] = mapped_column(String(500), default="")
    rights: Mapped[str] = mapped_column(String(500), default="")
    maturity: Mapped[int]
    instrument: Mapped[Instrument] = mapped_column(enum_column(Instrument, "instrument"))
    synthetic: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]

    institute: Mapped[OrganisationRow] = relationship()
    field: Mapped[FieldRow] = relationship()

    @property
    def title(self) -> Name:
        """Return the title in both languages."""
        return Name(self.title_zh, self.title_en)

    @property
    def summary(self) -> Name:
        """Return the summary in both languages."""
        return Name(self.summary_zh, self.summary_en)

    def as_described(self) -> Described:
        """Return the result as its institute describes it."""
        return Described(**{name: getattr(self, name) for name in _DESCRIBED}, field=self.field_key)

    def described(self) -> dict[str, str | int]:
        """Return what is offered and by whom, as the record vouches for it."""
        return {
            "title_zh": self.title_zh,
            "title_en": self.title_en,
            "summary_zh": self.summary_zh,
            "summary_en": self.summary_en,
            "field": self.field_key,
            "maturity": self.maturity,
            "instrument": self.instrument.value,
            "owners": self.owners,
            "rights": self.rights,
            "institute": self.institute.credit_code,
        }


_DESCRIBED = tuple(each.name for each in fields(Described) if each.name in ResultRow.__table__.c)
"""What a result and its row call alike."""


class LotRow(Row):
    """A result in a round (标的), and the present state of its sale: the record's last word, kept for speed.

    It has no reserve: that stands in `ReserveRow`, which only the sealing officer's page and the hammer read.
    """

    __tablename__ = "lots"
    __table_args__ = (
        UniqueConstraint("round_id", "number"),
        UniqueConstraint("round_id", "result_id"),
        CheckConstraint("start >= 0 AND increment > 0", name="prices"),
        CheckConstraint("(standing_paddle IS NULL) = (standing_amount IS NULL)", name="standing"),
        CheckConstraint("seq >= 0 AND run >= 0 AND bids >= 0", name="counts"),
        CheckConstraint("refused >= 0 AND (refused = 0) = (refused_head IS NULL)", name="refused"),
        CheckConstraint("stage IN ('submitted', 'returned') OR number IS NOT NULL", name="numbered"),
        Index("ix_lots_open", "stage", "closes_at"),
        NEVER_AGAIN,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    round_id: Mapped[int] = mapped_column(ForeignKey("rounds.id"), index=True)
    result_id: Mapped[int] = mapped_column(ForeignKey("results.id"), index=True)
    market_key: Mapped[str] = mapped_column(ForeignKey("markets.key"))
    format: Mapped[Format] = mapped_column(enum_column(Format, "format"), default=Format.ASCENDING)
    number: Mapped[int | None]
    start: Mapped[Money | None]
    increment: Mapped[Money | None]
    ladder: Mapped[list[list[int]] | None] = mapped_column(JSON(none_as_null=True))
    reserve_announced: Mapped[bool] = mapped_column(default=False)
    return_reason: Mapped[str] = mapped_column(String(500), default="")
    submitted_at: Mapped[datetime]

    stage: Mapped[Stage] = mapped_column(enum_column(Stage, "stage"), default=Stage.SUBMITTED)
    seq: Mapped[int] = mapped_column(default=0)
    head_hash: Mapped[str | None] = mapped_column(String(64))
    run: Mapped[int] = mapped_column(default=0)
    bids: Mapped[int] = mapped_column(default=0)
    refused: Mapped[int] = mapped_column(default=0, server_default="0")
    refused_head: Mapped[str | None] = mapped_column(String(64))
    standing_paddle: Mapped[int | None]
    standing_amount: Mapped[Money | None]
    standing_at: Mapped[datetime | None]
    standing_rank: Mapped[int | None]
    bidders: Mapped[list[int]] = mapped_column(JSON, default=list)
    opens_at: Mapped[datetime | None]
    closes_at: Mapped[datetime | None]
    scheduled_closes_at: Mapped[datetime | None]
    stopped_at: Mapped[datetime | None]
    stop_reason: Mapped[str] = mapped_column(String(500), default="")
    key_missing_at: Mapped[datetime | None]
    last_at: Mapped[datetime | None]

    round: Mapped[RoundRow] = relationship(back_populates="lots")
    result: Mapped[ResultRow] = relationship()
    market: Mapped[MarketRow] = relationship()

    def increments(self) -> Ladder:
        """Return the lot's increments: its ladder, or the one increment."""
        assert self.increment is not None
        return Ladder.from_json(self.ladder) if self.ladder else Ladder.flat(self.increment)

    def refusals(self) -> Chain:
        """Return the chain of what was refused at the lot, as long as it is now."""
        return Chain(self.refused, self.refused_head or GENESIS)

    def terms(self) -> Terms:
        """Return the terms on which the lot is to be sold."""
        return Terms(start=self.start, increment=self.increment, reserve_announced=self.reserve_announced)

    def listed(self) -> ListedLot:
        """Return what its round must know of the lot to be published."""
        return ListedLot(number=self.number or 0, start=self.start, increment=self.increment)

    def is_past_close(self, now: datetime) -> bool:
        """Return whether the close of an open lot has come, or had come when its hammer began to wait for a key."""
        return self.key_missing_at is not None or (self.closes_at is not None and now >= self.closes_at)

    def to_core(self, rules: Rules) -> Lot:
        """Return the lot as the core knows it.

        :raises LotNeverOpened: it has no times yet, or never got any
        """
        if self.start is None or self.opens_at is None or self.closes_at is None or self.scheduled_closes_at is None:
            raise LotNeverOpened
        standing = None
        if self.standing_paddle is not None:
            assert self.standing_amount is not None
            assert self.standing_at is not None
            standing = Bid(self.standing_paddle, self.standing_amount, self.standing_at, self.standing_rank)
        return Lot(
            stage=self.stage,
            start=self.start,
            ladder=self.increments(),
            rules=rules,
            opens_at=self.opens_at,
            closes_at=self.closes_at,
            scheduled_closes_at=self.scheduled_closes_at,
            format=self.format,
            standing=standing,
            bidders=frozenset(self.bidders),
            held=self.key_missing_at is not None,
        )


class ReserveRow(Row):
    """A sealed reserve (保留价). Until the hammer, or an entry after a lost key, its sum stands in `sealed` alone."""

    __tablename__ = "reserves"
    __table_args__ = (
        CheckConstraint("amount >= 0", name="amount"),
        CheckConstraint("(sealed IS NULL) = (key_id IS NULL)", name="sealed"),
        CheckConstraint("sealed IS NOT NULL OR amount IS NOT NULL", name="known"),
        CheckConstraint("(amount IS NULL) = (salt IS NULL)", name="opened"),
    )

    lot_id: Mapped[int] = mapped_column(ForeignKey("lots.id"), primary_key=True)
    amount: Mapped[Money | None]
    salt: Mapped[str | None] = mapped_column(String(64))
    sealed: Mapped[str | None] = mapped_column(String(500))
    key_id: Mapped[str | None] = mapped_column(String(64))
    commitment: Mapped[str] = mapped_column(String(64))
    sealed_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    sealed_at: Mapped[datetime]
    opened_at: Mapped[datetime | None]

    lot: Mapped[LotRow] = relationship()

    def opened(self) -> Sealed | None:
        """Return the reserve and its salt, where they stand open."""
        if self.amount is None or self.salt is None:
            return None
        return Sealed(self.amount, self.salt)


class WatchRow(Row):
    """A lot that a user watches."""

    __tablename__ = "watches"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
    lot_id: Mapped[int] = mapped_column(ForeignKey("lots.id"), primary_key=True, index=True)

    user: Mapped[UserRow] = relationship()
    lot: Mapped[LotRow] = relationship()
