"""What each tool gave to the runs that were screened: how many texts of what length, and whether any gave an order."""

import sqlalchemy as sa
from alembic import op

from whorl.platform.database.rls import isolate

revision = "0030"
down_revision = "0029"


def upgrade() -> None:
    op.create_table(
        "source_histories",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("tool", sa.String(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("longest", sa.BigInteger(), nullable=False),
        sa.Column("ordered", sa.Boolean(), nullable=False),
        sa.Column("mean", sa.Float(), nullable=False),
        sa.Column("squares", sa.Float(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_source_histories_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "tool", name=op.f("pk_source_histories")),
    )
    for statement in isolate("source_histories"):
        op.execute(statement)
