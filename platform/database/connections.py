"""Connections for statements that each are a transaction of their own: one way to the database and back."""

import asyncio
import select
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from psycopg import AsyncConnection
from psycopg.pq import TransactionStatus

from .rls import TENANT_SETTING
from .session import CONNECT_SECONDS

# Connections open at once; who comes then waits for one.
MOST = 10
_SET_TENANT = "SELECT set_config(%s, %s, true)"


class Connections:
    """Keeps connections whose statements are prepared once; ``url`` is a libpq URL.

    Nothing is asked to learn whether a kept connection still lives: of one that the server closed there is
    something to read.
    """

    def __init__(self, url: str, most: int = MOST) -> None:
        self._url = url
        self._idle: list[AsyncConnection[Any]] = []
        self._places = asyncio.Semaphore(most)

    async def row(self, statement: str, values: Sequence[Any]) -> tuple[Any, ...]:
        """The one row of a statement, which is committed; raises psycopg.OperationalError while the database is away.

        The statement must set its tenant itself, as the functions of the schema do.
        """
        async with self._one() as connection:
            cursor = await connection.execute(statement, values)
            [row] = await cursor.fetchall()
            return tuple(row)

    @asynccontextmanager
    async def of_tenant(self, tenant_id: str) -> AsyncIterator[AsyncConnection[Any]]:
        """A transaction that sees one tenant's rows."""
        async with self._one() as connection, connection.transaction():
            await connection.execute(_SET_TENANT, [TENANT_SETTING, tenant_id])
            yield connection

    async def close(self) -> None:
        """Close the idle ones, which are all when nobody asks any more."""
        while self._idle:
            await self._idle.pop().close()

    @asynccontextmanager
    async def _one(self) -> AsyncIterator[AsyncConnection[Any]]:
        """A connection, kept afterwards unless something was broken off on it."""
        async with self._places:
            connection = await self._take()
            try:
                yield connection
            finally:
                if connection.info.transaction_status == TransactionStatus.IDLE:
                    self._idle.append(connection)
                else:
                    await connection.close()

    async def _take(self) -> AsyncConnection[Any]:
        while self._idle:
            connection = self._idle.pop()
            if _quiet(connection):
                return connection
            await connection.close()
        return await AsyncConnection.connect(
            self._url, autocommit=True, prepare_threshold=0, connect_timeout=CONNECT_SECONDS
        )


def _quiet(connection: AsyncConnection[Any]) -> bool:
    """Whether the server has said nothing since the last statement, such as that it ends."""
    waiting = select.poll()
    waiting.register(connection.fileno(), select.POLLIN)
    return not waiting.poll(0)
