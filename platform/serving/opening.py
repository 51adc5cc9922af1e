"""Model servers as they are configured: clients of other processes, or of a model in this one."""

import asyncio
import logging
from contextlib import AsyncExitStack
from pathlib import Path
from urllib.request import getproxies

import aiohttp
import httpx

from ..background import go_on_until_closed
from ..errors import PrerequisiteError, WhorlError
from ..loading import LOADING
from ..settings import Settings
from .base_model import base_hash, model_folder, template_hash
from .client import ModelClient
from .engine.app import create_engine_app
from .engine.base import Backend
from .servers import ModelServers
from .transport import InProcessTransport, PostponedTransport
from .wire import SocketWire

_log = logging.getLogger(__name__)

# Seconds to connect to a model server within.
_CONNECT = 10
# Seconds that an idle connection to one is kept: less than the 5 after which uvicorn, and vLLM with it, closes it.
_IDLE = 4


async def open_servers(
    stack: AsyncExitStack, settings: Settings, backend: Backend | None, *, loaded: bool
) -> ModelServers:
    """Clients of the configured servers, or of a model in this process, which ``loaded`` loads before it is asked."""
    name, there = settings.model_name, None
    if backend is not None:
        folder = None
        clients = [_in_process(InProcessTransport(create_engine_app(backend)))]
    elif settings.model_url:
        folder = settings.model_dir
        clients = await _remote_clients(settings)
    else:
        folder = model_folder(settings)
        transport = PostponedTransport(lambda: create_engine_app(_load_model(folder, settings.threads)))
        if loaded:
            await transport.made()
        clients, name, there = [_in_process(transport)], name or folder.name, transport.there
    for client in clients:
        stack.push_async_callback(client.close)
    base = name or await _listed_base(clients)
    hashes = (base_hash(folder), template_hash(folder)) if folder else (base, "unknown")
    servers = ModelServers(clients, base, *hashes, settings.model_concurrency)
    go_on_until_closed(stack, _watched(servers, there))
    return servers


async def _watched(servers: ModelServers, there: asyncio.Event | None) -> None:
    """Look at the servers, one that is loaded when it is first asked from then on."""
    if there is not None:
        await there.wait()
    await servers.watch()


async def _listed_base(clients: list[ModelClient]) -> str:
    """The base model that the first server lists which answers.

    Raises UpstreamError where none answers, PrerequisiteError where that one lists no base.
    """
    failures: list[BaseException] = []
    for listed in await asyncio.gather(*(client.models() for client in clients), return_exceptions=True):
        if isinstance(listed, BaseException):
            failures.append(listed)
            continue
        for model in listed:
            if model.parent is None:
                return model.name
        raise PrerequisiteError(
            "The model server lists no base model. Name the one to ask in WHORL_MODEL_NAME."
        )
    for failure in failures:
        _log.error("%s", failure.message if isinstance(failure, WhorlError) else type(failure).__name__)
    raise failures[0]


async def _remote_clients(settings: Settings) -> list[ModelClient]:
    headers = {"Authorization": f"Bearer {settings.model_key}"} if settings.model_key else {}
    seconds = settings.max_run_seconds
    wait = min(settings.model_wait_seconds, seconds / 2)
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=_CONNECT, sock_read=seconds)
    certificates, proxied = httpx.create_ssl_context(), bool(getproxies())
    clients = []
    for url in (settings.model_url or "").split(","):
        address = url.strip().rstrip("/")
        http = httpx.AsyncClient(
            base_url=address, headers=headers, timeout=httpx.Timeout(seconds, connect=_CONNECT)
        )
        # How many calls there may be at once is for ModelServers to say.
        connector = aiohttp.TCPConnector(limit=0, ssl=certificates, keepalive_timeout=_IDLE)
        session = aiohttp.ClientSession(
            connector=connector, headers=headers, timeout=timeout, trust_env=proxied,
            cookie_jar=aiohttp.DummyCookieJar(),
        )  # fmt: skip
        clients.append(ModelClient(http, wire=SocketWire(session, address, wait=wait)))
    return clients


def _in_process(transport: httpx.AsyncBaseTransport) -> ModelClient:
    http = httpx.AsyncClient(transport=transport, base_url="http://embedded", timeout=None)
    return ModelClient(http, label="the embedded model", own=True)


def _load_model(folder: Path, threads: int) -> Backend:
    with LOADING:
        from .engine.local import LocalBackend

        return LocalBackend(folder, threads=threads)
