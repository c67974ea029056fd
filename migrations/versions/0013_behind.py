"""The lots for which a process has decided less than for all others."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("processes", sa.Column("behind", sa.JSON(), nullable=False, server_default="{}"))


def downgrade() -> None:
    op.drop_column("processes", "behind")
