"""The runs of each dataset as rows, by which is asked which dataset a run is in: a manifest may name a million.

A trigger keeps them as the manifests have them, also those that an app of the release before writes.
"""

import sqlalchemy as sa
from alembic import op

from whorl.platform.database.rls import isolate

revision = "0018"
down_revision = "0017"

_KEEP = """
CREATE FUNCTION keep_dataset_runs() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        DELETE FROM dataset_runs d WHERE d.tenant_id = NEW.tenant_id AND d.dataset_id = NEW.id AND NOT EXISTS (
            SELECT FROM jsonb_array_elements_text(NEW.manifest -> 'runs') AS run WHERE run::uuid = d.run_id
        );
    END IF;
    INSERT INTO dataset_runs (tenant_id, dataset_id, run_id)
        SELECT NEW.tenant_id, NEW.id, run::uuid FROM jsonb_array_elements_text(NEW.manifest -> 'runs') AS run
        ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$
"""
_FILL = """
INSERT INTO dataset_runs (tenant_id, dataset_id, run_id)
SELECT d.tenant_id, d.id, run::uuid FROM datasets d, jsonb_array_elements_text(d.manifest -> 'runs') AS run
ON CONFLICT DO NOTHING
"""


def upgrade() -> None:
    op.create_table(
        "dataset_runs",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("dataset_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_dataset_runs_tenant_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "dataset_id"], ["datasets.tenant_id", "datasets.id"],
            name=op.f("fk_dataset_runs_tenant_id_dataset_id"), ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "run_id", "dataset_id", name=op.f("pk_dataset_runs")),
    )  # fmt: skip
    op.create_index(op.f("ix_dataset_runs_tenant_id_dataset_id"), "dataset_runs", ["tenant_id", "dataset_id"])
    op.execute(_KEEP)
    op.execute(
        "CREATE TRIGGER keep_runs AFTER INSERT OR UPDATE OF manifest ON datasets "
        "FOR EACH ROW EXECUTE FUNCTION keep_dataset_runs()"
    )
    # An owner that is no superuser sees no tenant's rows while the policy holds for it, too.
    op.execute("ALTER TABLE datasets NO FORCE ROW LEVEL SECURITY")
    op.execute(_FILL)
    op.execute("ALTER TABLE datasets FORCE ROW LEVEL SECURITY")
    for statement in isolate("dataset_runs"):
        op.execute(statement)
