"""A row for each process that sells, in place of one pulse for all; and the absences that touched a lot."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "processes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("proven_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_through", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lost_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_processes")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "absences",
        sa.Column("away_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("back_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("set_back", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("away_from", name=op.f("pk_absences")),
    )
    op.create_index(op.f("ix_absences_back_at"), "absences", ["back_at"])
    # The absence of the upgrade itself is seen by the process that begins after it.
    op.execute("INSERT INTO processes (began_at, proven_at, decided_through, ended_at) SELECT at, at, at, at FROM pulse")
    op.drop_table("pulse")


def downgrade() -> None:
    op.create_table(
        "pulse",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_pulse_one")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pulse")),
    )
    op.execute("INSERT INTO pulse (id, at) SELECT 1, MAX(proven_at) FROM processes HAVING MAX(proven_at) IS NOT NULL")
    op.drop_index(op.f("ix_absences_back_at"), table_name="absences")
    op.drop_table("absences")
    op.drop_table("processes")
