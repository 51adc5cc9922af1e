"""The job queue: procrastinate on PostgreSQL, under a role that sees nothing but the queue.

Job arguments are ids only, never content.
"""

import asyncio
import json
import logging
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any
from urllib.parse import quote

import anyio
import procrastinate
from opentelemetry.trace import SpanKind
from procrastinate.exceptions import AlreadyEnqueued
from procrastinate.job_context import AbortReason, JobContext
from procrastinate.jobs import Job, Status
from procrastinate.psycopg_connector import PsycopgConnector
from procrastinate.worker import Worker

from .. import tracing
from ..background import stop
from ..database.outage import AWAY
from ..database.rls import QUEUE_ROLE

_log = logging.getLogger(__name__)
JobFunction = Callable[..., Awaitable[None]]
# A worker that has not said for so many seconds that it lives is dead; how often others look.
SILENCE, LOOK = 30.0, 15.0
# Seconds between two times that a worker says so.
BEAT = 10.0
# Seconds to get a connection within, and before a worker that lost the database begins again.
WAIT, PAUSE = 5.0, 2.0
# For so long one may look at what became of a job.
KEPT_DAYS = 14


def queue_url(app_url: str) -> str:
    """The application's URL with the queue's role taken on."""
    joint = "&" if "?" in app_url else "?"
    return f"{app_url}{joint}options={quote(f'-c role={QUEUE_ROLE}')}"


class GivenBackError(Exception):
    """A job was broken off because its worker is being stopped."""


class GiveBack(procrastinate.BaseRetryStrategy):  # type: ignore[misc]
    """Lets another worker do at once what was broken off; a job that fails is not tried again."""

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> procrastinate.RetryDecision | None:
        return procrastinate.RetryDecision() if isinstance(exception, GivenBackError) else None


