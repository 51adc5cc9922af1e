"""Mixed load with faults injected: ``python -m tests.bench.soak --minutes 10``.

Clients ask agents (whole and streamed), ask the model directly, send spans, give feedback, upload documents and search.
Meanwhile the database stops and starts again, the model server goes away and comes back, and in the first part
the app is killed and stopped as a balancer would stop it. Afterwards everything that was acknowledged must be
there, once; no answer may be a 5xx but a 502, 503 or 504 while something was away; and the app's memory must not grow
over the second half, in which it is not restarted.
"""

import argparse
import asyncio
import json
import random
import signal
import socket
import tempfile
import time
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import numpy as np
import psutil
import psycopg
import uvicorn

from tests.conftest import quote_first
from tests.platform.otlp.spans import a_chat, a_span, export
from tests.platform.processes import SPANS, App, Database
from tests.serving_app import key_of
from whorl.platform.serving.engine.app import create_engine_app
from whorl.platform.serving.engine.scripted import ScriptedBackend

from .report import Row, commit, show, write

# Seconds that something stays away, and between two faults.
AWAY, BETWEEN = 8.0, 22.0
# Seconds after a fault in which an answer may still say so.
AFTERMATH = 15.0
CLIENTS = 2
DELIBERATE = {502, 503, 504}
# MiB that the app may have grown by, by its trend, over the second half.
MOST_GROWTH = 30.0
QUESTIONS = (
    "When does the tide turn?",
    "Who opens the gate for Ann Lee?",
    "What does the pump at 12 Quay Street cost?",
)


