"""When a lot's last event was: no offer stands before it, however early it was here."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

LOTS = sa.table("lots", sa.column("id", sa.Integer), sa.column("seq", sa.Integer), sa.column("last_at", sa.DateTime))
RECORD = sa.table("record", sa.column("lot_id", sa.Integer), sa.column("seq", sa.Integer), sa.column("at", sa.DateTime))


def upgrade() -> None:
    op.add_column("lots", sa.Column("last_at", sa.DateTime(timezone=True), nullable=True))
    last = sa.select(RECORD.c.at).where(RECORD.c.lot_id == LOTS.c.id, RECORD.c.seq == LOTS.c.seq).scalar_subquery()
    op.execute(sa.update(LOTS).where(LOTS.c.seq > 0).values(last_at=last))


def downgrade() -> None:
    op.drop_column("lots", "last_at")
