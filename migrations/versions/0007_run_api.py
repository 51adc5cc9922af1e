"""Events and approvals of runs, and answers kept by idempotency key."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from whorl.platform.database.rls import isolate

revision = "0007"
down_revision = "0006"

_JSON = postgresql.JSONB(astext_type=sa.Text())
_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("runs", sa.Column("resume", _JSON, nullable=True))
    op.add_column("runs", sa.Column("resumed_at", _MOMENT, nullable=True))
    op.add_column("runs", sa.Column("cancel_at", _MOMENT, nullable=True))
    op.create_table(
        "run_events",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("event", sa.String(), nullable=False),
        sa.Column("data", _JSON, nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        *_run_key("run_events"),
        sa.PrimaryKeyConstraint("tenant_id", "run_id", "number", name=op.f("pk_run_events")),
    )
    op.create_index(op.f("ix_run_events_tenant_id_created_at"), "run_events", ["tenant_id", "created_at"])
    op.create_table(
        "approvals",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("step", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("call_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("arguments", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("edited", sa.String(), nullable=True),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("decided_by", sa.String(), nullable=True),
        sa.Column("asked_at", _MOMENT, nullable=False),
        sa.Column("decided_at", _MOMENT, nullable=True),
        *_run_key("approvals"),
        sa.PrimaryKeyConstraint("tenant_id", "run_id", "step", "call_id", name=op.f("pk_approvals")),
    )
    op.create_table(
        "idempotent_answers",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("caller", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("request_hash", sa.String(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("answer", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("expires_at", _MOMENT, nullable=False),
        _tenant_key("idempotent_answers"),
        sa.PrimaryKeyConstraint("tenant_id", "caller", "key", name=op.f("pk_idempotent_answers")),
    )
    op.create_index(
        op.f("ix_idempotent_answers_tenant_id_expires_at"), "idempotent_answers", ["tenant_id", "expires_at"]
    )
    for table in ("run_events", "approvals", "idempotent_answers"):
        for statement in isolate(table):
            op.execute(statement)


def _tenant_key(table: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_tenant_id")
    return sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=name, ondelete="CASCADE")


def _run_key(table: str) -> tuple[sa.ForeignKeyConstraint, sa.ForeignKeyConstraint]:
    name = op.f(f"fk_{table}_tenant_id_run_id")
    run = sa.ForeignKeyConstraint(
        ["tenant_id", "run_id"], ["runs.tenant_id", "runs.id"], name=name, ondelete="CASCADE"
    )
    return run, _tenant_key(table)
