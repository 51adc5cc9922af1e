"""Who is learnt from: what a workspace's rule is, and what people have said."""

import sqlalchemy as sa
from alembic import op

from whorl.platform.database.rls import isolate

revision = "0019"
down_revision = "0018"

_MOMENT = sa.DateTime(timezone=True)
_FILL = """
INSERT INTO consents (tenant_id, person, training, changed_at)
SELECT m.tenant_id, m.user_id, false, now() FROM memberships m WHERE NOT m.training
ON CONFLICT DO NOTHING
"""


def upgrade() -> None:
    op.create_table(
        "consent_rules",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("rule", sa.String(), nullable=False),
        sa.Column("changed_at", _MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_consent_rules_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", name=op.f("pk_consent_rules")),
    )
    op.create_table(
        "consents",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("person", sa.Uuid(), nullable=False),
        sa.Column("training", sa.Boolean(), nullable=False),
        sa.Column("changed_at", _MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_consents_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "person", name=op.f("pk_consents")),
    )
    # An owner that is no superuser sees no tenant's rows while the policy holds for it, too.
    op.execute("ALTER TABLE memberships NO FORCE ROW LEVEL SECURITY")
    op.execute(_FILL)
    op.execute("ALTER TABLE memberships FORCE ROW LEVEL SECURITY")
    op.alter_column("memberships", "training", server_default=sa.true())
    for table in ("consent_rules", "consents"):
        for statement in isolate(table):
            op.execute(statement)
