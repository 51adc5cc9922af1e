"""What fails around the app: its database, its disk, its clock. Nothing acknowledged is lost or stored twice."""

import asyncio
import signal
import subprocess
import time
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from shutil import which
from typing import Any

import httpx
import psutil
import psycopg
import pytest
import pytest_asyncio

from tests.conftest import Addresses
from tests.platform.processes import SPANS, App, Database, model_server
from tests.serving_app import key_of
from whorl.agents.names import DIRECT

QUESTION = {"question": "When does the tide turn?"}
CALL = {"model": "scripted", "messages": [{"role": "user", "content": "When does the tide turn?"}]}
CLIENTS, ENOUGH, EXPORTS = 6, 20, 4
# Of a run without an agent: itself, and the model's call.
DIRECT_SPANS = 2
DISK_MIB = 24


@dataclass
class Site:
    """A running app with all that it needs, each of which can be taken away."""

    database: Database
    app: App
    model: str
    key: str
    disk: Path | None
    clock: Path | None

    def client(self, **options: float) -> httpx.AsyncClient:
        return self.app.client(self.key, **options)

    async def stored(self, runs: list[str]) -> None:
        """Every run that was acknowledged has its end and each of its spans once, within half a minute."""
        assert len(runs) == len(set(runs))
        for _ in range(150):
            missing = self._unstored(runs)
            if not missing:
                return
            await asyncio.sleep(0.2)
        raise AssertionError(f"{len(missing)} of {len(runs)} runs are not stored whole: {missing}")

    def _unstored(self, runs: list[str]) -> list[Any]:
        query = """
            SELECT runs.id, runs.status, count(span_id), count(DISTINCT span_id) FROM runs
            LEFT JOIN spans ON spans.run_id = runs.id WHERE runs.id = ANY(%s)
            GROUP BY runs.id, runs.agent, runs.status
            HAVING count(span_id) = CASE runs.agent WHEN %s THEN %s ELSE %s END
        """
        with psycopg.connect(self.database.addresses.admin) as connection:
            found = connection.execute(
                query, [[uuid.UUID(run) for run in runs], DIRECT, DIRECT_SPANS, SPANS]
            ).fetchall()
        whole = {run for run, status, spans, distinct in found if status == "succeeded" and spans == distinct}
        return [run for run in map(uuid.UUID, runs) if run not in whole]


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path | None]:
    """A small disk, or None where none can be mounted."""
    folder = tmp_path_factory.mktemp("disk")
    command = ["mount", "-t", "tmpfs", "-o", f"size={DISK_MIB}m", "tmpfs", str(folder)]
    mounted = which("mount") is not None and not subprocess.run(command, capture_output=True).returncode
    yield folder if mounted else None
    if mounted:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.fixture(scope="module")
