"""A request whose matter had changed when it was approved is closed as stale."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

APPROVALS = sa.table("approvals", sa.column("decision", sa.String))
BEFORE = "decision IN ('approved', 'declined', 'taken_back')"
SINCE = "decision IN ('approved', 'declined', 'taken_back', 'stale')"


def upgrade() -> None:
    _allow(SINCE)


def downgrade() -> None:
    op.execute(sa.update(APPROVALS).where(APPROVALS.c.decision == "stale").values(decision="declined"))
    _allow(BEFORE)


def _allow(decisions: str) -> None:
    with op.batch_alter_table("approvals", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("ck_approvals_decision"), type_="check")
        batch_op.create_check_constraint(op.f("ck_approvals_decision"), decisions)
