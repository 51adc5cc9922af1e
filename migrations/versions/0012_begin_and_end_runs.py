"""Admission, and the beginning and the end of runs that keep no conversation: each one call of the database.

The functions run with the caller's rights, under row-level security. Requests that are let in are counted at
moments a quarter of a second apart, never before they came, so that a minute has few rows. What begins or ends is
seen at once but not waited for on the disk: a run that is acknowledged is in the write-ahead log of spans, and what
a server that crashed lost of it is written again from there, its request counted.
"""

from alembic import op

revision = "0012"
down_revision = "0011"

_COUNT = """
CREATE FUNCTION count_requests(p_tenant uuid, p_moment timestamptz, p_requests integer) RETURNS boolean LANGUAGE sql AS $$
    INSERT INTO admissions AS a (tenant_id, at, requests)
        VALUES (p_tenant, date_bin('250 ms', p_moment + interval '249999 us', 'epoch'), p_requests)
        ON CONFLICT (tenant_id, at) DO UPDATE SET requests = a.requests + excluded.requests
        RETURNING xmax = 0
$$
"""

# p_longest is how long a run may take; NULL for a request that is none.
_ADMIT = """
CREATE FUNCTION admit_requests(
    p_tenant uuid, p_moment timestamptz, p_wanted integer, p_longest interval,
    OUT most_requests integer, OUT most_tokens bigint, OUT most_dollars numeric, OUT most_runs integer,
    OUT tokens bigint, OUT dollars numeric, OUT runs_left integer, OUT requests_left integer,
    OUT again timestamptz, OUT let_in integer
) LANGUAGE plpgsql AS $$
DECLARE
    today date := (p_moment AT TIME ZONE 'UTC')::date;
BEGIN
    PERFORM set_config('whorl.tenant_id', p_tenant::text, true);
    let_in := p_wanted;
    SELECT q.requests_per_minute, q.tokens_per_day, q.dollars_per_month, q.concurrent_runs
        INTO most_requests, most_tokens, most_dollars, most_runs FROM quotas q WHERE q.tenant_id = p_tenant;
    IF num_nonnulls(most_requests, most_tokens, most_dollars, most_runs) = 0 THEN
        RETURN;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('quota:' || p_tenant, 0));
    IF most_tokens IS NOT NULL THEN
        SELECT coalesce(sum(u.input_tokens + u.output_tokens), 0) INTO tokens
            FROM usage_days u WHERE u.tenant_id = p_tenant AND u.day = today;
    END IF;
    IF most_dollars IS NOT NULL THEN
        SELECT coalesce(sum(u.cost), 0) INTO dollars
            FROM usage_days u WHERE u.tenant_id = p_tenant AND u.day >= date_trunc('month', today)::date;
    END IF;
    IF tokens >= most_tokens OR dollars >= most_dollars THEN
        let_in := 0;
        RETURN;
    END IF;
    IF most_runs IS NOT NULL AND p_longest IS NOT NULL THEN
        SELECT most_runs - count(*) INTO runs_left FROM runs r
            WHERE r.tenant_id = p_tenant AND r.status = 'running'
            AND coalesce(r.resumed_at, r.started_at) > p_moment - p_longest
            AND NOT r.tags @> '["unmetered"]' AND NOT r.tags @> '["captured"]';
    END IF;
    IF most_requests IS NOT NULL THEN
        SELECT most_requests - coalesce(sum(a.requests), 0) INTO requests_left FROM admissions a
            WHERE a.tenant_id = p_tenant AND a.at BETWEEN p_moment - interval '1 minute' AND p_moment + interval '1 minute';
    END IF;
    let_in := greatest(least(p_wanted, runs_left, requests_left), 0);
    IF requests_left < p_wanted THEN
        -- Whoever is refused first may be let in when enough of those that count against it are a minute old.
        SELECT max(s.at) INTO again FROM (
            SELECT a.at, sum(a.requests) OVER (ORDER BY a.at DESC) AS since FROM admissions a
                WHERE a.tenant_id = p_tenant AND a.at BETWEEN p_moment - interval '1 minute' AND p_moment + interval '1 minute'
        ) s WHERE s.since >= least(most_requests - requests_left, most_requests);
    END IF;
    IF most_requests IS NULL OR let_in = 0 THEN
        RETURN;
    END IF;
    IF count_requests(p_tenant, p_moment, let_in) THEN
        -- No replica counts those, whose clock may be behind.
        DELETE FROM admissions a WHERE a.tenant_id = p_tenant AND a.at < p_moment - interval '2 minutes';
    END IF;
END $$
"""

