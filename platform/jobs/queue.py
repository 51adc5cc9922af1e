"""The job queue: procrastinate on PostgreSQL, under a role that sees nothing but the queue.

Job arguments are ids only, never content.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from urllib.parse import quote

import anyio
import procrastinate
from procrastinate.psycopg_connector import PsycopgConnector

from ..database.rls import QUEUE_ROLE

JobFunction = Callable[..., Awaitable[None]]


def queue_url(app_url: str) -> str:
    """The application's URL with the queue's role taken on."""
    joint = "&" if "?" in app_url else "?"
    return f"{app_url}{joint}options={quote(f'-c role={QUEUE_ROLE}')}"


class Queue:
    """Jobs by name; ``tasks`` maps a name to the async function that does the job."""

    def __init__(self, app: procrastinate.App, tasks: Mapping[str, JobFunction]) -> None:
        self._app = app
        for name, function in tasks.items():
            app.task(name=name, queue="whorl", retry=False)(function)

    async def defer(self, name: str, *, lock: str | None = None, **arguments: str) -> int:
        """Queue a job; jobs of one ``lock`` run one after the other. Returns the job's number."""
        return int(await self._app.configure_task(name, queue="whorl", lock=lock).defer_async(**arguments))

    async def work(self, *, until_empty: bool = False) -> None:
        """Do jobs as they come, one at a time, until cancelled or, by choice, until none is left."""
        await self._app.run_worker_async(
            queues=["whorl"], concurrency=1, wait=not until_empty, install_signal_handlers=False,
            listen_notify=True, fetch_job_polling_interval=2.0,
        )  # fmt: skip


@asynccontextmanager
async def open_queue(app_url: str, tasks: Mapping[str, JobFunction]) -> AsyncIterator[Queue]:
    """A queue over its own small connection pool."""
    connector = PsycopgConnector(conninfo=queue_url(app_url), min_size=1, max_size=3)
    app = procrastinate.App(connector=connector)
    with anyio.fail_after(30):
        await app.open_async()
    try:
        yield Queue(app, tasks)
    finally:
        await app.close_async()
