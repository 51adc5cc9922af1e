"""A running application on a port, for clients that want a real one."""

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn

from tests.conftest import Addresses
from whorl.platform.database.session import create_engine, tenant_session
from whorl.platform.identity.access import Role
from whorl.platform.identity.bootstrap import ensure_tenant
from whorl.platform.identity.keys import create_key


@contextmanager
def served(app: Any) -> Iterator[str]:
    """The address of an application for as long as the context is open."""
    running = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error"))
    thread = threading.Thread(target=running.run, daemon=True)
    thread.start()
    while not running.started:
        assert thread.is_alive(), "the application did not start"
        time.sleep(0.05)
    yield f"http://127.0.0.1:{running.servers[0].sockets[0].getsockname()[1]}"
    running.should_exit = True
    thread.join(timeout=30)


def key_of(database: Addresses, slug: str, role: Role = "owner") -> str:
    """A new key of a tenant, which is made where there is none."""

    async def make() -> str:
        engine = create_engine(database.app)
        created = await ensure_tenant(engine, slug)
        async with tenant_session(engine, created.tenant.id) as session:
            _, text = await create_key(session, created.tenant.id, f"{role} of {slug}", role)
        await engine.dispose()
        return text

    return asyncio.run(make())
