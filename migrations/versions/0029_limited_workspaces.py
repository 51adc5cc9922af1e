"""Which agents and models a workspace may ask, beside its quotas.

Where models are limited no run begins with a remembered key: it is asked for again on the way that knows the limits.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0029"
down_revision = "0028"

# unknown: keys, by digest, that are not valid now, have another role, or are of a tenant whose models are limited; where
# there is any, nothing begins.
_BEGIN = """
CREATE OR REPLACE FUNCTION begin_runs(
    p_tenant uuid, p_moment timestamptz, p_longest interval, p_runs jsonb, p_keys jsonb,
    OUT unknown text[],
    OUT most_requests integer, OUT most_tokens bigint, OUT most_dollars numeric, OUT most_runs integer,
    OUT tokens bigint, OUT dollars numeric, OUT runs_left integer, OUT requests_left integer,
    OUT again timestamptz, OUT let_in integer
) LANGUAGE plpgsql AS $$
DECLARE
    metered integer;
BEGIN
    PERFORM set_config('whorl.tenant_id', p_tenant::text, true), set_config('synchronous_commit', 'off', true);
    SELECT array_agg(shown.digest) INTO unknown FROM jsonb_to_recordset(p_keys) AS shown (digest text, role text)
        WHERE EXISTS (SELECT FROM quotas q WHERE q.tenant_id = p_tenant AND q.models IS NOT NULL)
        OR NOT EXISTS (
            SELECT FROM api_keys k WHERE k.tenant_id = p_tenant AND k.digest = shown.digest AND k.role = shown.role
            AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > p_moment)
        );
    IF unknown IS NOT NULL THEN
        RETURN;
    END IF;
    SELECT count(*) INTO metered FROM jsonb_array_elements(p_runs) AS run WHERE (run ->> 'metered')::boolean;
    let_in := 0;
    IF metered > 0 THEN
        SELECT a.* INTO most_requests, most_tokens, most_dollars, most_runs, tokens, dollars, runs_left,
            requests_left, again, let_in FROM admit_requests(p_tenant, p_moment, metered, p_longest) a;
    END IF;
    INSERT INTO runs (
        tenant_id, id, user_id, agent, model, adapter, trace_id, status, steps, input_tokens, output_tokens,
        started_at, tags
    )
    SELECT p_tenant, r.id, r.user_id, r.agent, r.model, r.adapter, r.trace_id, 'running', 0, 0, 0, p_moment, r.tags
        FROM (
            SELECT run.*, row_number() OVER (PARTITION BY run.metered ORDER BY run.number) AS place
            FROM ROWS FROM (
                jsonb_to_recordset(p_runs) AS (
                    id uuid, user_id uuid, agent text, model text, adapter text, trace_id text, tags jsonb,
                    metered boolean
                )
            ) WITH ORDINALITY AS run (id, user_id, agent, model, adapter, trace_id, tags, metered, number)
        ) r
        WHERE NOT r.metered OR r.place <= let_in;
END $$
"""


def upgrade() -> None:
    for name in ("agents", "models"):
        op.add_column("quotas", sa.Column(name, postgresql.JSONB(), nullable=True))
    op.execute(_BEGIN)