# unknown: keys, by digest, that are not valid now or have another role; where there is any, nothing begins.
_BEGIN = """
CREATE FUNCTION begin_runs(
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
        WHERE NOT EXISTS (
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

# A run that is over already is left as it is; one without an actor was waited for by nobody and used nothing.
# Two that end the same runs, a process and the log of its spans, would else lock their rows in different orders.
# p_durable waits for the disk, also for what others wrote that did not: a transaction without a word of its own in
# the database's log would not.
_END = """
CREATE FUNCTION end_runs(p_tenant uuid, p_endings jsonb, p_durable boolean) RETURNS void LANGUAGE plpgsql AS $$
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
            tenant_id, id, user_id, agent, model, adapter, trace_id, status, steps, input_tokens, output_tokens,
            started_at, tags
        )
        SELECT p_tenant, e.id, e.user_id, e.agent, e.model, e.adapter, e.trace_id, 'running', 0, 0, 0, e.started_at,
                e.tags
            FROM jsonb_to_recordset(p_endings) AS e (
                id uuid, user_id uuid, agent text, model text, adapter text, trace_id text, started_at timestamptz,
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

# The number of those that were running.
_CLOSE = """
CREATE FUNCTION close_runs(p_tenant uuid, p_endings jsonb) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    closed bigint;
BEGIN
    WITH endings AS (
        SELECT * FROM jsonb_to_recordset(p_endings) AS e (
            id uuid, status text, stop_reason text, error text, steps integer, input_tokens bigint,
            output_tokens bigint, cost numeric, ended_at timestamptz, actor text, agent text, model text, adapter text
        )
    ), ended AS (
        UPDATE runs r SET status = e.status, stop_reason = e.stop_reason, error = e.error, steps = e.steps,
            input_tokens = e.input_tokens, output_tokens = e.output_tokens, cost = e.cost, ended_at = e.ended_at
        FROM endings e WHERE r.tenant_id = p_tenant AND r.id = e.id AND r.status = 'running'
        RETURNING r.id
    ), used AS (
        INSERT INTO usage_days AS u (
            tenant_id, day, actor, agent, model, runs, input_tokens, output_tokens, cost
        )
        SELECT p_tenant, (e.ended_at AT TIME ZONE 'UTC')::date AS day, e.actor, e.agent, coalesce(e.adapter, e.model),
                count(*), sum(e.input_tokens), sum(e.output_tokens), coalesce(sum(e.cost), 0)
            FROM endings e JOIN ended USING (id) WHERE e.actor IS NOT NULL
            GROUP BY 2, 3, 4, 5 ORDER BY 2, 3, 4, 5
        ON CONFLICT (tenant_id, day, actor, agent, model) DO UPDATE SET
            runs = u.runs + excluded.runs, input_tokens = u.input_tokens + excluded.input_tokens,
            output_tokens = u.output_tokens + excluded.output_tokens, cost = u.cost + excluded.cost
    )
    SELECT count(*) INTO closed FROM ended;
    RETURN closed;
END $$
"""


def upgrade() -> None:
    for statement in (_COUNT, _ADMIT, _BEGIN, _CLOSE, _END):
        op.execute(statement)
