"""What an operator sees of a running app: metrics, logs without content, and an end that breaks nothing off."""

import asyncio
import json
import logging
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import psycopg
import pytest
import pytest_asyncio
from fastapi import FastAPI
from prometheus_client.parser import text_string_to_metric_families

from tests.conftest import Addresses, quote_first
from tests.platform.processes import App, model_server
from tests.serving_app import key_of
from whorl.platform.logs import JsonFormatter, TextFormatter
from whorl.platform.problems import install_problem_handlers
from whorl.platform.requests import Requests
from whorl.platform.serving.engine.base import Generation, Token
from whorl.platform.serving.engine.scripted import ScriptedBackend
from whorl.platform.shutdown import Shutdown

SECRET = "xylophone-7431"
DRAIN = 2.0


class Held(ScriptedBackend):
    """Answers questions with "quick" in them when the gate opens, those with "endless" never, others at once."""

    def __init__(self) -> None:
        super().__init__(quote_first)
        self.gate, self.never, self.asked = asyncio.Event(), asyncio.Event(), 0

    async def generate(self, generation: Generation) -> AsyncIterator[Token]:
        text = self.decode(generation.prompt_ids)
        waits = {"quick": self.gate, "endless": self.never}
        self.asked += 1
        for word, event in waits.items():
            if word in text:
                await event.wait()
        async for token in super().generate(generation):
            yield token


@dataclass
class Site:
    app: App
    backend: Held
    database: Addresses
    keys: dict[str, str]

    def client(self, role: str = "owner") -> httpx.AsyncClient:
        return self.app.client(self.keys[role])

    async def metrics(self) -> dict[tuple[str, ...], float]:
        """Samples by name and the values of their labels."""
        async with self.client() as client:
            text = (await client.get("/metrics")).raise_for_status().text
        return {
            (sample.name, *sample.labels.values()): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        }

    def log(self) -> list[dict[str, Any]]:
        lines = self.app.errors.read_text().splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]


@pytest_asyncio.fixture(scope="module")
async def site(
    make_database: Callable[[], Addresses], tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Site]:
    database, backend = make_database(), Held()
    async with model_server(backend) as model:
        app = App(
            database, tmp_path_factory.mktemp("operations") / "whorl", model, WHORL_LOG_FORMAT="json",
            WHORL_LOG_LEVEL="debug", WHORL_DRAIN_SECONDS=str(DRAIN),
        )  # fmt: skip
        keys = {role: await asyncio.to_thread(key_of, database, "acme", role) for role in ("owner", "viewer")}
        await app.start()
        yield Site(app, backend, database, keys)
        if app.process is not None and app.process.returncode is None:
            await app.end(signal.SIGTERM)


async def test_metrics_tell_of_routes_and_of_what_waits(site: Site) -> None:
    async with site.client() as client:
        run = (await client.post("/api/runs", json={"question": f"Where is {SECRET}?"})).json()
        await client.get(f"/api/runs/{run['run_id']}")
        await client.get(f"/api/runs/{SECRET}")
        await client.get(f"/{SECRET}")
        await client.get("/api/retention")
        await client.get(f"/api/runs/{run['run_id']}/approvals")
        assert [(await client.head(path)).status_code for path in ("/healthz", "/readyz", "/signin")] == [
            200
        ] * 3
        assert (await client.head("/healthz")).content == b""
    found = await site.metrics()
    assert found["whorl_http_requests_total", "GET", "/api/retention", "200"] == 1
    assert found["whorl_http_requests_total", "GET", "/api/runs/{run_id}/approvals", "200"] == 1
    assert found["whorl_http_requests_total", "HEAD", "/healthz", "200"] == 2
    assert found["whorl_http_requests_total", "POST", "/api/runs", "200"] == 1
    assert found["whorl_http_requests_total", "GET", "/api/runs/{run_id}", "200"] == 1
    assert found["whorl_http_requests_total", "GET", "/api/runs/{run_id}", "422"] == 1
    assert found["whorl_http_requests_total", "GET", "unknown", "404"] == 1
    assert found["whorl_http_request_seconds_count", "GET", "/api/runs/{run_id}"] == 2
    assert found["whorl_runs_active",] == 0
    assert found["whorl_log_pending_seconds",] >= 0 and found["whorl_log_pending_bytes",] >= 0
    assert found["whorl_redaction_failures_total",] == 0
    [server] = [key[1] for key in found if key[0] == "whorl_model_server_left_alone"]
    assert found["whorl_model_server_left_alone", server] == 0
    assert found["whorl_model_server_open_calls", server] == 0
    assert not any(SECRET in word or run["run_id"] in word for key in found for word in key)


async def test_jobs_and_adapters_are_counted_by_state(site: Site) -> None:
    with psycopg.connect(site.database.admin) as connection:
        connection.execute(
            "INSERT INTO procrastinate_jobs (queue_name, task_name) VALUES ('whorl', 'train'), ('whorl', 'look')"
        )
        connection.execute(
            "INSERT INTO adapters (tenant_id, name, version, state, method, folder, base_hash, card, created_at) "
            "SELECT id, 'acme.v1', 1, 'trained', 'sft', '', '', '{}', now() FROM tenants WHERE slug = 'acme'"
        )
    found = await site.metrics()
    assert found["whorl_jobs", "todo"] == 2
    assert found["whorl_adapters", "trained"] == 1


async def test_only_administrators_see_metrics(site: Site) -> None:
    async with site.client("viewer") as client:
        assert (await client.get("/metrics")).status_code == 403


