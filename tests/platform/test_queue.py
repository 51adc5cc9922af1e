"""The job queue: what a dead worker held goes back once, and locks are not held for ever."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import psycopg
import pytest

from tests.conftest import Settings
from whorl.platform.app import database_addresses
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
async def test_the_clock_queues_jobs(settings: Settings) -> None:
    ticked = asyncio.Event()

    async def tick(timestamp: int) -> None:
        ticked.set()

    address = database_addresses(settings).app
    async with open_queue(address, {"tick": tick}, {"tick": "* * * * * *"}) as queue:
        worker = asyncio.create_task(queue.work())
        await asyncio.wait_for(ticked.wait(), 60)
        worker.cancel()
        with suppress(asyncio.CancelledError):
            await worker


@pytest.mark.usefixtures("whorl")
async def test_a_living_worker_keeps_its_job(settings: Settings) -> None:
    async with queue_of(settings, []) as queue:
        job = await queue.defer("note", word="slow")
        die_while_doing(settings, job)
        assert await queue.take_back(silence=3600) == 0
        assert status_of(settings, job) == "doing"
