"""Clients that close their connection before they are answered: the model stops and the run ends as cancelled."""

import asyncio
import json
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.conftest import Addresses, test_settings
from tests.serving_app import key_of, served
from whorl.platform.app import create_app
from whorl.platform.serving import servers
from whorl.platform.serving.engine.app import create_engine_app
from whorl.platform.serving.engine.base import Generation, Token
from whorl.platform.serving.engine.scripted import ScriptedBackend

CHAT = "/v1/chat/completions"
SECONDS = 30


class Slow(ScriptedBackend):
    """A model that says nothing until it is let."""

    def __init__(self) -> None:
        super().__init__(lambda messages, tools, adapter: "Twice a day.")
        self.begun, self.left, self.let = threading.Event(), threading.Event(), threading.Event()

    async def generate(self, generation: Generation) -> AsyncIterator[Token]:
        self.begun.set()
        try:
            while not self.let.is_set():
                await asyncio.sleep(0.01)
        except asyncio.CancelledError:
            self.left.set()
            raise
        async for token in super().generate(generation):
            yield token


@dataclass
class Site:
    """A running application, its model, and a key that it knows."""

    url: str
    model: Slow
    headers: dict[str, str]

    def ask(self, model: str, **options: Any) -> HTTPConnection:
        """Send a chat and wait for nothing."""
        connection = HTTPConnection(self.url.removeprefix("http://"), timeout=SECONDS)
        body = {"model": model, "messages": [{"role": "user", "content": "How often?"}], **options}
        connection.request("POST", CHAT, json.dumps(body), self.headers)
        return connection

    def runs(self, count: int) -> list[str]:
        """How the latest runs ended, once none is under way."""
        for _ in range(SECONDS * 10):
            runs = httpx.get(f"{self.url}/api/runs", headers=self.headers).raise_for_status().json()
            states = [run["status"] for run in runs]
            if len(states) == count and "running" not in states:
                return states
            time.sleep(0.1)
        raise AssertionError(f"the runs are {states}")


@pytest.fixture(params=["in this process", "over sockets"])
def site(request: pytest.FixtureRequest, database: Addresses, tmp_path: Path) -> Iterator[Site]:
    model = Slow()
    key = key_of(database, "acme")
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    with ExitStack() as stack:
        changes: dict[str, Any] = {"worker": "external", "model_concurrency": 1}
        if request.param == "over sockets":
            changes["model_url"] = stack.enter_context(served(create_engine_app(model)))
        settings = test_settings(database, tmp_path / "whorl", **changes)
        app = create_app(settings, backend=None if "model_url" in changes else model)
        url = stack.enter_context(served(app))
        httpx.get(f"{url}/v1/models", headers=headers).raise_for_status()
        yield Site(url, model, headers)
        model.let.set()


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("model", ["scripted", "whorl"])
def test_who_leaves_before_the_first_word_stops_the_model(site: Site, model: str, stream: bool) -> None:
    connection = site.ask(model, stream=stream)
    assert site.model.begun.wait(SECONDS)
    connection.close()
    assert site.model.left.wait(SECONDS), "the model goes on"
    assert site.runs(1) == ["cancelled"]


@pytest.mark.parametrize("stream", [False, True])
def test_who_leaves_the_queue_is_not_asked_for(site: Site, stream: bool) -> None:
    first = site.ask("scripted")
    assert site.model.begun.wait(SECONDS)
    site.model.begun.clear()
    second = site.ask("scripted", stream=stream)
    while not servers.WAITING._value.get():
        time.sleep(0.01)
    second.close()
    while servers.WAITING._value.get():
        time.sleep(0.01)
    site.model.let.set()
    assert first.getresponse().status == 200
    assert sorted(site.runs(2)) == ["cancelled", "succeeded"]
    assert not site.model.begun.is_set()


def test_who_stays_is_answered(site: Site) -> None:
    """However long it takes."""
    connection = site.ask("scripted")
    assert site.model.begun.wait(SECONDS)
    time.sleep(0.5)
    site.model.let.set()
    assert json.loads(connection.getresponse().read())["choices"][0]["message"]["content"] == "Twice a day."
    assert site.runs(1) == ["succeeded"]


def test_who_comes_again_with_a_key_is_given_the_answer_of_the_first_time(site: Site) -> None:
    site.headers["Idempotency-Key"] = "one"
    connection = site.ask("scripted")
    assert site.model.begun.wait(SECONDS)
    connection.close()
    time.sleep(0.5)
    site.model.let.set()
    assert site.runs(1) == ["succeeded"]
    for _ in range(SECONDS * 10):
        answer = site.ask("scripted").getresponse()
        if answer.status != 409:
            break
        time.sleep(0.1)
    assert (answer.status, answer.getheader("Idempotency-Replayed")) == (200, "true")
    assert site.runs(1) == ["succeeded"]
