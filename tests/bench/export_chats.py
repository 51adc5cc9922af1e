"""Chats beside a build: ``python -m tests.bench.export_chats --runs 20000``.

``whorl serve`` answers chats, at a steady rate, from a scripted model that searches and quotes, while a KTO
dataset of many made-up runs is built through its API; its database, its model and who asks share its machine.
The build's process is stopped and let go on by turns, so that chats beside it and without it come under the
same conditions; a chat counts from the moment it was due. The ratio of the two 99th percentiles is given with
a 95 % interval by bootstrap.
"""

import argparse
import asyncio
import gc
import random
import signal
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx
import psutil

from tests.platform.processes import App, Database, model_server
from whorl.agents.prompt import SOURCE
from whorl.flywheel.apart import LAST
from whorl.platform.database.session import create_engine, tenant_session
from whorl.platform.identity.keys import create_key
from whorl.platform.serving.engine.scripted import ScriptedBackend, call_text

from .export import TENANT, fill
from .report import Row, commit, percentile, show, write

RATE = 4.0
WINDOW = 10.0
MOST = 1.20
DRAWS = 2000


def quoting(messages: list[Any], tools: list[Any], adapter: str | None) -> str:
    """A scripted model: searches for the question, then quotes the first passage."""
    last = messages[-1]
    if last["role"] == "user":
        return call_text("search", query=last["content"])
    return f"{last['content'].splitlines()[0].removeprefix('[1] ').split(SOURCE)[0]} [1]"


def builder(server: int) -> psutil.Process | None:
    """The process of a server that builds, once it has stepped back."""
    children = psutil.Process(server).children()
    return next((child for child in children if child.nice() == LAST), None)


async def chats(client: httpx.AsyncClient, seconds: float, number: int) -> list[float]:
    """Seconds from when each chat was due to its end."""
    started = time.perf_counter()
    spent: list[float] = []

    async def chat(index: int) -> None:
        due = started + index / RATE
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        question = f"When does the tide turn on day {number}-{index}?"
        body = {"model": "whorl", "messages": [{"role": "user", "content": question}]}
        answer = await client.post("/v1/chat/completions", json=body)
        answer.raise_for_status()
        spent.append(time.perf_counter() - due)

    await asyncio.gather(*(chat(index) for index in range(int(seconds * RATE))))
    return spent


async def measure(
    client: httpx.AsyncClient, server: int, runs: int
) -> tuple[list[float], list[float], float]:
    """Chats without the build, chats beside it, and how long the build ran in all."""
    await chats(client, WINDOW, 0)
    build = asyncio.create_task(client.post("/api/datasets", json={"format": "kto"}, timeout=None))
    while (process := builder(server)) is None:
        if build.done():
            raise RuntimeError(f"There was no build to measure: {build.result().text}")
        await asyncio.sleep(0.05)
    alone: list[float] = []
    beside: list[float] = []
    ran = 0.0
    number = 1
    while not build.done():
        process.send_signal(signal.SIGSTOP)
        alone += await chats(client, WINDOW, number)
        process.send_signal(signal.SIGCONT)
        began = time.perf_counter()
        window = asyncio.create_task(chats(client, WINDOW, number + 1))
        await asyncio.wait([window, build], return_when=asyncio.FIRST_COMPLETED)
        ran += time.perf_counter() - began
        found = await window
        beside += found if not build.done() else []
        number += 2
    answer = build.result()
    answer.raise_for_status()
    rows = answer.json()["rows"] + answer.json()["held_out_rows"]
    if not beside:
        raise RuntimeError(
            f"The build of {runs} runs ended within a window of {WINDOW:.0f} s; ask for more runs."
        )
    print(f"{rows} rows of {runs} runs in {ran:.0f} s of building", flush=True)
    return alone, beside, ran


def interval(alone: list[float], beside: list[float]) -> tuple[float, float]:
    """95 % of the ratio of the 99th percentiles, over samples drawn again."""
    draw = random.Random(0)
    ratios = sorted(
        percentile(draw.choices(beside, k=len(beside)), 0.99)
        / percentile(draw.choices(alone, k=len(alone)), 0.99)
        for _ in range(DRAWS)
    )
    return ratios[int(0.025 * DRAWS)], ratios[int(0.975 * DRAWS)]


async def run(runs: int) -> tuple[list[Row], float]:
    with tempfile.TemporaryDirectory() as scratch:
        database = await asyncio.to_thread(Database, Path(scratch) / "postgres")
        await asyncio.to_thread(fill, database.addresses.admin, runs)
        engine = create_engine(database.addresses.app)
        async with tenant_session(engine, TENANT) as session:
            _, key = await create_key(session, TENANT, "bench", "admin")
        await engine.dispose()
        async with model_server(ScriptedBackend(quoting)) as model:
            app = App(database.addresses, Path(scratch) / "app", model)
            await app.start()
            gc.collect()
            gc.freeze()  # who asks is not to be what is waited for
            async with app.client(key) as client:
                document = ("tides.md", b"# Tides\n\nThe tide turns twice a day.")
                (await client.post("/api/documents", files={"file": document})).raise_for_status()
                alone, beside, seconds = await measure(client, app.pid, runs)
            await app.end(signal.SIGTERM)
    rows = [
        {"chats": name, "n": len(found), "p50_ms": round(1000 * percentile(found, 0.5), 1),
         "p99_ms": round(1000 * percentile(found, 0.99), 1)}
        for name, found in (("alone", alone), ("beside a build", beside))
    ]  # fmt: skip
    ratio = percentile(beside, 0.99) / percentile(alone, 0.99)
    low, high = interval(alone, beside)
    rows.append(
        {
            "p99_ratio": round(ratio, 3),
            "ratio_95": [round(low, 3), round(high, 3)],
            "build_seconds": round(seconds),
        }
    )
    return rows, ratio


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=20_000)
    given = parser.parse_args()
    measured_at = commit()
    rows, ratio = asyncio.run(run(given.runs))
    show(rows)
    write("export_chats", measured_at, rows, [
        {"bar": "p99 of chats beside a build against alone", "asked": MOST, "measured": round(ratio, 3), "met": ratio <= MOST},
    ])  # fmt: skip


if __name__ == "__main__":
    main()
