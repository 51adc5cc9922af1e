"""Messages that came as log events wait for the spans of their calls, and are joined to them.

Spans are otherwise as they were stored: the application may change them by this function alone, and only those that other
programs sent.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from whorl.platform.database.rls import APP_ROLE, TENANT_SETTING, isolate

revision = "0035"
down_revision = "0034"

_JOIN = f"""
CREATE FUNCTION join_messages(p_spans jsonb) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    UPDATE spans s SET operation = j.operation, attributes = j.attributes, events = j.events,
        redaction_policy = j.redaction_policy, redactions = j.redactions, content_dropped = j.content_dropped
    FROM jsonb_to_recordset(p_spans) AS j (
        trace_id text, span_id text, start_ns bigint, operation text, attributes jsonb, events jsonb,
        redaction_policy text, redactions jsonb, content_dropped boolean
    )
    WHERE s.tenant_id = nullif(current_setting('{TENANT_SETTING}', true), '')::uuid
    AND s.trace_id = j.trace_id AND s.span_id = j.span_id AND s.start_ns = j.start_ns AND s.attributes ? 'whorl.source'
$$
"""


def upgrade() -> None:
    op.create_table(
        "waiting_messages",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("trace_id", sa.String(), nullable=False),
        sa.Column("span_id", sa.String(), nullable=False),
        sa.Column("event", JSONB(), nullable=True),
        sa.Column("redaction_policy", sa.String(), nullable=False),
        sa.Column("redactions", JSONB(), nullable=False),
        sa.Column("content_dropped", sa.Boolean(), nullable=False),
        sa.Column("came_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_waiting_messages_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_waiting_messages")),
    )
    for column in ("run_id", "trace_id"):
        op.create_index(
            op.f(f"ix_waiting_messages_tenant_id_{column}"), "waiting_messages", ["tenant_id", column]
        )
    for statement in (
        *isolate("waiting_messages"),
        _JOIN,
        "REVOKE ALL ON FUNCTION join_messages FROM PUBLIC",
        f"GRANT EXECUTE ON FUNCTION join_messages TO {APP_ROLE}",
    ):
        op.execute(statement)
