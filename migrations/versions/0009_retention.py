"""How long runs and conversations are kept; the application may see which schema it runs on."""

import sqlalchemy as sa
from alembic import op

from whorl.platform.database.rls import APP_ROLE, isolate

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.create_table(
        "retentions",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("run_days", sa.Integer(), nullable=True),
        sa.Column("conversation_days", sa.Integer(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_retentions_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", name=op.f("pk_retentions")),
    )
    for statement in isolate("retentions"):
        op.execute(statement)
    op.execute(f"GRANT SELECT ON alembic_version TO {APP_ROLE}")
