"""Notices that could not be mailed are given up, and say why."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add how often a notice was tried, when it was given up, and why."""
    with op.batch_alter_table("notices") as table:
        table.add_column(sa.Column("tries", sa.Integer(), nullable=False, server_default="0"))
        table.add_column(sa.Column("given_up_at", sa.DateTime(timezone=True), nullable=True))
        table.add_column(sa.Column("failure", sa.String(300), nullable=False, server_default=""))
        table.create_index("ix_notices_given_up_at", ["given_up_at"])


def downgrade() -> None:
    """Forget it."""
    with op.batch_alter_table("notices") as table:
        table.drop_index("ix_notices_given_up_at")
        table.drop_column("failure")
        table.drop_column("given_up_at")
        table.drop_column("tries")
