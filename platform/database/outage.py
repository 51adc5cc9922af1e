"""Outages: how a database that is away is told from one that refuses, and waited for."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import psycopg
from procrastinate.exceptions import ConnectorException
from sqlalchemy import exc

from ..errors import DatabaseAwayError

Value = TypeVar("Value")
# What is raised while the database is away: connections refused, broken or not to be had in time. psycopg counts
# a server that shuts down, starts up or has a full disk as operational, too.
AWAY = (
    exc.OperationalError, exc.InterfaceError, exc.TimeoutError, psycopg.OperationalError, psycopg.InterfaceError,
    ConnectorException,
)  # fmt: skip
FIRST_PAUSE, MOST_PAUSE = 0.2, 2.0


def away() -> DatabaseAwayError:
    """The error that tells callers of an outage; it says nothing of the statement that failed."""
    return DatabaseAwayError("The database does not answer. Try again in a few seconds.", retry_after=5)


async def outlast(work: Callable[[], Awaitable[Value]], patience: float) -> Value:
    """Do ``work``, which may be done twice, again and again while the database is away.

    Raises DatabaseAwayError when it is still away after ``patience`` seconds.
    """
    clock = asyncio.get_running_loop().time
    last, pause = clock() + patience, FIRST_PAUSE
    while True:
        try:
            return await work()
        except AWAY as error:
            if clock() + pause > last:
                raise away() from error
        await asyncio.sleep(pause)
        pause = min(2 * pause, MOST_PAUSE)
