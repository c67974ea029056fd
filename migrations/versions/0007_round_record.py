"""A record of each round's own, to which paddles are bound; new names of organisations, agreed on by two.

Paddles that were issued before are bound now, to the code and names that their bidders have today, and `bound_at` in their
events says so. Rounds that closed before keep their digest, of version 1.
"""

import hashlib
import secrets
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

import rfc8785
import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

GENESIS = "0" * 64
ROUNDS = sa.table(
    "rounds", sa.column("id", sa.Integer), sa.column("slug"), sa.column("digest"), sa.column("digest_version", sa.Integer)
)
ORGANISATIONS = sa.table(
    "organisations", sa.column("id", sa.Integer), sa.column("credit_code"), sa.column("name_zh"), sa.column("name_en")
)
ADMISSIONS = sa.table("admissions", sa.column("paddle_id", sa.Integer), sa.column("lot_id", sa.Integer))
PADDLES = sa.table(
    "paddles",
    sa.column("id", sa.Integer),
    sa.column("round_id", sa.Integer),
    sa.column("organisation_id", sa.Integer),
    sa.column("number", sa.Integer),
    sa.column("issued_at", sa.DateTime(timezone=True)),
    sa.column("voided_at", sa.DateTime(timezone=True)),
    sa.column("credit_code", sa.String),
    sa.column("name_zh", sa.String),
    sa.column("name_en", sa.String),
    sa.column("salt", sa.String),
)
RECORD = sa.table(
    "round_record",
    sa.column("round_id", sa.Integer),
    sa.column("seq", sa.Integer),
    sa.column("kind", sa.String),
    sa.column("at", sa.DateTime(timezone=True)),
    sa.column("data", sa.JSON),
    sa.column("prev_hash", sa.String),
    sa.column("hash", sa.String),
)


def upgrade() -> None:
    op.create_table(
        "round_record",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "paddle_issued",
                "paddle_voided",
                "bidder_renamed",
                "round_opened",
                name="kind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("prev_hash", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.CheckConstraint("seq >= 1", name=op.f("ck_round_record_seq")),
        sa.ForeignKeyConstraint(["round_id"], ["rounds.id"], name=op.f("fk_round_record_round_id_rounds")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_round_record")),
        sa.UniqueConstraint("round_id", "seq", name=op.f("uq_round_record_round_id_seq")),
    )
    op.create_table(
        "renames",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("old_zh", sa.String(length=200), nullable=False),
        sa.Column("old_en", sa.String(length=200), nullable=False),
        sa.Column("new_zh", sa.String(length=200), nullable=False),
        sa.Column("new_en", sa.String(length=200), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("asked_by_id", sa.Integer(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "decision",
            sa.Enum(
                "approved", "declined", "taken_back", name="decision", native_enum=False, create_constraint=True, length=32
            ),
            nullable=True,
        ),
        sa.Column("decided_by_id", sa.Integer(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(decision IS NULL) = (decided_at IS NULL)", name=op.f("ck_renames_decided")),
        sa.CheckConstraint(
            "decision IS NULL OR decision = 'taken_back' OR decided_by_id <> asked_by_id", name=op.f("ck_renames_two")
        ),
        sa.CheckConstraint("expires_at > asked_at", name=op.f("ck_renames_expiry")),
        sa.ForeignKeyConstraint(["asked_by_id"], ["users.id"], name=op.f("fk_renames_asked_by_id_users")),
        sa.ForeignKeyConstraint(["decided_by_id"], ["users.id"], name=op.f("fk_renames_decided_by_id_users")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_renames_organisation_id_organisations")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_renames")),
    )
    op.create_index(op.f("ix_renames_organisation_id"), "renames", ["organisation_id"])
    op.add_column("rounds", sa.Column("digest_version", sa.Integer(), nullable=True))
    for name, length in (("credit_code", 18), ("name_zh", 200), ("name_en", 200), ("salt", 64)):
        op.add_column("paddles", sa.Column(name, sa.String(length=length), nullable=True))
    op.execute(ROUNDS.update().where(ROUNDS.c.digest.is_not(None)).values(digest_version=1))
    _bind(op.get_bind(), datetime.now(UTC))


def downgrade() -> None:
    for name in ("salt", "name_en", "name_zh", "credit_code"):
        op.drop_column("paddles", name)
    op.drop_column("rounds", "digest_version")
    op.drop_table("renames")
    op.drop_table("round_record")


def _bind(connection: sa.Connection, bound_at: datetime) -> None:
    """Bind every paddle that was issued, round by round, and put it on the round's record in the order of what happened."""
    issued = (
        sa.select(
            PADDLES.c.id,
            PADDLES.c.round_id,
            PADDLES.c.number,
            PADDLES.c.issued_at,
            PADDLES.c.voided_at,
            ROUNDS.c.slug,
            ORGANISATIONS.c.credit_code,
            ORGANISATIONS.c.name_zh,
            ORGANISATIONS.c.name_en,
        )
        .join_from(PADDLES, ROUNDS, PADDLES.c.round_id == ROUNDS.c.id)
        .join(ORGANISATIONS, PADDLES.c.organisation_id == ORGANISATIONS.c.id)
        .where(PADDLES.c.number.is_not(None))
        .order_by(PADDLES.c.round_id, PADDLES.c.number)
    )
    for _, together in groupby(connection.execute(issued).all(), key=lambda each: each.round_id):
        paddles = list(together)
        events = []
        for paddle in paddles:
            salt = secrets.token_hex(32)
            bidder = {"credit_code": paddle.credit_code, "name_zh": paddle.name_zh, "name_en": paddle.name_en}
            connection.execute(PADDLES.update().where(PADDLES.c.id == paddle.id).values(salt=salt, **bidder))
            lots = connection.scalars(
                sa.select(ADMISSIONS.c.lot_id).where(ADMISSIONS.c.paddle_id == paddle.id).order_by(ADMISSIONS.c.lot_id)
            ).all()
            of = {"round": paddle.slug, "paddle": paddle.number, "salt": salt}
            said = {
                "paddle": paddle.number,
                "binding": _digest(of | bidder),
                "lots": _digest(of | {"lots": list(lots)}),
                "bound_at": _instant(bound_at),
            }
            events.append((paddle.issued_at, "paddle_issued", said))
            if paddle.voided_at is not None:
                events.append((paddle.voided_at, "paddle_voided", {"paddle": paddle.number, "bound_at": _instant(bound_at)}))
        rows = list(_chained(paddles[0].round_id, paddles[0].slug, sorted(events, key=lambda each: each[0])))
        connection.execute(RECORD.insert(), rows)


def _chained(round_id: int, slug: str, events: list[tuple[datetime, str, dict[str, Any]]]) -> Iterator[dict[str, Any]]:
    prev_hash = GENESIS
    for seq, (at, kind, data) in enumerate(events, 1):
        head = {"v": 1, "round": slug, "seq": seq, "kind": kind, "at": _instant(at), "data": data, "prev_hash": prev_hash}
        row = {"round_id": round_id, "seq": seq, "kind": kind, "at": at, "data": data, "prev_hash": prev_hash}
        prev_hash = _digest(head)
        yield row | {"hash": prev_hash}


def _instant(at: datetime) -> str:
    aware = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    return aware.isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"


def _digest(said: dict[str, Any]) -> str:
    return hashlib.sha256(rfc8785.dumps(said)).hexdigest()
