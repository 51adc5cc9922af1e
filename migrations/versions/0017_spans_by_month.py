"""Spans lie in partitions, one a month of when they began, so that old months are dropped whole once they are empty.

What was stored before stays where it is, as the partition of all that began before the next month; its key is made
anew, for which spans cannot be stored: they wait in the write-ahead log. A span that began in no month that there is a
partition of, long ago or by a wrong clock, lies in ``spans_default``.
"""

from alembic import op

from whorl.platform.database.rls import APP_ROLE, isolate

revision = "0017"
down_revision = "0016"

_NANOSECONDS = "(extract(epoch FROM {month}::timestamp)::bigint * 1000000000)"
# Its partitions are reached through the table alone, where the policy of tenants holds: they are granted to nobody.
_PREPARE = f"""
CREATE FUNCTION prepare_span_months(ahead integer) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET lock_timeout = '2s' AS $$
DECLARE
    this date := date_trunc('month', now() AT TIME ZONE 'UTC');
    month date;
    part text;
    begins bigint;
    ends bigint;
    held boolean;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('span months', 0));
    -- What the name of a partition ends with is its month, or the month before which all of it began.
    FOR part IN
        SELECT c.relname FROM pg_class c JOIN pg_inherits i ON i.inhrelid = c.oid
        WHERE i.inhparent = 'spans'::regclass AND (
            c.relname ~ '^spans_\\d{{4}}_\\d\\d$' AND to_date(right(c.relname, 7), 'YYYY_MM') + interval '2 months' <= this
            OR c.relname ~ '^spans_before_' AND to_date(right(c.relname, 7), 'YYYY_MM') + interval '1 month' <= this
        )
    LOOP
        EXECUTE format('SELECT EXISTS (SELECT FROM %I)', part) INTO held;
        CONTINUE WHEN held;
        LOCK TABLE spans IN ACCESS EXCLUSIVE MODE;
        EXECUTE format('SELECT EXISTS (SELECT FROM %I)', part) INTO held;
        IF NOT held THEN
            EXECUTE format('DROP TABLE %I', part);
        END IF;
    END LOOP;
    FOR n IN 0..ahead LOOP
        month := this + n * interval '1 month';
        part := to_char(month, '"spans_"YYYY_MM');
        begins := {_NANOSECONDS.format(month="month")};
        ends := {_NANOSECONDS.format(month="(month + interval '1 month')")};
        CONTINUE WHEN to_regclass(part) IS NOT NULL
            OR EXISTS (SELECT FROM spans_default WHERE start_ns >= begins AND start_ns < ends)
            OR EXISTS (
                SELECT FROM pg_class c JOIN pg_inherits i ON i.inhrelid = c.oid
                WHERE i.inhparent = 'spans'::regclass AND c.relname ~ '^spans_before_'
                AND to_date(right(c.relname, 7), 'YYYY_MM') > month
            );
        EXECUTE format('CREATE TABLE %I (LIKE spans INCLUDING DEFAULTS)', part);
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', part);
        EXECUTE format('ALTER TABLE spans ATTACH PARTITION %I FOR VALUES FROM (%s) TO (%s)', part, begins, ends);
    END LOOP;
END $$
"""
# The rows that began later than now, by a wrong clock, go where such rows go from now on.
_KEEP = f"""
DO $$
DECLARE
    next date := date_trunc('month', now() AT TIME ZONE 'UTC') + interval '1 month';
    cut bigint := {_NANOSECONDS.format(month="next")};
    part text := to_char(next, '"spans_before_"YYYY_MM');
BEGIN
    IF NOT EXISTS (SELECT FROM spans_before) THEN
        DROP TABLE spans_before;
        RETURN;
    END IF;
    WITH later AS (DELETE FROM spans_before WHERE start_ns >= cut RETURNING *)
    INSERT INTO spans SELECT * FROM later;
    ALTER TABLE spans_before DROP CONSTRAINT pk_spans_before;
    ALTER TABLE spans_before ADD CONSTRAINT pk_spans_before PRIMARY KEY (tenant_id, trace_id, span_id, start_ns);
    EXECUTE format('ALTER TABLE spans_before RENAME TO %I', part);
    EXECUTE format('ALTER TABLE spans ATTACH PARTITION %I FOR VALUES FROM (MINVALUE) TO (%s)', part, cut);
END $$
"""


def upgrade() -> None:
    for statement in (
        "DROP POLICY tenant ON spans",
        "ALTER TABLE spans NO FORCE ROW LEVEL SECURITY",
        f"REVOKE ALL ON spans FROM {APP_ROLE}",
        "ALTER TABLE spans RENAME TO spans_before",
        "ALTER TABLE spans_before RENAME CONSTRAINT pk_spans TO pk_spans_before",
        "ALTER INDEX ix_spans_tenant_id_run_id RENAME TO ix_spans_before_tenant_id_run_id",
        "ALTER INDEX ix_spans_tenant_id_start_ns RENAME TO ix_spans_before_tenant_id_start_ns",
        "CREATE TABLE spans (LIKE spans_before INCLUDING DEFAULTS) PARTITION BY RANGE (start_ns)",
        "ALTER TABLE spans ADD CONSTRAINT pk_spans PRIMARY KEY (tenant_id, trace_id, span_id, start_ns)",
        "ALTER TABLE spans ADD CONSTRAINT fk_spans_tenant_id FOREIGN KEY (tenant_id) REFERENCES tenants ON DELETE CASCADE",
        "CREATE INDEX ix_spans_tenant_id_run_id ON spans (tenant_id, run_id)",
        "CREATE INDEX ix_spans_tenant_id_start_ns ON spans (tenant_id, start_ns)",
        "CREATE TABLE spans_default PARTITION OF spans DEFAULT",
        "ALTER TABLE spans_default ENABLE ROW LEVEL SECURITY",
        _KEEP,
        *isolate("spans"),
        f"REVOKE UPDATE ON spans FROM {APP_ROLE}",
        _PREPARE,
        "REVOKE ALL ON FUNCTION prepare_span_months FROM PUBLIC",
        f"GRANT EXECUTE ON FUNCTION prepare_span_months TO {APP_ROLE}",
        "SELECT prepare_span_months(3)",
    ):
        op.execute(statement)
