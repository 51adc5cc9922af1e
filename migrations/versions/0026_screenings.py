"""What tools returned to runs is screened soon after they end: which runs wait for it, and what was seen."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from whorl.platform.database.rls import isolate

revision = "0026"
down_revision = "0025"

_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("runs", sa.Column("screened_at", _MOMENT, nullable=True))
    op.create_index(
        "ix_runs_unscreened",
        "runs",
        ["tenant_id", "started_at"],
        postgresql_where=sa.text("status = 'succeeded' AND screened_at IS NULL"),
    )
    op.create_table(
        "screenings",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("looks", JSONB(), nullable=False),
        sa.Column("screened_at", _MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_screenings_tenant_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "run_id"], ["runs.tenant_id", "runs.id"],
            name=op.f("fk_screenings_tenant_id_run_id"), ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "run_id", name=op.f("pk_screenings")),
    )  # fmt: skip
    for statement in isolate("screenings"):
        op.execute(statement)