def clock(tmp_path_factory: pytest.TempPathFactory) -> Path | None:
    """A library that sets a process's clock, or None where there is no compiler."""
    if which("cc") is None:
        return None
    library = tmp_path_factory.mktemp("clock") / "clock.so"
    source = Path(__file__).with_name("clock.c")
    subprocess.run(["cc", "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True)
    return library


@pytest_asyncio.fixture(scope="module")
async def site(
    tmp_path_factory: pytest.TempPathFactory, disk: Path | None, clock: Path | None
) -> AsyncIterator[Site]:
    folder = tmp_path_factory.mktemp("outages")
    database = await asyncio.to_thread(Database, folder / "postgres")
    offset = folder / "offset"
    offset.write_text("0")
    async with model_server() as model:
        preload = {"LD_PRELOAD": str(clock), "CLOCK_OFFSET": str(offset)} if clock else {}
        app = App(database.addresses, (disk or folder) / "whorl", model, WHORL_WORKER="inline", **preload)
        app.errors = folder / "errors"
        key = await asyncio.to_thread(key_of, database.addresses, "acme")
        await app.start()
        yield Site(database, app, model, key, disk, offset if clock else None)
        await app.end(signal.SIGTERM)
        logged = app.errors.read_text()
        assert "ASGI" not in logged and "ERROR whorl" not in logged, logged


@dataclass
class Load:
    """What clients were answered: the runs that were acknowledged, and every other answer."""

    acknowledged: list[str] = field(default_factory=list)
    refused: list[httpx.Response] = field(default_factory=list)

    async def client(self, app: App, key: str, path: str, body: dict[str, Any]) -> None:
        async with app.client(key) as client:
            while True:
                answer = await client.post(path, json=body)
                run = run_of(answer) if answer.status_code == 200 else None
                if run is not None:
                    self.acknowledged.append(run)
                    continue
                self.refused.append(answer)
                await asyncio.sleep(0.05)

    async def more(self, count: int = ENOUGH) -> None:
        """Wait until so many more are acknowledged."""
        wanted = len(self.acknowledged) + count
        async with asyncio.timeout(60):
            while len(self.acknowledged) < wanted:
                await asyncio.sleep(0.05)


def run_of(answer: httpx.Response) -> str | None:
    """The run that an answer acknowledges, of an agent or of a model that was asked directly."""
    body = answer.json()
    if "whorl" in body:
        return str(body["whorl"]["run_id"])
    return str(body["run_id"]) if body["status"] == "succeeded" else None


@asynccontextmanager
async def load(key: str, *apps: App) -> AsyncIterator[Load]:
    """Clients that ask all the time, as many at each app."""
    told = Load()
    asked: list[tuple[str, dict[str, Any]]] = [("/api/runs", QUESTION), ("/v1/chat/completions", CALL)]
    clients = [
        asyncio.create_task(told.client(app, key, *asked[number % 2]))
        for app in apps
        for number in range(CLIENTS)
    ]
    try:
        yield told
        for client in clients:
            assert not client.done(), client.exception()
    finally:
        for client in clients:
            client.cancel()
        await asyncio.gather(*clients, return_exceptions=True)


def check_away(answer: httpx.Response) -> None:
    """A problem document that says what is missing and when to come back, and nothing of the inside."""
    assert answer.status_code == 503, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert int(answer.headers["retry-after"]) > 0
    assert answer.json()["title"] == "Database unavailable"
    assert "psycopg" not in answer.text and "SELECT" not in answer.text


async def test_the_database_goes_and_comes_back(site: Site) -> None:
    async with load(site.key, site.app) as told, site.client() as client:
        await told.more()
        await asyncio.to_thread(site.database.stop)
        assert (await client.get("/healthz")).status_code == 200
        ready = await client.get("/readyz")
        assert (ready.status_code, ready.json()["database"]) == (503, False)
        for method, path, body in (
            ("GET", "/api/runs", None),
            ("POST", "/api/runs", QUESTION),
            ("POST", "/api/runs", {**QUESTION, "stream": True}),
            ("GET", "/api/search?q=tide", None),
        ):
            check_away(await client.request(method, path, json=body))
        check_away(await client.post("/api/runs", json=QUESTION, headers={"Idempotency-Key": "one"}))
        chat = {"model": "default", "messages": [{"role": "user", "content": "When?"}]}
        answer = await client.post("/v1/chat/completions", json=chat)
        assert (answer.status_code, answer.json()["error"]["type"]) == (503, "server_error")
        assert "retry-after" in answer.headers
        page = await client.get("/", headers={"Accept": "text/html"})
        assert page.status_code == 503 and page.headers["content-type"].startswith("text/html")
        await asyncio.to_thread(site.database.start)
        await site.app.ready()
        await told.more()
    for answer in told.refused:
        assert answer.status_code in (200, 503), answer.text
        if "error" in answer.json():
            assert "The database does not answer" in answer.text, answer.text
        else:
            check_away(answer)
    await site.stored(told.acknowledged)


async def test_spans_of_keys_that_were_valid_wait_in_the_log(site: Site) -> None:
    """Of a key that this process has not found valid, or of a workspace whose redaction policy it never read, none is taken."""
    first = 2 * EXPORTS
    unread, unseen = [
        await asyncio.to_thread(key_of, site.database.addresses, slug, "exporter")
        for slug in ("rival", "acme")
    ]
    async with site.client() as client:
        made = (await client.post("/api/keys", json={"name": "shop", "role": "exporter"})).json()
        async with site.app.client(made["key"]) as shop, site.app.client(unread) as rival:
            assert (await export(shop, first)).status_code == 200
            assert (await rival.get("/api/me")).status_code == 200
            await asyncio.to_thread(site.database.stop)
            try:
                taken = await export(shop, first + 1)
                logs = await shop.post("/v1/logs", json={"resourceLogs": []})
                refused = [await export(rival, first + 2)]
                async with site.app.client(unseen) as other:
                    refused.append(await export(other, first + 3))
                elsewhere = await client.get("/api/runs")
            finally:
                await asyncio.to_thread(site.database.start)
            assert (taken.status_code, logs.status_code) == (200, 200), taken.text
            for answer in refused:
                assert answer.status_code == 503 and "retry-after" in answer.headers
            check_away(elsewhere)
            await site.app.ready()
            assert (await client.delete(f"/api/keys/{made['id']}")).is_success
            assert (await export(shop, first + 4)).status_code == 401, "it is looked up wherever it can be"
    stored = await spans_of(site, [first + number for number in range(5)], 2)
    assert sorted(stored) == [f"{first + number:016x}" for number in (0, 1)]
    assert all("example.org" not in text and "<EMAIL_ADDRESS_1>" in text for text in stored.values())


async def spans_of(site: Site, traces: list[int], count: int) -> dict[str, str]:
    """What is stored of traces, as soon as there are so many spans, with their attributes as text."""
    query = "SELECT span_id, attributes::text FROM spans WHERE trace_id = ANY(%s)"
    found: dict[str, str] = {}
    for _ in range(150):
        with psycopg.connect(site.database.addresses.admin) as connection:
            found = dict(connection.execute(query, [[f"{trace:032x}" for trace in traces]]).fetchall())
        if len(found) >= count:
            break
        await asyncio.sleep(0.2)
    return found


async def test_background_work_goes_on_after_an_outage(site: Site) -> None:
    """Also of a worker that lost the database while it waited for jobs."""
    await asyncio.to_thread(site.database.stop)
    await asyncio.sleep(1)
    await asyncio.to_thread(site.database.start)
    await site.app.ready()
    with psycopg.connect(site.database.addresses.admin, autocommit=True) as connection:
        job = connection.execute(
            "INSERT INTO procrastinate_jobs (queue_name, task_name, args) "
            "VALUES ('whorl', 'close_silent', '{\"timestamp\": 0}') RETURNING id"
        ).fetchone()
        for _ in range(150):
            row = connection.execute("SELECT status FROM procrastinate_jobs WHERE id = %s", job).fetchone()
            if row == ("succeeded",):
                return
            await asyncio.sleep(0.2)
    raise AssertionError(f"the job is {row}")


async def test_a_slow_database_holds_up_no_answer(site: Site) -> None:
    """While a lock keeps spans from being stored they wait in the log, not in memory; so do those of other programs."""
    assert site.app.process is not None
    process = psutil.Process(site.app.process.pid)
    before = process.memory_info().rss
    async with load(site.key, site.app) as told, site.client() as exporter:
        with psycopg.connect(site.database.addresses.admin) as connection:
            connection.execute("LOCK TABLE spans IN ACCESS EXCLUSIVE MODE")
            exports = [asyncio.create_task(export(exporter, trace)) for trace in range(1, EXPORTS + 1)]
            await told.more(3 * ENOUGH)
            assert {answer.status_code for answer in await asyncio.gather(*exports)} == {200}
            await told.more()
            stored = connection.execute(
                "SELECT count(*) FROM spans WHERE run_id = ANY(%s)", [[*map(uuid.UUID, told.acknowledged)]]
            ).fetchone()
            assert stored == (0,), "nothing passed the lock"
            grown = process.memory_info().rss - before
    assert not told.refused
    assert grown < 64 * 2**20, f"{grown} bytes"
    await site.stored(told.acknowledged)
    with psycopg.connect(site.database.addresses.admin) as connection:
        query = "SELECT count(*) FROM spans WHERE trace_id = ANY(%s)"
        traces = [[f"{trace:032x}" for trace in range(1, EXPORTS + 1)]]
        assert connection.execute(query, traces).fetchone() == (EXPORTS,)


async def export(client: httpx.AsyncClient, trace: int) -> httpx.Response:
    """Send one span of a trace of its own, as another program does."""
    text = {"key": "input.value", "value": {"stringValue": "Ask Ada Lovelace, ada@example.org."}}
    span = {
        "traceId": f"{trace:032x}", "spanId": f"{trace:016x}", "name": "chat", "attributes": [text],
        "startTimeUnixNano": str(time.time_ns()), "endTimeUnixNano": str(time.time_ns()),
    }  # fmt: skip
    body = {"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}
    return await client.post("/v1/traces", json=body)


async def test_two_replicas_store_everything_once(site: Site, tmp_path: Path) -> None:
    other = App(site.database.addresses, tmp_path / "other", site.model)
    await other.start()
    try:
        async with load(site.key, site.app, other) as told:
            await told.more(2 * ENOUGH)
        assert not told.refused
        await site.stored(told.acknowledged)
        async with other.client(site.key) as client:
            here = await client.post("/api/runs", json=QUESTION)
            async with site.client() as first:
                there = await first.get(f"/api/runs/{here.json()['run_id']}/events")
        assert "event: run.ended" in there.text, "a run is followed from another replica"
    finally:
        await other.end(signal.SIGTERM)


async def test_a_full_disk_is_said_and_survived(site: Site) -> None:
    """Runs whose spans cannot be logged are not acknowledged; with room again they are."""
    if site.disk is None:
        pytest.skip("no disk can be mounted here")
    filler = site.disk / "filler"
    async with site.client() as client:
        await asyncio.to_thread(fill, filler)
        refused = [await client.post("/api/runs", json=QUESTION) for _ in range(3)]
        lines = (await client.post("/api/runs", json={**QUESTION, "stream": True})).text
        unready = [await client.get("/readyz") for _ in range(2)]
        filler.unlink()
        ready = await client.get("/readyz")
        answers = [await client.post("/api/runs", json=QUESTION) for _ in range(3)]
        runs = (await client.get("/api/runs", params={"limit": 7})).json()
    for answer in refused:
        assert answer.status_code == 503, answer.text
        assert (
            "log of spans cannot be written" in answer.json()["detail"]
            and int(answer.headers["retry-after"]) > 0
        )
    assert "event: run.ended" in lines and '"stop_reason": "unstored"' in lines
    assert [(answer.status_code, answer.json()["log"]) for answer in unready] == [(503, False)] * 2
    assert (ready.status_code, ready.json()["log"]) == (200, True), "it needs no run to find out"
    assert [answer.status_code for answer in answers] == [200] * 3
    assert [run["status"] for run in runs] == ["succeeded"] * 3 + ["failed"] * 4
    await site.stored([answer.json()["run_id"] for answer in answers])


def fill(file: Path) -> None:
    """Write until the disk is full, to the last byte."""
    with file.open("wb", buffering=0) as written:
        for size in (2**20, 4096, 1):
            try:
                while True:
                    written.write(bytes(size))
            except OSError:
                continue


async def test_the_clock_steps_backwards(site: Site) -> None:
    """By an hour: runs are answered and stored as ever, a conversation keeps its order, a quota its minute."""
    if site.clock is None:
        pytest.skip("no compiler is here to set the clock of a process")
    async with site.client() as client:
        first = (await client.post("/api/runs", json=QUESTION)).json()
        limited = await asyncio.to_thread(limited_key, site.database.addresses)
        async with site.app.client(limited) as other:
            used = [(await other.post("/api/runs", json=QUESTION)).status_code for _ in range(2)]
            site.clock.write_text("-3600")
            used.append((await other.post("/api/runs", json=QUESTION)).status_code)
        body = {"question": "And before?", "conversation_id": first["conversation_id"]}
        second = await client.post("/api/runs", json=body)
        streamed = await client.post("/api/runs", json={**body, "question": "And after?", "stream": True})
        messages = await client.get(f"/api/conversations/{first['conversation_id']}/messages")
        moments = [
            (await client.get(f"/api/runs/{run['run_id']}")).json()["started_at"]
            for run in (first, second.json())
        ]
        site.clock.write_text("0")
    assert moments[1] < moments[0], "the clock was set back"
    assert used == [200, 429, 200]
    assert second.status_code == 200 and "event: run.ended" in streamed.text
    said = [message["content"] for message in messages.json() if message["role"] == "user"]
    assert said == [QUESTION["question"], "And before?", "And after?"]
    await site.stored([first["run_id"], second.json()["run_id"]])


def limited_key(database: Addresses) -> str:
    """A key of a tenant that may make one request a minute."""
    key = key_of(database, "limited")
    with psycopg.connect(database.admin) as connection:
        connection.execute(
            "INSERT INTO quotas (tenant_id, requests_per_minute, changed_at) "
            "SELECT id, 1, now() FROM tenants WHERE slug = 'limited'"
        )
    return key
