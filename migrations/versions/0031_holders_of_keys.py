"""Who holds which API keys, asked in one way to the database and back."""

from alembic import op

revision = "0031"
down_revision = "0030"

_HOLDERS = """
CREATE FUNCTION holders_of_keys(p_tenant uuid, p_moment timestamptz, p_digests text[]) RETURNS jsonb
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('whorl.tenant_id', p_tenant::text, true);
    RETURN (
        SELECT coalesce(jsonb_agg(jsonb_build_object(
            'digest', k.digest, 'id', k.id, 'name', k.name, 'role', k.role, 'user_id', k.user_id,
            'agents', k.agents, 'models', k.models, 'slug', t.slug
        )), '[]') FROM api_keys k JOIN tenants t ON t.id = k.tenant_id
        WHERE k.tenant_id = p_tenant AND k.digest = ANY (p_digests)
        AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > p_moment)
    );
END $$
"""


def upgrade() -> None:
    op.execute(_HOLDERS)
