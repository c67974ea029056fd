"""What needs a word: an agreed commission, an unusual deposit, a credit code that was accepted though it does not check."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("rounds", sa.Column("commission_note", sa.String(length=500), nullable=True))
    op.add_column("rounds", sa.Column("deposit_reason", sa.String(length=500), nullable=True))
    op.add_column("organisations", sa.Column("code_accepted_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("organisations", "code_accepted_at")
    op.drop_column("rounds", "deposit_reason")
    op.drop_column("rounds", "commission_note")
