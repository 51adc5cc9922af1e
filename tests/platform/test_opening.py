"""An app before model servers some of which are down or silent: it starts, is ready and answers."""

import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.conftest import Addresses, quote_first, test_settings
from tests.serving_app import served
from whorl.agents.runs import RunRequest
from whorl.platform.app import create_app, open_whorl
from whorl.platform.errors import UpstreamError
from whorl.platform.identity.bootstrap import ensure_tenant, operator_of
from whorl.platform.serving import client
from whorl.platform.serving.breaker import FAILURES
from whorl.platform.serving.engine.app import create_engine_app
from whorl.platform.serving.engine.scripted import ScriptedBackend

NOBODY = "http://127.0.0.1:9"


@pytest.fixture
def silent() -> Iterator[str]:
    """The address of a server that takes what it is sent and never says a word."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as opened:
        yield f"http://127.0.0.1:{opened.getsockname()[1]}"


@pytest.fixture
def working() -> Iterator[str]:
    with served(create_engine_app(ScriptedBackend(quote_first))) as url:
        yield url


async def test_the_base_is_asked_of_whichever_server_answers(
    database: Addresses, tmp_path: Path, silent: str, working: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "LISTING_SECONDS", 0.5)
    for first in (NOBODY, silent):
        settings = test_settings(database, tmp_path / "whorl", model_url=f"{first},{working}")
        async with open_whorl(settings) as whorl:
            assert whorl.servers.base == "scripted"
    settings = test_settings(database, tmp_path / "whorl", model_url=f"{NOBODY},{silent}")
    with pytest.raises(UpstreamError, match=f"{NOBODY} does not answer"):
        async with open_whorl(settings):
            pass


async def test_a_silent_server_makes_no_app_unready(
    database: Addresses, tmp_path: Path, silent: str, working: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "LISTING_SECONDS", 0.5)
    app = create_app(test_settings(database, tmp_path / "whorl", model_url=f"{silent},{working}"))
    with served(app) as url:
        async with httpx.AsyncClient(base_url=url) as asking:
            ready = await asking.get("/readyz")
    assert (ready.status_code, ready.json()["model"]) == (200, True)


async def test_a_silent_server_fails_no_call_and_is_left_alone(
    database: Addresses, tmp_path: Path, silent: str, working: str
) -> None:
    urls = {"model_url": f"{silent},{working}", "model_name": "scripted", "model_wait_seconds": 2.0}
    async with open_whorl(test_settings(database, tmp_path / "whorl", **urls)) as whorl:
        actor = operator_of((await ensure_tenant(whorl.engine, "acme")).tenant)
        for _ in range(FAILURES + 2):
            ended = await whorl.agents.answer(actor, RunRequest("When does the tide turn?"))
            assert ended.status == "succeeded", ended.error
        assert [server.breaker.closed for server in whorl.servers.servers] == [False, True]
