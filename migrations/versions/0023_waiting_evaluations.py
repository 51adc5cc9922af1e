"""Evaluations that came as log events and wait for their runs."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from whorl.platform.database.rls import isolate

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    op.create_table(
        "waiting_evaluations",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("trace_id", sa.String(), nullable=False),
        sa.Column("span_id", sa.String(), nullable=True),
        sa.Column("attributes", JSONB(), nullable=False),
        sa.Column("came_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_waiting_evaluations_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_waiting_evaluations")),
    )
    op.create_index(
        op.f("ix_waiting_evaluations_tenant_id_trace_id"), "waiting_evaluations", ["tenant_id", "trace_id"]
    )
    for statement in isolate("waiting_evaluations"):
        op.execute(statement)