async def test_what_is_asked_is_in_no_log(site: Site) -> None:
    """At the lowest level, wherever in a request it stands, and where the request fails."""
    async with site.client() as client:
        answers = [
            await client.post("/api/runs", json={"question": SECRET}),
            await client.post("/api/runs", json={"question": "a\0" + SECRET}),
            await client.post("/api/runs", json={SECRET: SECRET}),
            await client.post("/api/runs", content=SECRET),
            await client.get("/api/search", params={"q": SECRET, SECRET: SECRET}),
            await client.get(f"/{SECRET}?{SECRET}"),
            await client.get(
                "/api/runs", headers={"Authorization": f"Bearer {SECRET}", "X-Request-Id": "a b"}
            ),
            await client.post("/api/documents", files={"file": (f"{SECRET}.pdf", SECRET.encode())}),
            await client.post("/signin", data={"email": f"{SECRET}@x.org", "password": SECRET}),
            await client.post("/v1/traces", content=SECRET, headers={"content-type": "application/json"}),
            await client.post("/v1/logs", content=SECRET, headers={"content-type": "application/json"}),
            await client.get("/api/runs", headers={"X-Request-Id": "of-the-proxy"}),
        ]
    assert {answer.status_code for answer in answers} > {200, 422, 404, 401}
    ids = [answer.headers["X-Request-Id"] for answer in answers]
    told: dict[str, Any] = {}
    # A line is written once the answer is out.
    while not told.keys() >= set(ids):
        await asyncio.sleep(0.05)
        lines = [line for line in site.log() if line["logger"].endswith("platform.requests")]
        told = {line["request_id"]: line for line in lines}
    assert SECRET not in site.app.errors.read_text()
    assert [told[each]["status"] for each in ids] == [answer.status_code for answer in answers]
    last = told["of-the-proxy"]
    assert (last["method"], last["route"], last["status"]) == ("GET", "/api/runs", 200)
    assert last["ms"] > 0 and len(last["tenant"]) == 36 and last["level"] == "info"


@pytest.mark.parametrize("formatter", [TextFormatter(), JsonFormatter()])
async def test_what_nobody_expects_is_logged_without_words(formatter: logging.Formatter) -> None:
    """Type and place of an exception and of those that it came from, none of their messages."""
    app = FastAPI()
    app.state.shutdown = Shutdown()
    install_problem_handlers(app)
    app.add_middleware(Requests)

    @app.get("/breaks/{word}")
    async def breaks(word: str) -> None:
        try:
            raise KeyError(word)
        except KeyError as error:
            raise RuntimeError(f"cannot read {word}") from error

    lines: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: lines.append(formatter.format(record))  # type: ignore[method-assign]
    logging.getLogger().addHandler(handler)
    try:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://whorl.test") as client:
            answer = await client.get(f"/breaks/{SECRET}")
    finally:
        logging.getLogger().removeHandler(handler)
    assert answer.status_code == 500 and answer.json()["title"] == "Internal error"
    [line] = [line for line in lines if "RuntimeError" in line]
    assert "builtins.KeyError" in line and "in breaks" in line and "/breaks/{word} failed" in line
    assert not any(SECRET in line for line in lines)


@dataclass
class Heard:
    """A stream that is read to its end."""

    text: str = ""
    begun: asyncio.Event = field(default_factory=asyncio.Event)

    async def read(self, client: httpx.AsyncClient, path: str, body: dict[str, Any]) -> None:
        async with client.stream("POST", path, json=body) as answer:
            async for piece in answer.aiter_text():
                self.text += piece
                self.begun.set()


@asynccontextmanager
async def listening(
    client: httpx.AsyncClient, *asked: tuple[str, dict[str, Any]]
) -> AsyncIterator[list[Heard]]:
    heard = [Heard() for _ in asked]
    async with asyncio.TaskGroup() as group:
        for each, (path, body) in zip(heard, asked, strict=True):
            group.create_task(each.read(client, path, body))
        for each in heard:
            await each.begun.wait()
        yield heard


async def test_what_is_open_ends_before_the_process_does(site: Site) -> None:
    """Asked to stop, the app says so and goes on with what it answers; what takes too long gets an error."""
    chat = {"model": "default", "messages": [{"role": "user", "content": "endless"}], "stream": True}
    asked = (
        ("/api/runs", {"question": "quick", "stream": True}),
        ("/api/runs", {"question": "endless", "stream": True}),
        ("/v1/chat/completions", {**chat, "model": "default"}),
    )
    async with site.client() as client, site.client() as other:
        before = site.backend.asked
        waiting = asyncio.create_task(other.post("/api/runs", json={"question": "endless"}))
        async with listening(client, *asked[:2]) as (quick, endless), asyncio.TaskGroup() as group:
            chunks = Heard()
            group.create_task(chunks.read(client, *asked[2]))
            while site.backend.asked < before + 4:
                await asyncio.sleep(0.05)
            assert site.app.process is not None
            site.app.process.send_signal(signal.SIGTERM)
            async with asyncio.timeout(DRAIN):
                while (ready := await client.get("/readyz")).status_code == 200:
                    await asyncio.sleep(0.01)
            assert ready.json()["stopping"] is True and ready.json()["database"] is True
            assert (await client.get("/healthz")).status_code == 200
            site.backend.gate.set()
        refused = await waiting
    await asyncio.wait_for(site.app.process.wait(), 30)
    assert '"status": "succeeded"' in quick.text
    assert "event: run.ended" in endless.text and '"stop_reason": "interrupted"' in endless.text
    assert '"server_error"' in chunks.text and "being stopped" in chunks.text
    assert refused.status_code == 503 and refused.headers["retry-after"]
    with psycopg.connect(site.database.admin) as connection:
        ended = connection.execute(
            "SELECT status, stop_reason FROM runs ORDER BY started_at DESC LIMIT 4"
        ).fetchall()
    assert sorted(ended) == [("failed", "interrupted")] * 3 + [("succeeded", "answered")]
    assert not any("exception" in line for line in site.log())
