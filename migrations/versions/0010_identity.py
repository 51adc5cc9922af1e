"""Single sign-on, what a password opens, invitations, an audit log that is only added to."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from whorl.platform.database.rls import APP_ROLE, isolate

revision = "0010"
down_revision = "0009"

_JSON = postgresql.JSONB(astext_type=sa.Text())
_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    # The audit log is added to and read, nothing else.
    op.execute(f"REVOKE UPDATE, DELETE, TRUNCATE ON audit_events FROM {APP_ROLE}")
    op.add_column(
        "memberships", sa.Column("by_password", sa.Boolean(), server_default=sa.true(), nullable=False)
    )
    op.create_table(
        "sign_on_providers",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("issuer", sa.String(), nullable=False),
        sa.Column("client_id", sa.String(), nullable=False),
        sa.Column("client_secret", sa.LargeBinary(), nullable=False),
        sa.Column("domains", _JSON, nullable=False),
        sa.Column("role", sa.String(), nullable=True),
        sa.Column("updated_at", _MOMENT, nullable=False),
        _tenant_key("sign_on_providers"),
        sa.PrimaryKeyConstraint("tenant_id", name=op.f("pk_sign_on_providers")),
    )
    op.create_table(
        "identities",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("issuer", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_identities_user_id"), ondelete="CASCADE"
        ),
        _tenant_key("identities"),
        sa.PrimaryKeyConstraint("tenant_id", "issuer", "subject", name=op.f("pk_identities")),
    )
    op.create_index(op.f("ix_identities_tenant_id_user_id"), "identities", ["tenant_id", "user_id"])
    op.create_table(
        "sign_on_attempts",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("next", sa.String(), nullable=False),
        sa.Column("expires_at", _MOMENT, nullable=False),
        _tenant_key("sign_on_attempts"),
        sa.PrimaryKeyConstraint("tenant_id", "digest", name=op.f("pk_sign_on_attempts")),
    )
    op.create_table(
        "invitations",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("expires_at", _MOMENT, nullable=False),
        _tenant_key("invitations"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_invitations")),
        sa.UniqueConstraint("tenant_id", "email", name=op.f("uq_invitations_tenant_id_email")),
    )
    for table in ("sign_on_providers", "identities", "sign_on_attempts", "invitations"):
        for statement in isolate(table):
            op.execute(statement)


def _tenant_key(table: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_tenant_id")
    return sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=name, ondelete="CASCADE")