class Queue:
    """Jobs by name; ``tasks`` maps a name to the async function that does the job.

    ``clock`` maps a name to the cron expression by which one worker queues it; such a job is given
    ``timestamp``, the second (since the epoch) that it is for.
    """

    def __init__(
        self, app: procrastinate.App, tasks: Mapping[str, JobFunction], clock: Mapping[str, str] | None = None
    ) -> None:
        self._app = app
        for name, function in tasks.items():
            task = app.task(name=name, queue="whorl", retry=GiveBack())(function)
            if clock and name in clock:
                app.periodic(cron=clock[name])(task)

    async def defer(self, name: str, *, lock: str | None = None, **arguments: str) -> int:
        """Queue a job; jobs of one ``lock`` run one after the other. Returns the job's number."""
        return int(await self._app.configure_task(name, queue="whorl", lock=lock).defer_async(**arguments))

    async def defer_once(self, name: str, *, lock: str, **arguments: str) -> bool:
        """Queue a job unless one of that ``lock`` waits already; returns whether it was queued."""
        job = self._app.configure_task(name, queue="whorl", lock=lock, queueing_lock=lock)
        try:
            await job.defer_async(**arguments)
        except AlreadyEnqueued:
            return False
        return True

    async def waits(self, name: str, **arguments: str) -> bool:
        """Whether a job of those arguments waits already."""
        query = (
            "SELECT EXISTS (SELECT FROM procrastinate_jobs WHERE status = 'todo' AND task_name = %(name)s"
            " AND args = %(given)s::jsonb) AS found"
        )
        row = await self._app.connector.execute_query_one_async(query, name=name, given=json.dumps(arguments))
        return bool(row["found"])

    async def depths(self) -> dict[str, int]:
        """How many jobs are in each state: todo, doing, succeeded, failed …"""
        query = "SELECT status::text, count(*) AS number FROM procrastinate_jobs GROUP BY status"
        rows = await self._app.connector.execute_query_all_async(query)
        return {row["status"]: int(row["number"]) for row in rows}

    async def forget(self, days: int = KEPT_DAYS) -> None:
        """Delete jobs that ended long ago."""
        await self._app.job_manager.delete_old_jobs(
            nb_hours=24 * days, include_failed=True, include_cancelled=True, include_aborted=True
        )

    async def forget_tenant(self, tenant_id: uuid.UUID) -> None:
        """Delete the jobs that wait for a tenant."""
        query = "DELETE FROM procrastinate_jobs WHERE status = 'todo' AND args ->> 'tenant_id' = %(tenant)s"
        await self._app.connector.execute_query_async(query, tenant=str(tenant_id))

    async def work(self, *, until_empty: bool = False, grace: float = 0.0) -> None:
        """Do jobs as they come, two at a time, until cancelled or, by choice, until none is due.

        Two, so that a training of hours does not hold up a rollback; trainings share a lock.
        Cancelled, it takes no new job and lets those under way end within ``grace`` seconds; what is left then goes
        back to the queue. Jobs of a worker that died go back once; a second death is their end. While the database is
        away the worker waits for it.
        """
        own = asyncio.current_task()
        assert own is not None
        while True:
            try:
                await self._work(until_empty=until_empty, grace=grace)
                # A worker that does not wait ends although jobs wait for the lock of one that it still did.
                if until_empty and not await self._due():
                    return
            except AWAY as error:
                _log.warning("Jobs wait, the database is away: %s", type(error).__name__)
                if own.cancelling():
                    raise asyncio.CancelledError from error
            await asyncio.sleep(PAUSE)

    async def _due(self) -> int:
        query = (
            "SELECT count(*) AS number FROM procrastinate_jobs WHERE status = 'todo' AND queue_name = 'whorl'"
            " AND (scheduled_at IS NULL OR scheduled_at <= now())"
        )
        return int((await self._app.connector.execute_query_one_async(query))["number"])

    async def _work(self, *, until_empty: bool, grace: float) -> None:
        """Work as one worker, which ends when it loses the database."""
        await self.take_back()
        given_back: list[int] = []
        # One that ends when no job is due is always being stopped while it does its last.
        patience = None if until_empty else grace

        async def do(job: Callable[[], Awaitable[Any]], context: JobContext, worker: Worker) -> Any:
            try:
                with tracing.span(f"job {context.job.task_name}", SpanKind.CONSUMER):
                    return await job()
            except asyncio.CancelledError:
                if context.abort_reason() is not AbortReason.SHUTDOWN:
                    raise
                given_back.append(int(context.job.id or 0))
                raise GivenBackError from None

        worker = Worker(
            self._app, queues=["whorl"], concurrency=2, wait=not until_empty, install_signal_handlers=False,
            listen_notify=True, fetch_job_polling_interval=2.0, stalled_worker_timeout=SILENCE,
            shutdown_graceful_timeout=patience, worker_middleware=[do],
        )  # fmt: skip
        beside = [asyncio.create_task(work) for work in (self._keep_taking_back(), self._live_on(worker))]
        try:
            await worker.run()
        finally:
            for task in beside:
                with suppress(*AWAY):
                    await stop(task)
            if given_back:
                await self._forgive(given_back)

    async def _live_on(self, worker: Worker) -> None:
        """Say that a worker lives, also while it is being stopped, when it does not say so itself."""
        while True:
            await asyncio.sleep(BEAT)
            if worker.worker_id is not None:
                await self._app.job_manager.update_heartbeat(worker.worker_id)

    async def _forgive(self, jobs: list[int]) -> None:
        """Do not count it against jobs that they were given back: no worker died of them."""
        query = (
            "UPDATE procrastinate_jobs SET attempts = attempts - 1 WHERE id = ANY(%(jobs)s) AND attempts > 0"
        )
        with suppress(*AWAY):
            await self._app.connector.execute_query_async(query, jobs=jobs)

    async def take_back(self, silence: float = SILENCE) -> int:
        """Give the jobs of dead workers back to the queue, or end them; returns how many there were."""
        manager = self._app.job_manager
        jobs = list(await manager.get_stalled_jobs(queue="whorl", seconds_since_heartbeat=silence))
        for job in jobs:
            if job.attempts == 0:
                await manager.retry_job(job)
            else:
                await manager.finish_job(job, Status.FAILED, delete_job=False)
        return len(jobs)

    async def _keep_taking_back(self) -> None:
        while True:
            await asyncio.sleep(LOOK)
            await self.take_back()


@asynccontextmanager
async def open_queue(
    app_url: str, tasks: Mapping[str, JobFunction], clock: Mapping[str, str] | None = None
) -> AsyncIterator[Queue]:
    """A queue over its own small connection pool."""
    connector = PsycopgConnector(conninfo=queue_url(app_url), min_size=1, max_size=3, timeout=WAIT)
    app = procrastinate.App(connector=connector)
    with anyio.fail_after(30):
        await app.open_async()
    try:
        yield Queue(app, tasks, clock)
    finally:
        await app.close_async()
