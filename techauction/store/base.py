"""What every row shares: names of constraints, and columns for money, instants and enumerations."""

from collections.abc import Callable
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, DateTime, Dialect, Enum, MetaData
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.types import TypeDecorator

from techauction.core.money import Money


class MoneyColumn(TypeDecorator[Money]):
    """A sum in fen, kept as BIGINT."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: Money | None, dialect: Dialect) -> int | None:
        """Return the fen."""
        del dialect
        return None if value is None else value.minor

    def process_result_value(self, value: int | None, dialect: Dialect) -> Money | None:
        """Return the sum."""
        del dialect
        return None if value is None else Money(value)


@lru_cache(maxsize=1_024)
def _text(value: datetime | None) -> str | None:
    """Return SQLite's text for an instant, as `2026-11-21 10:00:00.000000`, in a tenth of the time that SQLAlchemy takes.

    What a bid keeps has the same instant in more than one row.
    """
    utc = _in_utc(value)
    return None if utc is None else utc.isoformat(" ", "microseconds").removesuffix("+00:00")


def _from_text(text: str | None) -> datetime | None:
    """Return the instant that `_text` wrote."""
    return None if text is None else datetime.fromisoformat(f"{text}+00:00")


def _in_utc(value: datetime | None) -> datetime | None:
    """Return the instant as it is kept; a naive one is a bug."""
    if value is None:
        return None
    assert value.tzinfo is not None, "instants are aware"
    return value if value.tzinfo is UTC else value.astimezone(UTC)


class Instant(TypeDecorator[datetime]):
    """An aware instant in UTC, exact to the microsecond on every database."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Callable[[datetime | None], Any] | None:
        """Return what makes an instant what the driver takes."""
        return _text if dialect.name == "sqlite" else super().bind_processor(dialect)

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], datetime | None] | None:
        """Return what makes an instant of what the driver found."""
        return _from_text if dialect.name == "sqlite" else super().result_processor(dialect, coltype)

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return the instant as the database keeps it; a naive one is a bug."""
        del dialect
        return _in_utc(value)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return the instant, aware and in UTC."""
        del dialect
        return None if value is None else value.astimezone(UTC)


def enum_column(kind: type[StrEnum], name: str) -> Enum:
    """Return a text column that only holds the enumeration's values, by CHECK constraint `name`."""
    return Enum(
        kind,
        name=name,
        native_enum=False,
        create_constraint=True,
        length=32,
        values_callable=lambda members: [member.value for member in members],
    )


NEVER_AGAIN = {"sqlite_autoincrement": True}
"""For tables whose rows may be deleted, with a copy of a round: an id that was told is never another row's."""


class Row(DeclarativeBase):
    """A row of the database."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {Money: MoneyColumn, datetime: Instant}  # noqa: RUF012 (SQLAlchemy's own form)


def decided_by_two() -> tuple[CheckConstraint, ...]:
    """Return what holds of a table of requests: whoever asked may take one back, and only another decides it."""
    return (
        CheckConstraint("(decision IS NULL) = (decided_at IS NULL)", name="decided"),
        CheckConstraint("decision IS NULL OR decision = 'taken_back' OR decided_by_id <> asked_by_id", name="two"),
        CheckConstraint("expires_at > asked_at", name="expiry"),
    )
