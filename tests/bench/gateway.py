"""What Whorl adds to a model's answer: ``python -m tests.bench.gateway``.

Chats over ``/v1/chat/completions`` with capture, redaction, tenancy and quotas on, beside the LiteLLM proxy and
beside direct calls, all against a model server that answers at once. Each of the two runs on one core, its database
with it; model and clients run on the others. Added latency is a proxy's percentile less that of direct calls at the
same number of clients. LiteLLM comes from PyPI, in an environment of its own, with a master key and without a database.
"""

import argparse
import asyncio
import json
import random
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

import aiohttp

from whorl.platform.database.embedded import start_embedded
from whorl.platform.database.session import create_engine, tenant_session
from whorl.platform.identity.bootstrap import ensure_tenant
from whorl.platform.usage.quotas import Quotas, change_quotas

from .corpora import squad
from .instant_model import MODEL
from .processes import SETTLE, environment, free_port, instant, keep_off, serving, whorl
from .report import Row, bar, commit, percentile, show, write

LITELLM = "litellm[proxy]==1.108.7"
CLIENTS = (1, 10, 100)
SECONDS = 15.0
WARM = 3.0
# Far more than is asked for, so that quotas are counted and none is reached.
QUOTAS = Quotas(
    requests_per_minute=10_000_000,
    tokens_per_day=10**12,
    dollars_per_month=Decimal(10**6),
    concurrent_runs=100_000,
)


class Target:
    """Where chats go: an address and a key."""

    def __init__(self, name: str, url: str, key: str = "") -> None:
        self.name, self.url = name, url
        self.headers = {"authorization": f"Bearer {key}"} if key else {}


async def load(
    target: Target, clients: int, seconds: float, questions: list[str]
) -> tuple[list[float], float]:
    """Seconds of each answer that ended in time, and the time that was taken."""
    spent: list[float] = []
    began = time.perf_counter()
    draw = random.Random(0)

    async def client(session: aiohttp.ClientSession) -> None:
        while time.perf_counter() - began < seconds:
            body = {"model": MODEL, "messages": [{"role": "user", "content": draw.choice(questions)}]}
            asked = time.perf_counter()
            async with session.post("/v1/chat/completions", json=body, headers=target.headers) as answer:
                said = await answer.read()
                if answer.status != 200 or not json.loads(said)["choices"]:
                    raise RuntimeError(f"{target.name} answered {answer.status}: {said[:300]!r}")
            spent.append(time.perf_counter() - asked)

    async with aiohttp.ClientSession(target.url, connector=aiohttp.TCPConnector(limit=0)) as session:
        await asyncio.gather(*(client(session) for _ in range(clients)))
    return spent, time.perf_counter() - began


def measure(target: Target, seconds: float) -> list[Row]:
    """A row for each number of clients, milliseconds."""
    questions = [asked.text for asked in squad().questions]
    rows: list[Row] = []
    for clients in CLIENTS:
        asyncio.run(load(target, clients, WARM, questions))
        spent, took = asyncio.run(load(target, clients, seconds, questions))
        rows.append(
            {
                "by": target.name, "clients": clients, "p50_ms": round(1000 * percentile(spent, 0.5), 2),
                "p99_ms": round(1000 * percentile(spent, 0.99), 2), "requests_a_second": round(len(spent) / took, 1),
            }
        )  # fmt: skip
        show(rows[-1:])
    return rows


@contextmanager
def ours(model: str) -> Iterator[Target]:
    with (
        tempfile.TemporaryDirectory() as folder,
        whorl(Path(folder), model_url=model, model_name=MODEL, worker="external") as server,
    ):
        addresses = start_embedded(Path(folder) / "postgres")
        time.sleep(SETTLE)
        yield Target("whorl", server.url, asyncio.run(_tenant(addresses.app)))


async def _tenant(url: str) -> str:
    engine = create_engine(url)
    made = await ensure_tenant(engine, "bench")
    async with tenant_session(engine, made.tenant.id) as session:
        await change_quotas(session, made.tenant.id, QUOTAS)
    await engine.dispose()
    return str(made.key)


@contextmanager
def litellm(model: str) -> Iterator[Target]:
    programs, port, key = environment("litellm", LITELLM), free_port(), "sk-bench"
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "config.yaml"
        config.write_text(
            json.dumps(
                {
                    "model_list": [
                        {
                            "model_name": MODEL,
                            "litellm_params": {
                                "model": f"openai/{MODEL}",
                                "api_base": f"{model}/v1",
                                "api_key": "none",
                            },
                        }
                    ],
                    "general_settings": {"master_key": key},
                }
            )
        )
        command = [programs / "litellm", "--config", config, "--port", str(port), "--telemetry", "False"]
        with serving(command, port, "/health/liveliness", {"LITELLM_LOG": "ERROR"}) as server:
            time.sleep(SETTLE)
            yield Target("litellm", server.url, key)


def compare(rows: list[Row], peer: list[Row], direct: list[Row]) -> list[Row]:
    """The bars, and in each row what was added to direct calls."""
    for row, own in (*zip(rows, direct, strict=True), *zip(peer, direct, strict=True)):
        for name in ("p50_ms", "p99_ms"):
            row[f"added_{name}"] = round(row[name] - own[name], 2)
    bars = []
    for row, other in zip(rows, peer, strict=True):
        at = f"at {row['clients']} clients"
        bars.append(
            bar(
                f"LiteLLM's added p99 to Whorl's {at}",
                8,
                round(other["added_p99_ms"] / row["added_p99_ms"], 2),
            )
        )
        bars.append(
            bar(
                f"times LiteLLM's requests a second {at}",
                8,
                round(row["requests_a_second"] / other["requests_a_second"], 2),
            )
        )
    return bars


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=SECONDS, help="of each measurement")
    parser.add_argument("--no-peer", action="store_true", help="leave LiteLLM out")
    given = parser.parse_args()
    keep_off()
    began_at = commit()
    with instant() as model:
        direct = measure(Target("direct", model.url), given.seconds)
        with ours(model.url) as target:
            rows = measure(target, given.seconds)
        if given.no_peer:
            write("gateway", began_at, direct + rows, [])
            return
        with litellm(model.url) as target:
            peer = measure(target, given.seconds)
    bars = compare(rows, peer, direct)
    show(rows + peer)
    write("gateway", began_at, direct + rows + peer, bars)


if __name__ == "__main__":
    main()
