"""A round that is being loaded, and the organisations that come with it: nobody sees them before the last step."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("rounds", sa.Column("loading_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("organisations", sa.Column("loaded_with_id", sa.Integer(), nullable=True))
    op.create_index("ix_organisations_loaded_with_id", "organisations", ["loaded_with_id"])


def downgrade() -> None:
    op.drop_index("ix_organisations_loaded_with_id", "organisations")
    op.drop_column("organisations", "loaded_with_id")
    op.drop_column("rounds", "loading_at")