class ModelServer:
    """A model on one port, in this process, that can go away and come back."""

    def __init__(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self._server: uvicorn.Server | None = None
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        app = create_engine_app(ScriptedBackend(quote_first))
        self._server = uvicorn.Server(
            uvicorn.Config(app, port=self.port, log_level="critical", lifespan="off")
        )
        self._task = asyncio.create_task(self._server.serve())
        while not self._server.started:
            await asyncio.sleep(0.05)

    async def stop(self) -> None:
        assert self._server is not None and self._task is not None
        self._server.should_exit = self._server.force_exit = True
        await self._task


@dataclass
class Told:
    """What clients were told: ids of runs and traces that were acknowledged, and every answer by kind."""

    runs: set[str] = field(default_factory=set)
    direct: set[str] = field(default_factory=set)
    traces: set[str] = field(default_factory=set)
    feedback: list[str] = field(default_factory=list)
    documents: set[str] = field(default_factory=set)
    answers: Counter[tuple[str, int]] = field(default_factory=Counter)
    undeliberate: list[str] = field(default_factory=list)
    broken: int = 0


class Soak:
    """The site, its clients and its faults."""

    def __init__(self, folder: Path, database: Database, model: ModelServer) -> None:
        self.database, self.model, self.told = database, model, Told()
        url = f"http://127.0.0.1:{model.port}"
        self.app = App(database.addresses, folder / "app", url, WHORL_WORKER="inline")
        self.key = ""
        self.over = False
        self.faulty_until = 0.0
        self.memory: list[tuple[float, float]] = []

    async def run(self, seconds: float) -> None:
        """Load and faults for so long, then whatever is open comes to its end."""
        began = time.monotonic()
        work = (
            self.ask,
            self.ask_streamed,
            self.ask_model,
            self.send_spans,
            self.give_feedback,
            self.upload,
            self.search,
        )
        clients = [asyncio.create_task(self.repeat(each)) for each in work for _ in range(CLIENTS)]
        watch = asyncio.create_task(self.watch())
        faults = random.Random(0)
        while (elapsed := time.monotonic() - began) < seconds:
            restarts = [self.kill, self.stop_app] if elapsed < seconds / 2 - 30 else []
            fault = faults.choice([self.lose_database, self.lose_model, *restarts])
            print(f"{elapsed:5.0f} s  {fault.__name__}", flush=True)
            self.faulty_until = float("inf")
            await fault()
            self.faulty_until = time.monotonic() + AFTERMATH
            await asyncio.sleep(BETWEEN)
        self.over = True
        await asyncio.gather(*clients)
        watch.cancel()

    async def repeat(self, work: Callable[[httpx.AsyncClient], Awaitable[None]]) -> None:
        """One client that does the same again and again; connections that break are tried again."""
        async with self.app.client(self.key, timeout=60) as client:
            while not self.over:
                try:
                    await work(client)
                except httpx.TransportError:
                    self.told.broken += 1
                    await asyncio.sleep(0.2)
                await asyncio.sleep(0.05)

    def note(self, kind: str, answer: httpx.Response) -> bool:
        """Count an answer; whether it acknowledges."""
        self.told.answers[kind, answer.status_code] += 1
        if answer.status_code < 500:
            return answer.is_success
        deliberate = answer.status_code in DELIBERATE and time.monotonic() < self.faulty_until
        if not deliberate:
            self.told.undeliberate.append(f"{kind} {answer.status_code} {answer.text[:200]}")
        return False

    async def ask(self, client: httpx.AsyncClient) -> None:
        answer = await client.post("/api/runs", json={"question": random.choice(QUESTIONS)})
        if self.note("run", answer) and answer.json()["status"] == "succeeded":
            self.told.runs.add(answer.json()["run_id"])

    async def ask_streamed(self, client: httpx.AsyncClient) -> None:
        body = {
            "model": "whorl",
            "stream": True,
            "messages": [{"role": "user", "content": random.choice(QUESTIONS)}],
        }
        async with client.stream("POST", "/v1/chat/completions", json=body) as answer:
            said = (await answer.aread()).decode()
        if self.note("stream", answer) and said.rstrip().endswith("[DONE]"):
            chunks = [json.loads(line[6:]) for line in said.splitlines() if line.startswith("data: {")]
            if chunks[-1]["choices"][0]["finish_reason"] == "stop":
                self.told.runs.add(chunks[-1]["whorl"]["run_id"])

    async def ask_model(self, client: httpx.AsyncClient) -> None:
        body = {"model": "scripted", "messages": [{"role": "user", "content": random.choice(QUESTIONS)}]}
        answer = await client.post("/v1/chat/completions", json=body)
        if self.note("model", answer):
            self.told.direct.add(answer.json()["whorl"]["run_id"])

    async def send_spans(self, client: httpx.AsyncClient) -> None:
        trace = uuid.uuid4().hex
        spans = [a_span(1, "invoke_agent shop", trace=trace)]
        spans += [
            a_span(n, trace=trace, parent=1, attributes=a_chat(asked=random.choice(QUESTIONS)))
            for n in (2, 3)
        ]
        # A sender that hears nothing sends again, as OpenTelemetry's do.
        while not self.over:
            with suppress(httpx.TransportError):
                answer = await client.post("/v1/traces", json=export(*spans))
                if self.note("spans", answer):
                    self.told.traces.add(trace)
                    return
            await asyncio.sleep(0.5)

    async def give_feedback(self, client: httpx.AsyncClient) -> None:
        if not self.told.runs:
            return
        run = random.choice(list(self.told.runs))
        answer = await client.post(f"/api/runs/{run}/feedback", json={"kind": "score", "value": 0.75})
        if self.note("feedback", answer):
            self.told.feedback.append(answer.json()["id"])

    async def upload(self, client: httpx.AsyncClient) -> None:
        await asyncio.sleep(2)
        name = f"{uuid.uuid4().hex}.txt"
        files = {"file": (name, f"The tide {name} turns at six.".encode(), "text/plain")}
        if self.note("document", await client.post("/api/documents", files=files)):
            self.told.documents.add(name)

    async def search(self, client: httpx.AsyncClient) -> None:
        self.note("list", await client.get("/api/runs", params={"limit": 50}))
        self.note("search", await client.get("/api/search", params={"q": random.choice(QUESTIONS)}))

    async def lose_database(self) -> None:
        await asyncio.to_thread(self.database.stop)
        await asyncio.sleep(AWAY)
        await asyncio.to_thread(self.database.start)

    async def lose_model(self) -> None:
        await self.model.stop()
        await asyncio.sleep(AWAY)
        await self.model.start()

    async def kill(self) -> None:
        await self.app.end(signal.SIGKILL)
        await self.app.start()

    async def stop_app(self) -> None:
        await self.app.end(signal.SIGTERM)
        await self.app.start()

    async def watch(self) -> None:
        """The app's memory, MiB, every second."""
        while True:
            assert self.app.process is not None
            with suppress(psutil.NoSuchProcess):
                self.memory.append(
                    (time.monotonic(), psutil.Process(self.app.process.pid).memory_info().rss / 2**20)
                )
            await asyncio.sleep(1)

    def growth(self, seconds: float) -> float:
        """MiB by which the app's memory grew over the last ``seconds``, by a straight line through it."""
        last = self.memory[-1][0]
        times, sizes = np.array([each for each in self.memory if each[0] > last - seconds]).T
        return float(np.polyfit(times, sizes, 1)[0]) * seconds


@asynccontextmanager
async def site(folder: Path) -> AsyncIterator[Soak]:
    database = await asyncio.to_thread(Database, folder / "postgres")
    model = ModelServer()
    await model.start()
    soak = Soak(folder, database, model)
    soak.key = await asyncio.to_thread(key_of, database.addresses, "acme")
    await soak.app.start()
    yield soak
    await soak.app.end(signal.SIGTERM)
    await model.stop()


def lost(url: str, told: Told) -> dict[str, int]:
    """Of each kind, how many that were acknowledged are not there once."""
    runs = _counts(url, "SELECT run_id, count(*), count(DISTINCT span_id) FROM spans GROUP BY run_id")
    ended = _counts(url, "SELECT id, 1, 1 FROM runs WHERE status = 'succeeded'")
    traces = _counts(url, "SELECT trace_id, count(*), count(DISTINCT span_id) FROM spans GROUP BY trace_id")
    outcomes = _counts(url, "SELECT id, count(*), 1 FROM outcomes GROUP BY id")
    documents = _counts(url, "SELECT source, count(*), 1 FROM documents GROUP BY source")
    return {
        "runs": sum(runs.get(each) != (SPANS, SPANS) or each not in ended for each in told.runs),
        "direct": sum(runs.get(each) != (2, 2) or each not in ended for each in told.direct),
        "traces": sum(traces.get(each) != (3, 3) for each in told.traces),
        "feedback": sum(outcomes.get(each) != (1, 1) for each in told.feedback),
        "documents": sum(documents.get(each) != (1, 1) for each in told.documents),
    }


def _counts(url: str, query: str) -> dict[str, tuple[int, int]]:
    with psycopg.connect(url) as connection:
        return {str(name): (rows, distinct) for name, rows, distinct in connection.execute(query)}


async def measure(minutes: float) -> tuple[list[Row], list[Row]]:
    with tempfile.TemporaryDirectory() as folder:
        async with site(Path(folder)) as soak:
            await soak.run(60 * minutes)
            grown = soak.growth(60 * minutes / 2 - 30)
            peak = max(size for _, size in soak.memory)
        # What was logged is stored by the next process at the latest; one has just been stopped.
        missing = lost(soak.database.addresses.admin, soak.told)
        told = soak.told
        soak.database.stop()
    rows: list[Row] = [
        {"kind": kind, "status": status, "answers": n} for (kind, status), n in sorted(told.answers.items())
    ]
    kept = {name: len(getattr(told, name)) for name in missing}
    rows += [
        {"acknowledged": name, "count": count, "lost_or_twice": missing[name]} for name, count in kept.items()
    ]
    rows.append({"peak_mib": round(peak), "connections_broken": told.broken})
    for line in told.undeliberate[:20]:
        print("not deliberate:", line)
    return rows, [
        _most("acknowledged and lost, or there twice", 0, sum(missing.values())),
        _most("answers of 5xx while nothing was away", 0, len(told.undeliberate)),
        _most("MiB grown over the second half", MOST_GROWTH, round(grown, 1)),
    ]


def _most(name: str, asked: float, measured: float) -> Row:
    """A bar that is met up to ``asked``."""
    return {"bar": name, "asked": asked, "measured": measured, "met": measured <= asked}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=10.0)
    given = parser.parse_args()
    began_at = commit()
    rows, bars = asyncio.run(measure(given.minutes))
    show(rows)
    write("soak", began_at, rows, bars)
    if not all(each["met"] for each in bars):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
