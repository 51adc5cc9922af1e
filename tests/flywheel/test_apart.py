"""Builds in a process of their own: the same dataset, the same errors, and nothing left of one that died."""

import asyncio
import os
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

import anyio
import psutil
import pytest
from sqlalchemy import select

from tests.conftest import Actor, Addresses, Whorl
from tests.flywheel.test_datasets import collect
from tests.platform.processes import App, model_server
from tests.serving_app import key_of
from whorl.flywheel import apart
from whorl.flywheel.datasets import Selection, create_dataset
from whorl.flywheel.tables import Dataset
from whorl.platform.database.session import tenant_session
from whorl.platform.errors import InputError, UpstreamError


async def test_a_build_apart_is_the_same_build(whorl: Whorl, acme: Actor, tmp_path: Path) -> None:
    await collect(whorl, acme, 4)
    url = whorl.addresses.app
    ours = await apart.create_apart(
        whorl.engine, url, acme.tenant_id, tmp_path, "kto", Selection(where="steps > 0"), held_out=0.0, seed=3
    )
    theirs = await create_dataset(
        whorl.engine, acme.tenant_id, tmp_path, "kto", Selection(where="steps > 0"), held_out=0.0, seed=3
    )
    assert ours.content_hash == theirs.content_hash and ours.rows == theirs.rows > 0
    assert Path(ours.folder).is_dir()
    with pytest.raises(InputError, match="No run gives a row for sft"):
        await apart.create_apart(whorl.engine, url, acme.tenant_id, tmp_path, "sft", Selection(tag="none"))
    with pytest.raises(InputError, match="is not a field"):
        await apart.create_apart(whorl.engine, url, acme.tenant_id, tmp_path, "sft", Selection(where="x = 1"))


async def test_an_app_builds_however_it_was_started(database: Addresses, tmp_path: Path) -> None:
    """Here as a module; a console script is the usual way."""
    key = await anyio.to_thread.run_sync(key_of, database, "acme")
    async with model_server() as model:
        app = App(database, tmp_path / "data", model)
        await app.start()
        try:
            async with app.client(key) as client:
                run = (await client.post("/api/runs", json={"question": "When?"})).raise_for_status().json()
                thumb = {"kind": "thumb", "value": 1}
                (await client.post(f"/api/runs/{run['run_id']}/feedback", json=thumb)).raise_for_status()
                built = await client.post("/api/datasets", json={"format": "sft", "held_out": 0})
        finally:
            await app.end(signal.SIGTERM)
    assert built.is_success and built.json()["rows"] == 1, built.text


async def test_a_build_that_is_killed_leaves_nothing(whorl: Whorl, acme: Actor, tmp_path: Path) -> None:
    await collect(whorl, acme, 2)

    async def kill() -> None:
        """Kill every process that builds."""
        while True:
            for child in psutil.Process().children():
                with suppress(psutil.Error):  # it may have ended since it was listed
                    if child.nice() == apart.LAST and "whorl.flywheel.apart" in child.cmdline():
                        os.kill(child.pid, signal.SIGKILL)
            await anyio.sleep(0.01)

    with pytest.raises(UpstreamError, match="ended before the dataset was complete"):
        async with anyio.create_task_group() as group:
            group.start_soon(kill)
            try:
                await apart.create_apart(
                    whorl.engine, whorl.addresses.app, acme.tenant_id, tmp_path, "kto", Selection()
                )
            except UpstreamError as error:
                group.cancel_scope.cancel()
                raised = error
        raise raised
    async with tenant_session(whorl.engine, acme.tenant_id) as session:
        assert list(await session.scalars(select(Dataset))) == []
    built = await apart.create_apart(
        whorl.engine, whorl.addresses.app, acme.tenant_id, tmp_path, "kto", Selection(), held_out=0.0
    )
    assert built.rows == 2, "the next build has a new process"


@pytest.mark.skipif(sys.platform != "linux", reason="SCHED_IDLE is of Linux")
def test_every_thread_steps_back() -> None:
    code = (
        "import os, threading\n"
        "from whorl.flywheel.apart import LAST, step_back\n"
        "over = threading.Event()\n"
        "threading.Thread(target=over.wait).start()\n"
        "step_back()\n"
        "threading.Thread(target=over.wait).start()\n"
        "threads = [int(each) for each in os.listdir('/proc/self/task')]\n"
        "assert len(threads) >= 3\n"
        "assert {os.sched_getscheduler(each) for each in threads} == {os.SCHED_IDLE}\n"
        "assert {os.getpriority(os.PRIO_PROCESS, each) for each in threads} == {LAST}\n"
        "over.set()\n"
    )
    subprocess.run([sys.executable, "-P", "-c", code], check=True)


async def test_a_database_that_an_export_starts_keeps_its_priority(tmp_path: Path) -> None:
    """It serves whoever comes after, too."""
    command = [sys.executable, "-P", "-m", "whorl.platform.cli", "export", "--format", "sft"]
    environ = {
        **os.environ,
        "WHORL_DATA_DIR": str(tmp_path / "data"),
        "WHORL_EMBEDDER": "hashing",
        "WHORL_RERANKER": "identity",
        "WHORL_BACKGROUND_PRIORITY": "last",
    }
    exporting = await asyncio.create_subprocess_exec(*command, env=environ, stderr=asyncio.subprocess.PIPE)
    stepped_back, database = False, set[int]()
    telling = asyncio.create_task(exporting.communicate())
    while not telling.done():
        with suppress(psutil.Error):
            stepped_back = stepped_back or psutil.Process(exporting.pid).nice() == apart.LAST
        for process in psutil.process_iter(["cmdline"]):
            with suppress(psutil.Error):
                if str(tmp_path) in " ".join(process.info["cmdline"] or []) and "postgres" in process.name():
                    database.add(process.nice())
        await asyncio.sleep(0.01)
    _, told = telling.result()
    assert b"No run" in told, told
    assert stepped_back and database == {psutil.Process().nice()}


def test_where_the_processors_are_always_busy_a_build_may_keep_its_priority() -> None:
    code = (
        "import os\n"
        "from whorl.flywheel.apart import step_back\n"
        "before = os.getpriority(os.PRIO_PROCESS, 0)\n"
        "step_back('normal')\n"
        "print(os.getpriority(os.PRIO_PROCESS, 0) == before)\n"
    )
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True"]


@pytest.mark.skipif(sys.platform != "linux", reason="SCHED_IDLE is of Linux")
async def test_what_is_computed_aside_is_last_and_whoever_asked_for_it_is_not() -> None:
    def priorities() -> tuple[int, int]:
        thread = threading.get_native_id()
        return os.sched_getscheduler(thread), os.getpriority(os.PRIO_PROCESS, thread)

    own = priorities()
    aside = apart.Aside("last")
    for _ in range(2):
        assert await aside.run(priorities) == (os.SCHED_IDLE, apart.LAST)
    assert priorities() == own
    assert await apart.Aside("normal").run(priorities) == own
