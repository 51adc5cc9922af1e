"""Row-level security: the one policy, and the roles that cannot get around it."""

APP_ROLE = "whorl_app"
QUEUE_ROLE = "whorl_queue"
TENANT_SETTING = "whorl.tenant_id"
_CURRENT = f"nullif(current_setting('{TENANT_SETTING}', true), '')::uuid"


def create_roles() -> list[str]:
    """Statements that make the application and queue roles where they do not exist yet."""
    return [
        f"""DO $$ BEGIN
            IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{role}') THEN
                CREATE ROLE {role} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS NOINHERIT;
            END IF;
        EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
        END $$"""
        for role in (APP_ROLE, QUEUE_ROLE)
    ] + [f"GRANT {QUEUE_ROLE} TO {APP_ROLE}"]


def isolate(table: str) -> list[str]:
    """Statements that let the application role see only the rows of the session's tenant.

    An unset tenant compares with NULL, so that a query outside a tenant's session sees no row.
    """
    return [
        f'ALTER TABLE "{table}" ENABLE ROW LEVEL SECURITY',
        f'ALTER TABLE "{table}" FORCE ROW LEVEL SECURITY',
        f'CREATE POLICY tenant ON "{table}" USING (tenant_id = {_CURRENT}) '
        f"WITH CHECK (tenant_id = {_CURRENT})",
        f'GRANT SELECT, INSERT, UPDATE, DELETE ON "{table}" TO {APP_ROLE}',
    ]


def adopt(table: str, key: str) -> list[str]:
    """Statements that bring a library's table under the same policy.

    ``key`` is the library's primary key, kept as a unique constraint because the library's
    statements name it in ON CONFLICT; the tenant is filled in from the session.
    """
    return [
        f'ALTER TABLE "{table}" ADD COLUMN tenant_id uuid NOT NULL DEFAULT {_CURRENT} '
        "REFERENCES tenants (id) ON DELETE CASCADE",
        f'ALTER TABLE "{table}" DROP CONSTRAINT "{table}_pkey"',
        f'ALTER TABLE "{table}" ADD CONSTRAINT "{table}_pkey" PRIMARY KEY (tenant_id, {key})',
        f'ALTER TABLE "{table}" ADD CONSTRAINT "{table}_library_key" UNIQUE ({key})',
        *isolate(table),
    ]
