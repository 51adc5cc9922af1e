"""The app is killed while it answers: whatever it acknowledged is there afterwards, once."""

import asyncio
import os
import signal
import socket
import sys
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import psycopg
import uvicorn

from tests.conftest import Addresses, quote_first
from whorl.platform.database.session import create_engine
from whorl.platform.identity.bootstrap import ensure_tenant
from whorl.platform.serving.engine.app import create_engine_app
from whorl.platform.serving.engine.scripted import ScriptedBackend

CLIENTS, ACKNOWLEDGED = 12, 60
# Of a run: the agent, two model calls, a tool, a retrieval.
SPANS = 5


@asynccontextmanager
async def model_server() -> AsyncIterator[str]:
    """A model server in this process, which survives the app."""
    listener = socket.create_server(("127.0.0.1", 0))
    app = create_engine_app(ScriptedBackend(quote_first))
    server = uvicorn.Server(uvicorn.Config(app, log_level="error"))
    task = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        await task


class App:
    """``whorl serve`` in a process of its own, on one port and one data folder."""

    def __init__(self, database: Addresses, folder: Path, model: str) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.environ = {
            **os.environ, "WHORL_DATA_DIR": str(folder), "WHORL_DATABASE_URL": database.app,
            "WHORL_DATABASE_ADMIN_URL": database.admin, "WHORL_EMBEDDER": "hashing", "WHORL_RERANKER": "identity",
            "WHORL_MODEL_URL": model, "WHORL_WORKER": "external", "OMP_NUM_THREADS": "1",
        }  # fmt: skip
        self.process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        self.process = await asyncio.create_subprocess_exec(
            sys.executable, "-P", "-m", "whorl.platform.cli", "serve", "--port", str(self.port),
            env=self.environ, stdout=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        async with httpx.AsyncClient(base_url=self.url) as client:
            for _ in range(600):
                try:
                    if (await client.get("/readyz")).is_success:
                        return
                except httpx.TransportError:
                    pass
                assert self.process.returncode is None, "the app ended as it started"
                await asyncio.sleep(0.1)
        raise AssertionError("the app did not start within a minute")

    async def end(self, how: signal.Signals) -> None:
        assert self.process is not None
        self.process.send_signal(how)
        await self.process.wait()


async def load(app: App, key: str, acknowledged: list[str], enough: asyncio.Event) -> None:
    """One client that asks until the app is gone."""
    headers = {"Authorization": f"Bearer {key}"}
    async with httpx.AsyncClient(base_url=app.url, headers=headers, timeout=30) as client:
        while True:
            try:
                answer = await client.post("/api/runs", json={"question": "When does the tide turn?"})
            except httpx.TransportError:
                return
            assert answer.status_code == 200, answer.text
            acknowledged.append(answer.json()["run_id"])
            if len(acknowledged) >= ACKNOWLEDGED:
                enough.set()


async def test_what_was_acknowledged_survives_a_kill(database: Addresses, tmp_path: Path) -> None:
    engine = create_engine(database.app)
    key = str((await ensure_tenant(engine, "acme")).key)
    await engine.dispose()
    acknowledged: list[str] = []
    async with model_server() as model:
        app = App(database, tmp_path / "whorl", model)
        await app.start()
        enough = asyncio.Event()
        clients = [asyncio.create_task(load(app, key, acknowledged, enough)) for _ in range(CLIENTS)]
        await asyncio.wait_for(enough.wait(), 120)
        await app.end(signal.SIGKILL)
        await asyncio.gather(*clients)
        await app.start()
        await app.end(signal.SIGTERM)
    with psycopg.connect(database.admin) as connection:
        stored = connection.execute(
            "SELECT run_id, count(*), count(DISTINCT span_id), count(*) FILTER (WHERE operation = 'invoke_agent') "
            "FROM spans GROUP BY run_id"
        ).fetchall()
        finished = {
            row[0] for row in connection.execute("SELECT id FROM runs WHERE status = 'succeeded'").fetchall()
        }
    spans = {run_id: counts for run_id, *counts in stored}
    assert len(acknowledged) == len(set(acknowledged)) >= ACKNOWLEDGED
    for run in map(uuid.UUID, acknowledged):
        assert run in finished
        assert spans[run] == [SPANS, SPANS, 1], "every span is there, none twice"
