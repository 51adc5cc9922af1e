"""``whorl serve``, ``whorl worker``, ``whorl migrate``: what is started and kept running, and what goes before it."""

import signal
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anyio.to_thread
import click

from .command import Terminal, fail, run_alone
from .database.migrate import prepare
from .database.session import create_engine
from .errors import PrerequisiteError, WhorlError
from .identity.bootstrap import first_tenant
from .logs import configure_logs
from .serving.adapters import count_in_use
from .serving.vllm import slots, supervised, with_server
from .settings import Settings
from .shutdown import until_stopped
from .telemetry.metrics import metrics_at


@click.command()
@click.option("--host", help="Address to listen on [127.0.0.1].")
@click.option("--port", type=click.IntRange(0, 65535), help="Port to listen on [8000].")
@click.option("--engine", type=click.Choice(["embedded", "vllm"]), help="What the model runs in [embedded].")
@click.pass_obj
def serve(terminal: Terminal, /, **given: Any) -> None:
    """Serve the pages and the API.

    With --engine vllm a vLLM server is started beside them, and again whenever it ends.

    \b
    Example: whorl serve --port 8000
    """
    changes = {name: value for name, value in given.items() if value is not None}
    settings = terminal.settings.model_copy(update=changes)
    try:
        listener = _listen(settings.host, settings.port)
        _serve(terminal, settings, listener)
    except (WhorlError, KeyboardInterrupt) as error:
        fail(error)


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(128)
    except OSError as error:
        listener.close()
        raise PrerequisiteError(
            f"Port {port} on {host} cannot be used: {error.strerror}. Stop what uses it, or choose "
            "another with --port."
        ) from error
    return listener


def _serve(terminal: Terminal, settings: Settings, listener: socket.socket) -> None:
    import uvicorn
    import uvloop

    from .app import create_app
    from .shutdown import Server

    configure_logs(settings)

    async def run() -> None:
        in_use = await _announce(terminal)
        async with _model_server(terminal, settings, in_use) as seen:
            app = create_app(seen)
            config = uvicorn.Config(
                app,
                log_config=None,
                access_log=False,
                timeout_graceful_shutdown=20,
                server_header=False,
            )
            host, port = listener.getsockname()[:2]
            terminal.notes.print(
                f"Whorl answers on http://{'localhost' if host == '127.0.0.1' else host}:{port}"
            )
            # The server raises the signal that ended it again; what is around it must end in order, too.
            signal.signal(signal.SIGTERM, lambda *_: None)
            await Server(config, app.state, seen.drain_seconds).serve(sockets=[listener])

    uvloop.run(run())


@asynccontextmanager
async def _model_server(terminal: Terminal, settings: Settings, in_use: int) -> AsyncIterator[Settings]:
    """The vLLM that the settings ask for, and the settings of what uses it; without one, the settings as they are."""
    if settings.engine == "embedded" or settings.model_url:
        yield settings
        return
    async with supervised(settings, settings.vllm_lora_slots or slots(in_use)) as log:
        terminal.notes.print(
            f"vLLM is starting, which takes a while; /readyz tells when it answers. Its log: {log}"
        )
        yield with_server(settings)


async def _announce(terminal: Terminal) -> int:
    """See that there is a tenant; returns how many adapters are in use."""
    from .app import database_addresses

    addresses = database_addresses(terminal.settings)
    prepare(addresses)
    engine = create_engine(addresses.app)
    try:
        await first_tenant(terminal, engine)
        return await count_in_use(engine)
    finally:
        await engine.dispose()


@click.command()
@run_alone
async def worker(terminal: Terminal) -> None:
    """Do background jobs, such as trainings, until stopped; SIGTERM lets those under way end.

    With WHORL_METRICS_PORT its metrics are there for whoever reaches that port.

    \b
    Example: WHORL_WORKER=external whorl serve &  whorl worker
    """
    configure_logs(terminal.settings)
    with metrics_at(terminal.settings.metrics_port):
        async with terminal.open_alone() as whorl:
            await until_stopped(whorl.work())


@click.command("migrate")
@run_alone
async def migrate_command(terminal: Terminal) -> None:
    """Bring the database to this release's schema; nothing else of Whorl is opened.

    \b
    Example: whorl migrate
    """
    from .app import database_addresses

    await anyio.to_thread.run_sync(prepare, database_addresses(terminal.settings))
    terminal.result({"migrated": True}, lambda: terminal.console.print("The database is up to date."))
