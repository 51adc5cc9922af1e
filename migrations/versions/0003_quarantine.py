"""Quarantine: runs that screening flagged, and what was decided about them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from whorl.platform.database.rls import isolate

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "quarantine",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("held_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("findings", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("decisions", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "run_id"], ["runs.tenant_id", "runs.id"],
            name=op.f("fk_quarantine_tenant_id_run_id"), ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_quarantine_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "run_id", name=op.f("pk_quarantine")),
    )  # fmt: skip
    op.create_index(op.f("ix_quarantine_tenant_id_state"), "quarantine", ["tenant_id", "state"], unique=False)
    for statement in isolate("quarantine"):
        op.execute(statement)


def downgrade() -> None:
    op.drop_table("quarantine")
