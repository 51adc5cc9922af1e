"""Connections for statements that each are a transaction of their own: one way to the database and back."""

import asyncio
import select
from collections.abc import Sequence
from typing import Any

from psycopg import AsyncConnection

from .session import CONNECT_SECONDS

# Connections open at once; who comes then waits for one.
MOST = 10


class Connections:
    """Keeps connections whose statements are prepared once; ``url`` is a libpq URL.

    Nothing is asked to learn whether a kept connection still lives: of one that the server closed there is
    something to read. The statements must set their tenant themselves, as the functions of the schema do.
    """

    def __init__(self, url: str, most: int = MOST) -> None:
        self._url = url
        self._idle: list[AsyncConnection[Any]] = []
        self._places = asyncio.Semaphore(most)

    async def row(self, statement: str, values: Sequence[Any]) -> tuple[Any, ...]:
        """The one row of a statement, which is committed; raises psycopg.OperationalError while the database is away."""
        async with self._places:
            connection = await self._take()
            try:
                cursor = await connection.execute(statement, values)
                [row] = await cursor.fetchall()
            except BaseException:
                if connection.closed or connection.info.transaction_status.name != "IDLE":
                    await connection.close()
                else:
                    self._idle.append(connection)
                raise
            self._idle.append(connection)
            return tuple(row)

    async def close(self) -> None:
        """Close the idle ones, which are all when nobody asks any more."""
        while self._idle:
            await self._idle.pop().close()

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
