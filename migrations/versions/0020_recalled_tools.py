"""Tools that a workspace recalled: its agents are not offered them until they are released."""

import sqlalchemy as sa
from alembic import op

from whorl.platform.database.rls import isolate

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    op.create_table(
        "recalled_tools",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("recalled_by", sa.Text(), nullable=False),
        sa.Column("recalled_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_recalled_tools_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "name", name=op.f("pk_recalled_tools")),
    )
    for statement in isolate("recalled_tools"):
        op.execute(statement)
