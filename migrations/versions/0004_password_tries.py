"""Passwords that were tried are counted in the database, for all processes together."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "password_tries",
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_password_tries")),
    )
    op.create_index(op.f("ix_password_tries_began_at"), "password_tries", ["began_at"])


def downgrade() -> None:
    """Drop it."""
    op.drop_table("password_tries")
