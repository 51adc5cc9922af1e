"""Questions of evaluations that datasets are checked against, whether they were ever run or not."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from whorl.platform.database.rls import isolate

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    op.create_table(
        "evaluation_sets",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("questions", JSONB(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_evaluation_sets_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "digest", name=op.f("pk_evaluation_sets")),
    )
    for statement in isolate("evaluation_sets"):
        op.execute(statement)
