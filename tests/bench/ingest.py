"""Spans of other programs, from OTLP to durable and queryable: ``python -m tests.bench.ingest --spans 10000``.

Whorl (redaction on and off) and Arize Phoenix take the same bodies over HTTP, each on one core, its database with it,
the sender on the others. The clock runs from the first request to when a query finds every span, and with Whorl
every run as ended. Phoenix comes from PyPI, in an environment of its own, and stores into SQLite.
"""

import argparse
import asyncio
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, LiteralString

import aiohttp
import psycopg

from whorl.platform.database.embedded import start_embedded
from whorl.platform.database.session import create_engine, tenant_session
from whorl.platform.identity.access import Actor
from whorl.platform.identity.bootstrap import ensure_tenant, operator_of
from whorl.platform.identity.sealing import Sealer
from whorl.platform.telemetry.redaction.policy import RedactionPolicy
from whorl.platform.telemetry.redaction.stored import store_policy

from .instant_model import MODEL
from .processes import SETTLE, Server, environment, free_port, instant, keep_off, serving, whorl
from .report import Row, bar, commit, show, write
from .runs_of_others import SPANS, exports

PHOENIX = "arize-phoenix==20.26.1"
SENDERS = 4
IN_ONE = 100
# At most how many spans belong to runs that have ended, from few rows; and how many do.
ENDED = f"SELECT {SPANS} * count(*) FROM runs WHERE status <> 'running'"
FOUND = "SELECT count(*) FROM spans JOIN runs ON runs.id = spans.run_id AND runs.status <> 'running'"
# Whether so many spans are stored and found. It asks little of the core it measures.
Found = Callable[[int], bool]


async def send(url: str, bodies: list[bytes], headers: dict[str, str]) -> float:
    """Post all bodies, a few at a time; a sender that is told to come back later does. Seconds to the last answer."""
    waiting = iter(bodies)
    began = time.perf_counter()

    async def sender(session: aiohttp.ClientSession) -> None:
        for body in waiting:
            while True:
                async with session.post(url, data=body, headers=headers) as answer:
                    if answer.status < 300:
                        break
                    if answer.status not in (429, 503):
                        raise RuntimeError(f"{url} answered {answer.status}: {await answer.text()}")
                await asyncio.sleep(0.05)

    async with aiohttp.ClientSession() as session:
        await asyncio.gather(*(sender(session) for _ in range(SENDERS)))
    return time.perf_counter() - began


def until(found: Found, enough: int, within: float = 900) -> None:
    """Wait until so many are found."""
    last = time.monotonic() + within
    while not found(enough):
        if time.monotonic() > last:
            raise RuntimeError(f"{enough} spans were not stored within {within:.0f} s.")
        time.sleep(0.1)


def measure(name: str, server: Server, path: str, headers: dict[str, str], spans: int, found: Found) -> Row:
    """Warm up with other spans, then send ``spans`` and wait until they are found."""
    headers = {"content-type": "application/x-protobuf", **headers}
    time.sleep(SETTLE)
    warm = list(exports(1000, IN_ONE, seed=1))
    bodies = list(exports(spans, IN_ONE))
    asyncio.run(send(server.url + path, warm, headers))
    before = 1000 // SPANS * SPANS
    until(found, before)
    began = time.perf_counter()
    accepted = asyncio.run(send(server.url + path, bodies, headers))
    sent = spans // SPANS * SPANS
    until(found, before + sent)
    seconds = time.perf_counter() - began
    return {
        "by": name, "spans": sent, "bytes_a_span": round(sum(map(len, bodies)) / sent), "accepted_s": round(accepted, 2),
        "stored_s": round(seconds, 2), "spans_a_second": round(sent / seconds), "peak_mib": round(server.peak / 2**20),
    }  # fmt: skip


@contextmanager
def whorl_with(policy: RedactionPolicy) -> Iterator[tuple[Server, str, Found]]:
    """Whorl with a tenant of this policy, its key, and whether it has so many spans of runs that have ended."""
    with (
        tempfile.TemporaryDirectory() as folder,
        instant() as model,
        whorl(Path(folder), model_url=model.url, model_name=MODEL, worker="external") as server,
    ):
        addresses = start_embedded(Path(folder) / "postgres")
        key = asyncio.run(_tenant(addresses.app, policy))
        with psycopg.connect(addresses.admin, autocommit=True) as connection:

            def found(enough: int) -> bool:
                return all(_number(connection, query) >= enough for query in (ENDED, FOUND))

            yield server, key, found


def _number(connection: psycopg.Connection[Any], query: LiteralString) -> int:
    row = connection.execute(query).fetchone()
    return int(row[0]) if row else 0


async def _tenant(url: str, policy: RedactionPolicy) -> str:
    engine = create_engine(url)
    made = await ensure_tenant(engine, "bench")
    actor: Actor = operator_of(made.tenant)
    async with tenant_session(engine, actor.tenant_id) as session:
        await store_policy(session, Sealer((bytes(32),)), actor, policy)
    await engine.dispose()
    return str(made.key)


def ours(spans: int, policy: RedactionPolicy, name: str) -> Row:
    with whorl_with(policy) as (server, key, found):
        return measure(name, server, "/v1/traces", {"authorization": f"Bearer {key}"}, spans, found)


def phoenix(spans: int) -> Row:
    programs = environment("phoenix", PHOENIX)
    folder = Path(tempfile.mkdtemp())
    port = free_port()
    environ = {
        "PHOENIX_WORKING_DIR": str(folder), "PHOENIX_PORT": str(port), "PHOENIX_GRPC_PORT": str(free_port()),
        "PHOENIX_TELEMETRY_ENABLED": "false", "PHOENIX_ALLOW_EXTERNAL_RESOURCES": "false",
    }  # fmt: skip

    def found(enough: int) -> bool:
        with closing(sqlite3.connect(f"file:{folder / 'phoenix.db'}?mode=ro", uri=True)) as database:
            return int(database.execute("SELECT count(*) FROM spans").fetchone()[0]) >= enough

    try:
        with serving([programs / "phoenix", "serve"], port, "/healthz", environ) as server:
            return measure(PHOENIX, server, "/v1/traces", {}, spans, found)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--spans", type=int, default=10_000)
    parser.add_argument("--no-peer", action="store_true", help="leave Phoenix out")
    given = parser.parse_args()
    keep_off()
    began_at = commit()
    rows = [
        ours(given.spans, RedactionPolicy(), "whorl, redaction on"),
        ours(given.spans, RedactionPolicy(default="off"), "whorl, redaction off"),
    ]
    show(rows)
    bars: list[Row] = []
    if not given.no_peer:
        peer = phoenix(given.spans)
        show([peer])
        for row, asked in zip(rows, (5, 20), strict=True):
            row["times_phoenix"] = round(row["spans_a_second"] / peer["spans_a_second"], 2)
            bars.append(bar(f"times Phoenix's spans a second: {row['by']}", asked, row["times_phoenix"]))
        rows.append(peer)
    write("ingest", began_at, rows, bars)


if __name__ == "__main__":
    main()
