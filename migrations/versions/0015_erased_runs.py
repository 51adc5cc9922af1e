"""Runs that were erased: what a log or a program tells of them later is not stored."""

import sqlalchemy as sa
from alembic import op

from whorl.platform.database.rls import APP_ROLE, isolate

revision = "0015"
down_revision = "0014"

# A process that did not know may write the row of a run that it ends again, from its log.
_REFUSE = """
CREATE FUNCTION refuse_erased_run() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM erased_runs e WHERE e.tenant_id = NEW.tenant_id AND e.run_id = NEW.id) THEN
        RETURN NULL;
    END IF;
    RETURN NEW;
END $$
"""


def upgrade() -> None:
    op.create_table(
        "erased_runs",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_erased_runs_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "run_id", name=op.f("pk_erased_runs")),
    )
    for statement in isolate("erased_runs"):
        op.execute(statement)
    # What was erased stays so.
    op.execute(f"REVOKE UPDATE, DELETE ON erased_runs FROM {APP_ROLE}")
    op.execute(_REFUSE)
    op.execute(
        "CREATE TRIGGER refuse_erased BEFORE INSERT ON runs FOR EACH ROW EXECUTE FUNCTION refuse_erased_run()"
    )
