"""Connections for statements that each are a transaction of their own: one way to the database and back."""

import asyncio
import select
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from psycopg import AsyncConnection, OperationalError
from psycopg.pq import TransactionStatus

from .rls import TENANT_SETTING
from .session import CONNECT_SECONDS, TURNS

# Connections open at once; who comes then waits for one, so many seconds at most.
MOST = 10
WAIT = 30.0
_BEGIN = f"BEGIN; SELECT set_config('{TENANT_SETTING}', '{{}}', true)"


class Connections:
    """Keeps connections whose statements are prepared once; ``url`` is a libpq URL.

    Nothing is asked to learn whether a kept connection still lives: of one that the server closed there is
    something to read.
    """

    def __init__(self, url: str, most: int = MOST, wait: float = WAIT) -> None:
        self._url, self._wait = url, wait
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
        """A transaction that sees one tenant's rows: it is committed on leaving, or rolled back on an error."""
        async with self._one() as connection:
            # Both on one way to the database, as a statement that is not prepared may.
            await connection.execute(_BEGIN.format(uuid.UUID(tenant_id)).encode(), prepare=False)
            try:
                yield connection
            except BaseException:
                if not connection.closed:
                    await connection.rollback()
                raise
            await connection.commit()

    async def close(self) -> None:
        """Close the idle ones, which are all when nobody asks any more."""
        while self._idle:
            await self._idle.pop().close()

    @asynccontextmanager
    async def _one(self) -> AsyncIterator[AsyncConnection[Any]]:
        """A connection, kept afterwards unless something was broken off on it."""
        await self._place()
        try:
            connection = await self._take()
            try:
                yield connection
            finally:
                if connection.info.transaction_status == TransactionStatus.IDLE:
                    self._idle.append(connection)
                else:
                    await connection.close()
        finally:
            self._places.release()

    async def _place(self) -> None:
        try:
            async with asyncio.timeout(self._wait):
                await self._places.acquire()
        except TimeoutError as error:
            raise OperationalError(f"No connection was free for {self._wait:g} seconds.") from error

    async def _take(self) -> AsyncConnection[Any]:
        while self._idle:
            connection = self._idle.pop()
            if _quiet(connection):
                return connection
            await connection.close()
        return await AsyncConnection.connect(
            self._url, autocommit=True, prepare_threshold=0, connect_timeout=CONNECT_SECONDS
        )


async def take_turns_of(connection: AsyncConnection[Any], names: Sequence[str]) -> None:
    """``session.take_turns`` on a connection of its own."""
    await connection.execute(TURNS.format("%s").encode(), [list(names)])


def _quiet(connection: AsyncConnection[Any]) -> bool:
    """Whether the server has said nothing since the last statement, such as that it ends."""
    waiting = select.poll()
    waiting.register(connection.fileno(), select.POLLIN)
    return not waiting.poll(0)
