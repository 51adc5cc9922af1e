"""One running site for all tests of the pages: the real application, a scripted model, a filled workspace."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import httpx
import pytest
import pytest_asyncio
import uvicorn
from fastapi import FastAPI

from tests.conftest import Addresses, Whorl, quote_first, test_settings
from tests.platform.processes import listener
from tests.ui.seed import HOSTILE, Seeded, seed
from whorl.platform.app import create_app
from whorl.platform.identity.access import Actor
from whorl.platform.identity.http import COOKIE
from whorl.platform.identity.signin import open_web_session
from whorl.platform.serving.engine.base import Generation, Token
from whorl.platform.serving.engine.scripted import ScriptedBackend


@dataclass
class Site:
    """The application, where it listens, and what is in its two workspaces."""

    app: FastAPI
    address: str
    acme: Seeded
    hostile: Seeded

    @property
    def whorl(self) -> Whorl:
        whorl: Whorl = self.app.state.whorl
        return whorl

    async def cookie(self, actor: Actor) -> str:
        """A new session of a person."""
        assert actor.user_id is not None
        return await open_web_session(self.whorl.engine, actor.tenant_id, actor.user_id)

    async def browser(self, actor: Actor | None = None) -> httpx.AsyncClient:
        """A client that behaves like a browser in which ``actor`` is signed in."""
        client = httpx.AsyncClient(
            transport=httpx.ASGITransport(self.app), base_url="http://site", headers={"Accept": "text/html"}
        )
        if actor is not None:
            client.cookies.set(COOKIE, await self.cookie(actor))
        return client


class _Paced(ScriptedBackend):
    """Writes the answer to a question with "slowly" in it a word every tenth of a second."""

    async def generate(self, generation: Generation) -> AsyncIterator[Token]:
        messages, _ = self._chats[tuple(generation.prompt_ids)]
        slow = messages[-1]["role"] == "tool" and any("slowly" in str(m.get("content")) for m in messages)
        async for token in super().generate(generation):
            await asyncio.sleep(0.1 if slow else 0)
            yield token


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@pytest_asyncio.fixture(scope="session")
async def site(
    make_database: Callable[[], Addresses], tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Site]:
    settings = test_settings(
        make_database(), tmp_path_factory.mktemp("site"), worker="external", sso_private=True
    )
    app = create_app(settings, backend=_Paced(quote_first))
    opened = listener()
    server = _Server(uvicorn.Config(app, log_level="warning", server_header=False))
    serving = asyncio.create_task(server.serve(sockets=[opened]))
    while not server.started:
        assert not serving.done(), "the server did not start"
        await asyncio.sleep(0.05)
    whorl = app.state.whorl
    acme = await seed(whorl)
    hostile = await seed(whorl, "hostile", HOSTILE)
    yield Site(app, f"http://127.0.0.1:{opened.getsockname()[1]}", acme, hostile)
    server.should_exit = True
    await serving
