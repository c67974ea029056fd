"""A round's own record says that it closed, with what was refused at its lots. What closed before says nothing of it."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

RECORD = sa.table("round_record", sa.column("kind", sa.String))
BEFORE = "kind IN ('paddle_issued', 'paddle_voided', 'bidder_renamed', 'round_opened')"
SINCE = "kind IN ('paddle_issued', 'paddle_voided', 'bidder_renamed', 'round_opened', 'round_closed')"


def upgrade() -> None:
    _allow(SINCE)


def downgrade() -> None:
    # An earlier version cannot read it; that it misses the event, it finds by the round's digest.
    op.execute(sa.delete(RECORD).where(RECORD.c.kind == "round_closed"))
    _allow(BEFORE)


def _allow(kinds: str) -> None:
    with op.batch_alter_table("round_record", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("ck_round_record_kind"), type_="check")
        batch_op.create_check_constraint(op.f("ck_round_record_kind"), kinds)
