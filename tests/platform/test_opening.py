"""How models are come by: an app before servers some of which are down or silent, and a model that nobody asks."""

import asyncio
import hashlib
import json
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from transformers import AutoTokenizer

from tests.conftest import Addresses, Settings, quote_first, test_settings
from tests.serving_app import served
from whorl.agents.runs import RunRequest
from whorl.platform.app import create_app, open_whorl
from whorl.platform.errors import PrerequisiteError, UpstreamError
from whorl.platform.identity.bootstrap import ensure_tenant, operator_of
from whorl.platform.serving import client, opening, servers
from whorl.platform.serving.base_model import SEED_MODEL, template_hash
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
    database: Addresses,
    tmp_path: Path,
    silent: str,
    working: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(client, "LISTING_SECONDS", 0.5)
    for first in (NOBODY, silent):
        settings = test_settings(database, tmp_path / "whorl", model_url=f"{first},{working}")
        async with open_whorl(settings) as whorl:
            assert whorl.servers.base == "scripted"
    settings = test_settings(database, tmp_path / "whorl", model_url=f"{NOBODY},{silent}")
    with pytest.raises(UpstreamError) as failed:
        async with open_whorl(settings):
            pass
    assert f"{NOBODY} does not answer" in failed.value.message
    assert all(f"{address} does not answer" in caplog.text for address in (NOBODY, silent))


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


async def test_a_model_in_this_process_is_loaded_once_and_by_whoever_asks_it(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Most commands never do; an app has it before it answers."""
    loaded = list[str]()

    def load(folder: Path, threads: int) -> ScriptedBackend:
        loaded.append(folder.name)
        return ScriptedBackend(quote_first)

    monkeypatch.setattr(opening, "_load_model", load)
    monkeypatch.setattr(servers, "WATCH_SECONDS", 0.01)
    named = settings.model_copy(update={"model_name": "scripted"})
    async with open_whorl(named) as whorl:
        actor = operator_of((await ensure_tenant(whorl.engine, "acme")).tenant)
        await asyncio.sleep(0.1)
        assert loaded == [], "a look at the servers asks nothing of it"
        requests = [RunRequest(question) for question in ("When?", "Where?", "Who?")]
        ended = await asyncio.gather(*(whorl.agents.answer(actor, request) for request in requests))
        assert [each.status for each in ended] == ["succeeded"] * 3
    assert loaded == ["seed_model"]
    async with open_whorl(named, loaded=True):
        assert loaded == ["seed_model"] * 2


async def test_a_model_that_does_not_load_is_said_by_whoever_asks_it_or_before(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def load(folder: Path, threads: int) -> ScriptedBackend:
        raise PrerequisiteError("The weights are torn.")

    monkeypatch.setattr(opening, "_load_model", load)
    async with open_whorl(settings) as whorl:
        assert whorl.servers.base == "seed_model"
        actor = operator_of((await ensure_tenant(whorl.engine, "acme")).tenant)
        ended = await whorl.agents.answer(actor, RunRequest("When does the tide turn?"))
        assert (ended.status, ended.error) == ("failed", "The weights are torn.")
    with pytest.raises(PrerequisiteError, match="torn"):
        async with open_whorl(settings, loaded=True):
            pass


def test_models_may_be_wanted_by_several_threads_at_once() -> None:
    """In a process that has imported none of the libraries that read them, and in which threads take turns often."""
    code = (
        "import sys\n"
        "sys.setswitchinterval(1e-4)\n"
        "from concurrent.futures import ThreadPoolExecutor\n"
        "from threading import Barrier\n"
        "from whorl.flywheel.screening.windows import PieceEncoder\n"
        "from whorl.platform.serving.base_model import SEED_MODEL\n"
        "from whorl.platform.serving.opening import _load_model\n"
        "start = Barrier(2)\n"
        "wanted = (lambda: len(PieceEncoder().encode(['tides'])), lambda: _load_model(SEED_MODEL, 1).context)\n"
        "with ThreadPoolExecutor(2) as threads:\n"
        "    print([each.result() for each in [threads.submit(lambda w: (start.wait(), w())[1], w) for w in wanted]])\n"
    )
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.splitlines()[-1:] == ["[1, 4096]"], done.stderr


def test_a_chat_template_is_the_one_that_the_tokenizer_carries(tmp_path: Path) -> None:
    """In a file of its own, as here, or in the tokenizer's settings."""
    template = AutoTokenizer.from_pretrained(SEED_MODEL).chat_template
    assert template_hash(SEED_MODEL) == hashlib.sha256(template.encode()).hexdigest()
    for file in ("tokenizer.json", "config.json"):
        shutil.copy(SEED_MODEL / file, tmp_path)
    told = json.loads((SEED_MODEL / "tokenizer_config.json").read_text(encoding="utf-8"))
    (tmp_path / "tokenizer_config.json").write_text(
        json.dumps({**told, "chat_template": template}), encoding="utf-8"
    )
    assert template_hash(tmp_path) == template_hash(SEED_MODEL)
