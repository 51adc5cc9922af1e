"""Workspaces that are being deleted, and those that were: their slugs, which adapters carry, name no other."""

import sqlalchemy as sa
from alembic import op

from whorl.platform.database.rls import APP_ROLE

revision = "0033"
down_revision = "0032"

# Whoever enters meanwhile waits for the closing to be over and is refused then.
_REFUSE = """
CREATE FUNCTION refuse_closed_tenant() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM tenants t WHERE t.id = NEW.tenant_id AND t.closed_at IS NULL FOR KEY SHARE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'The workspace is being deleted.' USING ERRCODE = 'foreign_key_violation';
    END IF;
    RETURN NEW;
END $$
"""
ENTRANCES = ("memberships", "api_keys", "web_sessions")


def upgrade() -> None:
    op.add_column("tenants", sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "deleted_tenants",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("slug", sa.String(), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deleted_tenants")),
        sa.UniqueConstraint("slug", name=op.f("uq_deleted_tenants_slug")),
    )
    # What was deleted stays so.
    op.execute(f"GRANT SELECT, INSERT ON deleted_tenants TO {APP_ROLE}")
    op.execute(_REFUSE)
    for name in ENTRANCES:
        op.execute(
            f"CREATE TRIGGER refuse_closed BEFORE INSERT ON {name} FOR EACH ROW EXECUTE FUNCTION refuse_closed_tenant()"
        )
