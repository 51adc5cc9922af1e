"""Redaction policies: what each tenant wants hidden, one row a change."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from whorl.platform.database.rls import isolate

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "redaction_policies",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("policy", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("hash_key", sa.LargeBinary(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_redaction_policies_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "version", name=op.f("pk_redaction_policies")),
    )
    for statement in isolate("redaction_policies"):
        op.execute(statement)


def downgrade() -> None:
    op.drop_table("redaction_policies")
