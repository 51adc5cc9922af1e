"""Which key a run and a conversation were asked for with, so that a key that may only ask sees no other's.

What was stored before belongs to no key: whoever may read all runs sees it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"

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
        tenant_id, id, user_id, key_id, agent, model, adapter, trace_id, status, steps, input_tokens, output_tokens,
        started_at, tags
    )
    SELECT p_tenant, r.id, r.user_id, r.key_id, r.agent, r.model, r.adapter, r.trace_id, 'running', 0, 0, 0, p_moment, r.tags
        FROM (
            SELECT run.*, row_number() OVER (PARTITION BY run.metered ORDER BY run.number) AS place
            FROM ROWS FROM (
                jsonb_to_recordset(p_runs) AS (
                    id uuid, user_id uuid, key_id uuid, agent text, model text, adapter text, trace_id text, tags jsonb,
                    metered boolean
                )
            ) WITH ORDINALITY AS run (id, user_id, key_id, agent, model, adapter, trace_id, tags, metered, number)
        ) r
        WHERE NOT r.metered OR r.place <= let_in;
END $$
"""

# A run that is over already is left as it is; one without an actor was waited for by nobody and used nothing.
# Two that end the same runs, a process and the log of its spans, would else lock their rows in different orders.
# p_durable waits for the disk, also for what others wrote that did not: a transaction without a word of its own in
# the database's log would not.
_END = """
CREATE OR REPLACE FUNCTION end_runs(p_tenant uuid, p_endings jsonb, p_durable boolean) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    counted bigint;
BEGIN
    PERFORM set_config('whorl.tenant_id', p_tenant::text, true);
    PERFORM pg_advisory_xact_lock(hashtextextended('endings:' || p_tenant, 0));
    IF p_durable THEN
        PERFORM pg_logical_emit_message(true, 'whorl', 'endings');
    ELSE
        PERFORM set_config('synchronous_commit', 'off', true);
    END IF;
    IF close_runs(p_tenant, p_endings) = jsonb_array_length(p_endings) THEN
        RETURN;
    END IF;
    WITH restored AS (
        INSERT INTO runs (
            tenant_id, id, user_id, key_id, agent, model, adapter, trace_id, status, steps, input_tokens, output_tokens,
            started_at, tags
        )
        SELECT p_tenant, e.id, e.user_id, e.key_id, e.agent, e.model, e.adapter, e.trace_id, 'running', 0, 0, 0, e.started_at,
                e.tags
            FROM jsonb_to_recordset(p_endings) AS e (
                id uuid, user_id uuid, key_id uuid, agent text, model text, adapter text, trace_id text, started_at timestamptz,
                tags jsonb
            )
            WHERE NOT EXISTS (SELECT FROM runs r WHERE r.tenant_id = p_tenant AND r.id = e.id)
        ON CONFLICT DO NOTHING
        RETURNING started_at, tags
    )
    SELECT count(count_requests(p_tenant, r.started_at, 1)) INTO counted FROM restored r WHERE NOT r.tags @> '["unmetered"]';
    PERFORM close_runs(p_tenant, p_endings);
END $$
"""

_HOLDERS = """
CREATE OR REPLACE FUNCTION holders_of_keys(p_tenant uuid, p_moment timestamptz, p_digests text[]) RETURNS jsonb
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('whorl.tenant_id', p_tenant::text, true);
    RETURN (
        SELECT coalesce(jsonb_agg(jsonb_build_object(
            'digest', k.digest, 'id', k.id, 'name', k.name, 'role', k.role, 'user_id', k.user_id,
            'line', coalesce(k.line_id, k.id), 'agents', k.agents, 'models', k.models, 'slug', t.slug
        )), '[]') FROM api_keys k JOIN tenants t ON t.id = k.tenant_id
        WHERE k.tenant_id = p_tenant AND k.digest = ANY (p_digests)
        AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > p_moment)
    );
END $$
"""


def upgrade() -> None:
    op.add_column("api_keys", sa.Column("line_id", sa.Uuid(), nullable=True))
    for table in ("runs", "conversations"):
        op.add_column(table, sa.Column("key_id", sa.Uuid(), nullable=True))
    for function in (_BEGIN, _END, _HOLDERS):
        op.execute(function)
