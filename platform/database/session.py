"""Sessions: the one place where a query gets its tenant."""

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from psycopg import AsyncConnection
from psycopg.rows import DictRow, dict_row
from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine

from ..tracing import trace_statements
from .base import Base
from .outage import AWAY
from .rls import TENANT_SETTING

# Seconds to connect within; a machine that is gone does not refuse.
CONNECT_SECONDS = 10
_SET_TENANT = text(f"SELECT set_config('{TENANT_SETTING}', :tenant, true)")


def create_engine(url: str, *, pool_size: int = 10) -> AsyncEngine:
    """The application's engine; ``url`` is a libpq URL (postgresql://…)."""
    engine = create_async_engine(
        sqlalchemy_url(url), pool_size=pool_size, max_overflow=pool_size, pool_pre_ping=True,
        connect_args={"connect_timeout": CONNECT_SECONDS}, hide_parameters=True,
    )  # fmt: skip
    trace_statements(engine)
    return engine


def sqlalchemy_url(url: str) -> str:
    """The same address with the driver named, as SQLAlchemy wants it."""
    return "postgresql+psycopg://" + url.split("://", 1)[1]


@asynccontextmanager
async def tenant_session(engine: AsyncEngine, tenant_id: uuid.UUID) -> AsyncIterator[AsyncSession]:
    """A transaction that sees one tenant's rows; it commits on leaving, or rolls back on an error."""
    async with AsyncSession(engine, expire_on_commit=False) as session, session.begin():
        await session.execute(_SET_TENANT, {"tenant": str(tenant_id)})
        yield session


@asynccontextmanager
async def open_session(engine: AsyncEngine) -> AsyncIterator[AsyncSession]:
    """A transaction without a tenant: it reaches only the tables that belong to no tenant."""
    async with AsyncSession(engine, expire_on_commit=False) as session, session.begin():
        yield session


_HOLD = text("SELECT pg_advisory_lock(hashtextextended(:name, 0))")
_LET_GO = text("SELECT pg_advisory_unlock(hashtextextended(:name, 0))")
# With the names in place of the braces.
TURNS = "SELECT pg_advisory_xact_lock(hashtextextended(name, 0)) FROM unnest(CAST({} AS text[])) AS name"
_TURNS = text(TURNS.format(":names"))
_TRY = text("SELECT pg_try_advisory_xact_lock(hashtextextended(:name, 0))")


@asynccontextmanager
async def held(engine: AsyncEngine, name: str) -> AsyncIterator[None]:
    """Hold ``name`` across all processes; a process that dies lets go of it with its connection."""
    autocommit = engine.execution_options(isolation_level="AUTOCOMMIT")
    async with autocommit.connect() as connection:
        await connection.execute(_HOLD, {"name": name})
        try:
            yield
        finally:
            # Of a connection that broke the name is let go of already.
            with suppress(*AWAY):
                await connection.execute(_LET_GO, {"name": name})


async def take_turns(session: AsyncSession, *names: str) -> None:
    """Wait until no other transaction has any of ``names``, and have them until this one ends.

    Whoever takes several must take them in the same order as others do, or two wait for each other.
    """
    await session.execute(_TURNS, {"names": list(names)})


async def takes_turn(session: AsyncSession, name: str) -> bool:
    """Have ``name`` until the transaction ends, unless another one has it; returns whether it is had."""
    return bool(await session.scalar(_TRY, {"name": name}))


async def is_held(session: AsyncSession, name: str) -> bool:
    """Whether a living process holds ``name``."""
    return not await session.scalar(_TRY, {"name": name})


@asynccontextmanager
async def tenant_connection(url: str, tenant_id: uuid.UUID) -> AsyncIterator[AsyncConnection[DictRow]]:
    """A bare psycopg connection of one tenant, for libraries that bring their own SQL."""
    async with await AsyncConnection.connect(
        url, autocommit=True, prepare_threshold=0, row_factory=dict_row, connect_timeout=CONNECT_SECONDS
    ) as connection:
        await connection.execute("SELECT set_config(%s, %s, false)", [TENANT_SETTING, str(tenant_id)])
        yield connection


async def put_row(session: AsyncSession, table: type[Base], **values: Any) -> None:
    """Store a row in place of the one of its primary key, which another transaction may be storing just now."""
    row = insert(table).values(values)
    key = [column.name for column in table.__table__.primary_key]
    await session.execute(
        row.on_conflict_do_update(index_elements=key, set_={name: row.excluded[name] for name in values})
    )


async def count_of(session: AsyncSession, statement: Any) -> int:
    """How many rows a statement changed."""
    result: Any = await session.execute(statement)
    return int(result.rowcount)
