"""Builds in a process of their own: the same dataset, the same errors, and nothing left of one that died."""

import os
import signal
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
