"""Receipts of erasures and recalls."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from whorl.platform.database.rls import isolate

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "receipts",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("counts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_receipts_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_receipts")),
    )
    for statement in isolate("receipts"):
        op.execute(statement)


def downgrade() -> None:
    op.drop_table("receipts")
