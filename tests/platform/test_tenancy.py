"""No tenant sees another's rows, through any table."""

import uuid
from typing import Any

import psycopg
import pytest
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from tests.conftest import Actor, Addresses, Whorl
from whorl.agents.runs import RunRequest
from whorl.platform.database.base import tenant_tables
from whorl.platform.database.migrate import alembic_config, check_application_role
from whorl.platform.database.rls import APP_ROLE, TENANT_SETTING
from whorl.platform.database.session import open_session, tenant_connection, tenant_session
from whorl.platform.errors import PrerequisiteError
from whorl.platform.identity.tables import ApiKey
from whorl.retrieval.load.base import LoadedDocument


def catalogue(url: str, query: str) -> list[Any]:
    with psycopg.connect(url) as connection:
        return connection.execute(query).fetchall()


def test_every_table_with_a_tenant_is_isolated(database: Addresses) -> None:
    rows = catalogue(
        database.admin,
        """SELECT c.relname, c.relrowsecurity AND c.relforcerowsecurity,
                  (SELECT array_agg(pg_get_expr(polqual, polrelid)) FROM pg_policy WHERE polrelid = c.oid),
                  (SELECT a.attname FROM pg_index i JOIN pg_attribute a ON a.attrelid = c.oid
                   AND a.attnum = i.indkey[0] WHERE i.indrelid = c.oid AND i.indisprimary)
           FROM pg_class c JOIN pg_attribute t ON t.attrelid = c.oid AND t.attname = 'tenant_id'
           WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relnamespace = 'public'::regnamespace""",
    )
    names = {row[0] for row in rows}
    assert names >= {table.name for table in tenant_tables()} | {"checkpoints", "checkpoint_writes"}
    for name, forced, policies, first_key in rows:
        assert forced, f"{name} has no forced row-level security"
        assert len(policies) == 1, f"{name} has {len(policies)} policies"
        assert TENANT_SETTING in policies[0], f"{name} has another policy"
        assert first_key == "tenant_id", f"the primary key of {name} begins with {first_key}"


def test_partitions_are_reached_through_their_tables_alone(database: Addresses) -> None:
    """Where the policy holds; of themselves they are closed to all but their owner."""
    rows = catalogue(
        database.admin,
        "SELECT relname, relrowsecurity, relacl::text FROM pg_class WHERE relispartition AND relkind = 'r'",
    )
    assert rows
    for name, closed, granted in rows:
        assert closed and granted is None, f"{name}: {granted}"


def test_only_identity_and_the_queue_have_no_tenant(database: Addresses) -> None:
    rows = catalogue(
        database.admin,
        """SELECT c.relname FROM pg_class c WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace
           AND NOT EXISTS (SELECT FROM pg_attribute t WHERE t.attrelid = c.oid AND t.attname = 'tenant_id')""",
    )
    assert {name for (name,) in rows if not name.startswith("procrastinate_")} == {
        "alembic_version", "tenants", "users", "password_attempts", "operator_events", "deleted_tenants",
    }  # fmt: skip


async def test_a_tenant_reads_no_row_of_another(whorl: Whorl, acme: Actor, rival: Actor) -> None:
    """One row of acme's in every table; the rival sees none of them, nor does a session without tenant."""
    document = LoadedDocument("secret.md", "Secret", "The secret of acme is heliotrope.", "text/plain")
    async for _ in whorl.library.ingest(acme.tenant_id, [document]):
        pass
    await whorl.agents.answer(acme, RunRequest("What is the secret?"))
    await whorl.flush()
    async with tenant_session(whorl.engine, acme.tenant_id) as session:
        filled = {t.name for t in tenant_tables() if (await session.execute(select(t).limit(1))).first()}
    assert filled >= {
        "spans",
        "runs",
        "messages",
        "conversations",
        "documents",
        "chunks",
        "collections",
        "api_keys",
    }
    for table in tenant_tables():
        async with tenant_session(whorl.engine, rival.tenant_id) as session:
            owners = set(await session.scalars(select(table.c.tenant_id)))
            assert owners <= {rival.tenant_id}, table.name
        async with open_session(whorl.engine) as session:
            assert not list(await session.execute(select(table))), table.name


async def test_a_tenant_writes_no_row_of_another(whorl: Whorl, acme: Actor, rival: Actor) -> None:
    with pytest.raises(DBAPIError, match="row-level security"):
        async with tenant_session(whorl.engine, rival.tenant_id) as session:
            session.add(ApiKey(tenant_id=acme.tenant_id, name="x", role="owner", digest="d", hint="h"))


async def test_the_session_does_not_leak_into_the_next_one(whorl: Whorl, acme: Actor) -> None:
    async with tenant_session(whorl.engine, acme.tenant_id) as session:
        assert await session.scalar(select(ApiKey.id))
    async with open_session(whorl.engine) as session:
        assert await session.scalar(select(ApiKey.id)) is None


async def test_checkpoints_belong_to_a_tenant(whorl: Whorl, acme: Actor, rival: Actor) -> None:
    insert = "INSERT INTO checkpoints (thread_id, checkpoint_ns, checkpoint_id, checkpoint) VALUES (%s, '', '1', '{}')"
    async with tenant_connection(whorl.addresses.app, acme.tenant_id) as connection:
        await connection.execute(insert, [str(uuid.uuid4())])
        assert await (await connection.execute("SELECT 1 FROM checkpoints")).fetchone()
    async with tenant_connection(whorl.addresses.app, rival.tenant_id) as connection:
        assert await (await connection.execute("SELECT 1 FROM checkpoints")).fetchone() is None


def test_the_application_role_can_do_nothing_else(database: Addresses) -> None:
    check_application_role(database.app)
    with pytest.raises(PrerequisiteError, match="can see every tenant"):
        check_application_role(database.admin)
    with psycopg.connect(database.app) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("SELECT * FROM procrastinate_jobs")
    with psycopg.connect(database.app) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("ALTER TABLE runs DISABLE ROW LEVEL SECURITY")
    assert APP_ROLE in database.app


def test_the_migrations_make_what_the_tables_say(database: Addresses) -> None:
    from alembic import command

    command.check(alembic_config(database.admin))
