"""Connections that are kept: broken ones are not used again, and nobody is held up for ever."""

import asyncio

import psycopg
import pytest

from tests.conftest import Addresses
from whorl.platform.database.connections import Connections

PID = "SELECT pg_backend_pid()"


async def test_a_connection_is_kept_and_one_that_the_server_closed_is_replaced(database: Addresses) -> None:
    connections = Connections(database.app)
    first, again = await connections.row(PID, []), await connections.row(PID, [])
    assert first == again
    with psycopg.connect(database.admin, autocommit=True) as admin:
        admin.execute("SELECT pg_terminate_backend(%s, 5000)", [first[0]])
    other = await connections.row(PID, [])
    assert other != first
    await connections.close()


async def test_an_error_leaves_the_connection_good_and_a_broken_off_statement_does_not(
    database: Addresses,
) -> None:
    connections = Connections(database.app, most=1)
    first = await connections.row(PID, [])
    with pytest.raises(psycopg.errors.DivisionByZero):
        await connections.row("SELECT 1 / %s", [0])
    assert await connections.row(PID, []) == first
    asked = asyncio.create_task(connections.row("SELECT pg_sleep(60)", []))
    await asyncio.sleep(0.1)
    asked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked
    assert await connections.row("SELECT 1", []) == (1,)
    await connections.close()


async def test_who_waits_too_long_for_a_connection_is_told_that_the_database_is_away(
    database: Addresses,
) -> None:
    connections = Connections(database.app, most=1, wait=0.1)
    async with connections.of_tenant("5b2e4c9a-0000-4000-8000-000000000001"):
        with pytest.raises(psycopg.OperationalError, match=r"0\.1 seconds"):
            await connections.row("SELECT 1", [])
    assert await connections.row("SELECT 1", []) == (1,)
    await connections.close()


async def test_a_tenant_sees_its_own_rows_and_the_next_statement_none(database: Addresses) -> None:
    connections = Connections(database.app, most=1)
    setting = "SELECT coalesce(current_setting('whorl.tenant_id', true), '')"
    async with connections.of_tenant("5b2e4c9a-0000-4000-8000-000000000001") as connection:
        row = await (await connection.execute(setting)).fetchone()
    assert row == ("5b2e4c9a-0000-4000-8000-000000000001",)
    assert await connections.row(setting, []) == ("",)
    await connections.close()


async def test_what_fails_in_a_transaction_is_rolled_back_and_a_lost_connection_hides_no_error(
    database: Addresses,
) -> None:
    connections, tenant = Connections(database.app, most=1), "5b2e4c9a-0000-4000-8000-000000000001"
    with pytest.raises(ZeroDivisionError):
        async with connections.of_tenant(tenant) as connection:
            await connection.execute("CREATE TEMPORARY TABLE kept (id int)")
            raise ZeroDivisionError
    async with connections.of_tenant(tenant) as connection:
        found = await connection.execute("SELECT to_regclass('kept')")
        assert await found.fetchone() == (None,)
    with (
        psycopg.connect(database.admin, autocommit=True) as admin,
        pytest.raises(psycopg.errors.AdminShutdown),
    ):
        async with connections.of_tenant(tenant) as connection:
            admin.execute("SELECT pg_terminate_backend(%s, 5000)", [connection.info.backend_pid])
            await connection.execute("SELECT 1")
    assert await connections.row("SELECT 1", []) == (1,)
    with pytest.raises(ValueError, match="badly formed"):
        async with connections.of_tenant("'; DROP TABLE runs; --"):
            pass
    await connections.close()
