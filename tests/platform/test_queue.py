"""The job queue: what a dead worker held goes back once, and locks are not held for ever."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta

import psycopg
import pytest

from tests.conftest import Actor, Settings, Whorl
from whorl.agents.captured import CLOSE_JOB
from whorl.agents.tables import Run
from whorl.platform.app import database_addresses
from whorl.platform.background import stop
from whorl.platform.database.base import new_id, now
from whorl.platform.database.session import tenant_session
from whorl.platform.jobs import queue as queue_module
from whorl.platform.jobs.queue import Queue, open_queue


@asynccontextmanager
async def queue_of(settings: Settings, done: list[str]) -> AsyncIterator[Queue]:
    async def note(word: str) -> None:
        done.append(word)

    async with open_queue(database_addresses(settings).app, {"note": note}) as queue:
        yield queue


def die_while_doing(settings: Settings, job: int) -> None:
    """Leave ``job`` as a worker does that was killed a minute ago."""
    with psycopg.connect(database_addresses(settings).admin) as connection:
        worker = connection.execute(
            "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - interval '1 minute') RETURNING id"
        ).fetchone()
        assert worker is not None
        connection.execute(
            "UPDATE procrastinate_jobs SET status = 'doing', worker_id = %s WHERE id = %s", [worker[0], job]
        )


def status_of(settings: Settings, job: int) -> str:
    with psycopg.connect(database_addresses(settings).admin) as connection:
        row = connection.execute("SELECT status FROM procrastinate_jobs WHERE id = %s", [job]).fetchone()
    assert row is not None
    return str(row[0])


@pytest.mark.usefixtures("whorl")
async def test_a_job_of_a_dead_worker_is_done_by_the_next(settings: Settings) -> None:
    done: list[str] = []
    async with queue_of(settings, done) as queue:
        first = await queue.defer("note", lock="one", word="first")
        await queue.defer("note", lock="one", word="second")
        die_while_doing(settings, first)
        await queue.work(until_empty=True)
    assert done == ["first", "second"]


@pytest.mark.usefixtures("whorl")
async def test_a_job_that_kills_two_workers_ends(settings: Settings) -> None:
    done: list[str] = []
    async with queue_of(settings, done) as queue:
        job = await queue.defer("note", lock="one", word="deadly")
        for _ in range(2):
            die_while_doing(settings, job)
            assert await queue.take_back() == 1
        assert status_of(settings, job) == "failed"
        await queue.defer("note", lock="one", word="next")
        await queue.work(until_empty=True)
    assert done == ["next"]


@pytest.mark.usefixtures("whorl")
async def test_a_job_of_a_lock_waits_once(settings: Settings) -> None:
    done: list[str] = []
    async with queue_of(settings, done) as queue:
        assert await queue.defer_once("note", lock="one", word="first")
        assert not await queue.defer_once("note", lock="one", word="second")
        await queue.work(until_empty=True)
        assert await queue.defer_once("note", lock="one", word="third")
        await queue.work(until_empty=True)
    assert done == ["first", "third"]


@pytest.mark.usefixtures("whorl")
async def test_a_job_is_known_to_wait_by_its_arguments(settings: Settings) -> None:
    async with queue_of(settings, []) as queue:
        await queue.defer("note", word="first")
        assert await queue.waits("note", word="first") and not await queue.waits("note", word="second")
        await queue.work(until_empty=True)
        assert not await queue.waits("note", word="first")


@pytest.mark.usefixtures("whorl")
async def test_the_clock_queues_jobs(settings: Settings) -> None:
    ticked = asyncio.Event()

    async def tick(timestamp: int) -> None:
        ticked.set()

    address = database_addresses(settings).app
    async with open_queue(address, {"tick": tick}, {"tick": "* * * * * *"}) as queue:
        worker = asyncio.create_task(queue.work())
        await asyncio.wait_for(ticked.wait(), 60)
        await stop(worker)


@pytest.mark.usefixtures("whorl")
async def test_a_living_worker_keeps_its_job(settings: Settings) -> None:
    async with queue_of(settings, []) as queue:
        job = await queue.defer("note", word="slow")
        die_while_doing(settings, job)
        assert await queue.take_back(silence=3600) == 0
        assert status_of(settings, job) == "doing"


@pytest.mark.usefixtures("whorl")
async def test_a_worker_that_is_being_stopped_keeps_its_job(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says that it lives, or others would do the job a second time."""
    monkeypatch.setattr(queue_module, "BEAT", 0.2)
    begun, over = asyncio.Event(), asyncio.Event()

    async def slow() -> None:
        begun.set()
        await over.wait()

    address = database_addresses(settings).app
    async with open_queue(address, {"slow": slow}) as queue, queue_of(settings, []) as other:
        job = await queue.defer("slow")
        worker = asyncio.create_task(queue.work(grace=120))
        await asyncio.wait_for(begun.wait(), 60)
        worker.cancel()
        await asyncio.sleep(4)
        assert await other.take_back(silence=3) == 0
        over.set()
        with suppress(asyncio.CancelledError):
            await worker
    assert status_of(settings, job) == "succeeded"


@pytest.mark.usefixtures("whorl")
async def test_a_job_that_fails_is_not_tried_again(settings: Settings) -> None:
    async def fail() -> None:
        raise ValueError

    async def leave() -> None:
        raise asyncio.CancelledError

    async with open_queue(database_addresses(settings).app, {"fail": fail, "leave": leave}) as queue:
        jobs = [await queue.defer("fail"), await queue.defer("leave")]
        await queue.work(until_empty=True)
    assert [status_of(settings, job) for job in jobs] == ["failed", "aborted"]


async def test_jobs_that_ended_long_ago_are_forgotten(settings: Settings, whorl: Whorl) -> None:
    done: list[str] = []
    async with queue_of(settings, done) as queue:
        old, new = [await queue.defer("note", word=word) for word in ("old", "new")]
        await queue.work(until_empty=True)
        with psycopg.connect(database_addresses(settings).admin) as connection:
            connection.execute(
                "UPDATE procrastinate_events SET at = now() - interval '15 days' WHERE job_id = %s", [old]
            )
        await queue.forget()
        assert await queue.depths() == {"succeeded": 1}
    assert status_of(settings, new) == "succeeded"


async def test_runs_of_a_process_that_died_are_closed_while_others_work(
    settings: Settings, whorl: Whorl, acme: Actor
) -> None:
    """By the clock, not only where a worker begins; one that may still be under way is left."""
    ids = [new_id(), new_id()]
    async with tenant_session(whorl.engine, acme.tenant_id) as session:
        for run_id, minutes in zip(ids, (60, 1), strict=True):
            session.add(
                Run(
                    tenant_id=acme.tenant_id, id=run_id, agent="default", model="scripted", trace_id="",
                    started_at=now() - timedelta(minutes=minutes),
                )
            )  # fmt: skip
    await whorl.queue.defer(CLOSE_JOB, timestamp="0")
    await whorl.queue.work(until_empty=True)
    async with tenant_session(whorl.engine, acme.tenant_id) as session:
        runs = [await session.get_one(Run, (acme.tenant_id, run_id)) for run_id in ids]
    assert [(run.status, run.stop_reason) for run in runs] == [("failed", "interrupted"), ("running", None)]
