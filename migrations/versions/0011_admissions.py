"""Requests that were let in, counted by the minute: runs and embeddings together."""

import sqlalchemy as sa
from alembic import op

from whorl.platform.database.rls import isolate

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.create_table(
        "admissions",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("requests", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_admissions_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "at", name=op.f("pk_admissions")),
    )
    for statement in isolate("admissions"):
        op.execute(statement)
