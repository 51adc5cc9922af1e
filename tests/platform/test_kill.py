"""The app is killed while it answers: whatever it acknowledged is there afterwards, once."""

import asyncio
import signal
import uuid
from pathlib import Path

import httpx
import psycopg

from tests.conftest import Addresses
from tests.platform.processes import SPANS, App, model_server
from whorl.platform.database.session import create_engine
from whorl.platform.identity.bootstrap import ensure_tenant

CLIENTS, ACKNOWLEDGED = 12, 60


async def load(app: App, key: str, acknowledged: list[str], enough: asyncio.Event) -> None:
    """One client that asks until the app is gone."""
    async with app.client(key) as client:
        while True:
            try:
                answer = await client.post("/api/runs", json={"question": "When does the tide turn?"})
            except httpx.TransportError:
                return
            assert answer.status_code == 200, answer.text
            acknowledged.append(answer.json()["run_id"])
            if len(acknowledged) >= ACKNOWLEDGED:
                enough.set()


async def test_what_was_acknowledged_survives_a_kill(database: Addresses, tmp_path: Path) -> None:
    engine = create_engine(database.app)
    key = str((await ensure_tenant(engine, "acme")).key)
    await engine.dispose()
    acknowledged: list[str] = []
    async with model_server() as model:
        app = App(database, tmp_path / "whorl", model)
        await app.start()
        enough = asyncio.Event()
        clients = [asyncio.create_task(load(app, key, acknowledged, enough)) for _ in range(CLIENTS)]
        await asyncio.wait_for(enough.wait(), 120)
        await app.end(signal.SIGKILL)
        await asyncio.gather(*clients)
        await app.start()
        await app.end(signal.SIGTERM)
    with psycopg.connect(database.admin) as connection:
        stored = connection.execute(
            "SELECT run_id, count(*), count(DISTINCT span_id), count(*) FILTER (WHERE operation = 'invoke_agent') "
            "FROM spans GROUP BY run_id"
        ).fetchall()
        finished = {
            row[0] for row in connection.execute("SELECT id FROM runs WHERE status = 'succeeded'").fetchall()
        }
    spans = {run_id: counts for run_id, *counts in stored}
    assert len(acknowledged) == len(set(acknowledged)) >= ACKNOWLEDGED
    for run in map(uuid.UUID, acknowledged):
        assert run in finished
        assert spans[run] == [SPANS, SPANS, 1], "every span is there, none twice"
