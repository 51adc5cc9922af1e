"""A worker that is told to stop: it takes nothing new, ends what it does or gives it back, and says 0."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import psycopg

from tests.bench.processes import free_port
from tests.conftest import Addresses
from tests.platform.processes import App, model_server
from whorl.flywheel.jobs import LOOK_JOB
from whorl.platform.jobs.queue import Queue, open_queue

# The job writes its worker's number down when it begins and when it ends, which it does when it may.
START = """
import asyncio, os, pathlib
from whorl.platform.work import Work

async def look(self, tenant_id, trial_id):
    folder = pathlib.Path(os.environ["JOBS"])
    with (folder / "begun").open("a") as begun:
        begun.write(f"{trial_id}\\n")
    while not (folder / "may end").exists():
        await asyncio.sleep(0.05)
    with (folder / "ended").open("a") as ended:
        ended.write(f"{trial_id}\\n")

Work.look = look
from whorl.platform.cli import main
main()
"""


class Worker(App):
    """``whorl worker`` in a process of its own."""

    def __init__(self, database: Addresses, folder: Path, model: str, seconds: float) -> None:
        self.metrics_port = free_port()
        own = {
            "JOBS": str(folder), "WHORL_JOB_DRAIN_SECONDS": str(seconds), "WHORL_METRICS_PORT": str(self.metrics_port),
        }  # fmt: skip
        super().__init__(database, folder / "whorl", model, **own)

    async def launch(self) -> None:
        with self.errors.open("ab") as errors:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable, "-P", "-c", START, "worker", env=self.environ, stderr=errors,
                stdout=asyncio.subprocess.DEVNULL,
            )  # fmt: skip

    async def until(self, seen: Callable[[], bool]) -> None:
        """Wait until something is to be seen of the worker."""
        for _ in range(1200):
            if seen():
                return
            assert self.process is not None and self.process.returncode is None, self.errors.read_text()
            await asyncio.sleep(0.05)
        raise AssertionError(self.errors.read_text())

    async def told_to_stop(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        await self.until(lambda: "Told to stop" in self.errors.read_text())

    async def code(self) -> int:
        assert self.process is not None
        return await asyncio.wait_for(self.process.wait(), 60)


@asynccontextmanager
async def at_work(database: Addresses, folder: Path, seconds: float) -> AsyncIterator[Worker]:
    async with model_server() as model:
        worker = Worker(database, folder, model, seconds)
        await worker.launch()
        try:
            yield worker
        finally:
            if worker.process is not None and worker.process.returncode is None:
                await worker.end(signal.SIGKILL)


@asynccontextmanager
async def queue_of(database: Addresses) -> AsyncIterator[Queue]:
    async def never(tenant_id: str, trial_id: str) -> None:
        raise AssertionError

    async with open_queue(database.app, {LOOK_JOB: never}) as queue:
        yield queue


async def queued(database: Addresses, *names: str) -> None:
    """Jobs that are done one after the other."""
    async with queue_of(database) as queue:
        for name in names:
            await queue.defer(LOOK_JOB, lock="one", tenant_id="", trial_id=name)


def jobs(database: Addresses) -> list[tuple[str, int]]:
    """The state of each job and how often it was tried in vain."""
    with psycopg.connect(database.admin) as connection:
        query = "SELECT status::text, attempts FROM procrastinate_jobs WHERE task_name = %s ORDER BY id"
        return connection.execute(query, [LOOK_JOB]).fetchall()


def lines(file: Path) -> list[str]:
    return file.read_text().split() if file.exists() else []


async def test_what_is_under_way_ends_and_nothing_new_begins(database: Addresses, tmp_path: Path) -> None:
    await queued(database, "first", "second")
    async with at_work(database, tmp_path, 120) as worker:
        await worker.until(lambda: lines(tmp_path / "begun") == ["first"])
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{worker.metrics_port}") as client:
            assert "whorl_redaction_failures_total 0.0" in (await client.get("/metrics")).text
        await worker.told_to_stop()
        (tmp_path / "may end").touch()
        assert await worker.code() == 0
    assert lines(tmp_path / "ended") == lines(tmp_path / "begun") == ["first"]
    assert jobs(database) == [("succeeded", 1), ("todo", 0)]


async def test_what_takes_too_long_is_given_back_and_done_by_another(
    database: Addresses, tmp_path: Path
) -> None:
    await queued(database, "long")
    async with at_work(database, tmp_path, 0.5) as worker:
        await worker.until(lambda: lines(tmp_path / "begun") == ["long"])
        await worker.told_to_stop()
        assert await worker.code() == 0
    assert jobs(database) == [("todo", 0)] and lines(tmp_path / "ended") == []
    async with at_work(database, tmp_path, 0.5) as other:
        await other.until(lambda: lines(tmp_path / "begun") == ["long", "long"])
        (tmp_path / "may end").touch()
        await other.until(lambda: jobs(database)[0][0] == "succeeded")
        await other.told_to_stop()
        assert await other.code() == 0
    assert lines(tmp_path / "ended") == ["long"]
