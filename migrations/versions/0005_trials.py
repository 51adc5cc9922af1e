"""Trials of adapters, and the shadow runs that were compared."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from whorl.platform.database.rls import isolate

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "trials",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("agent", sa.String(), nullable=False),
        sa.Column("stage", sa.String(), nullable=False),
        sa.Column("candidate", sa.String(), nullable=False),
        sa.Column("incumbent", sa.String(), nullable=True),
        sa.Column("share", sa.Float(), nullable=False),
        sa.Column("auto", sa.Boolean(), nullable=False),
        sa.Column("forced", sa.Boolean(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("verdict", sa.String(), nullable=False),
        sa.Column("report", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_trials_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_trials")),
    )
    op.create_index(
        "uq_trials_open", "trials", ["tenant_id", "agent", "stage"], unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
    )  # fmt: skip
    op.create_table(
        "shadows",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("trial_id", sa.Uuid(), nullable=False),
        sa.Column("shadow_run_id", sa.Uuid(), nullable=False),
        sa.Column("agrees", sa.Boolean(), nullable=False),
        sa.Column("same_words", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "run_id"], ["runs.tenant_id", "runs.id"],
            name="fk_shadows_run_id", ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "shadow_run_id"], ["runs.tenant_id", "runs.id"],
            name="fk_shadows_shadow_run_id", ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "trial_id"], ["trials.tenant_id", "trials.id"],
            name="fk_shadows_trial_id", ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_shadows_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "run_id", name=op.f("pk_shadows")),
    )  # fmt: skip
    op.create_index(op.f("ix_shadows_tenant_id_trial_id"), "shadows", ["tenant_id", "trial_id"], unique=False)
    for table in ("trials", "shadows"):
        for statement in isolate(table):
            op.execute(statement)


def downgrade() -> None:
    op.drop_table("shadows")
    op.drop_table("trials")
