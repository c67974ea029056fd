"""What was refused gets a chain of its own: a place and a hash for each offer, and the chain's head beside the lot's.

What was refused before stands in no chain. A lot that is being sold has its next refused offer at the first place.

Columns are added and dropped in place: to make the tables anew on SQLite would delete what refers to their rows.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

PLACED = sa.text("place IS NOT NULL")


def upgrade() -> None:
    for column in (
        "place INTEGER CONSTRAINT ck_offers_place CHECK (place IS NULL OR (place >= 1 AND code IS NOT NULL))",
        "hash VARCHAR(64) CONSTRAINT ck_offers_hash CHECK ((place IS NULL) = (hash IS NULL))",
        "lot_seq INTEGER CONSTRAINT ck_offers_lot_seq CHECK ((place IS NULL) = (lot_seq IS NULL))",
    ):
        op.execute(f"ALTER TABLE offers ADD COLUMN {column}")
    op.create_index("uq_offers_place", "offers", ["lot_id", "place"], unique=True, sqlite_where=PLACED, postgresql_where=PLACED)
    for column in (
        "refused INTEGER DEFAULT 0 NOT NULL",
        "refused_head VARCHAR(64) CONSTRAINT ck_lots_refused CHECK (refused >= 0 AND (refused = 0) = (refused_head IS NULL))",
    ):
        op.execute(f"ALTER TABLE lots ADD COLUMN {column}")


def downgrade() -> None:
    for column in ("refused_head", "refused"):
        op.execute(f"ALTER TABLE lots DROP COLUMN {column}")
    op.drop_index("uq_offers_place", table_name="offers")
    for column in ("lot_seq", "hash", "place"):
        op.execute(f"ALTER TABLE offers DROP COLUMN {column}")
