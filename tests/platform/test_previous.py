"""The app from before the last migration runs on today's schema, as it does while a release rolls out."""

import asyncio
import json
import signal
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from tests.conftest import ROOT, Addresses
from tests.platform.processes import SPANS, App, model_server
from tests.serving_app import key_of

# Whether an app may start on a schema is tested elsewhere; here it is started in any case.
START = """
import os
import whorl.platform.database.migrate as schema
assert schema.__file__.startswith(os.environ["PYTHONPATH"])
schema.migrate = schema.prepare = lambda *given: None
from whorl.platform.cli import main
main()
"""
ROOMS = ("platform", "agents", "retrieval", "flywheel", "ui", "migrations")


def git(*words: str) -> bytes:
    """What git says; skips the test where it has nothing to say, as in a shallow clone or an unpacked release."""
    try:
        done = subprocess.run(["git", *words], cwd=ROOT, capture_output=True)
    except FileNotFoundError:
        pytest.skip("git is not here")
    if done.returncode or not done.stdout:
        pytest.skip(f"git {words[0]}: the history does not reach back: {done.stderr.decode()[:100]}")
    return done.stdout


@pytest.fixture
def previous(tmp_path: Path) -> Path:
    """A folder to import the package from as it was before the last migration."""
    newest = sorted((ROOT / "migrations" / "versions").glob("0*.py"))[-1]
    added = git("log", "-1", "--format=%H", "--diff-filter=A", "--", str(newest)).decode().strip()
    archive = git("archive", f"{added}^", *ROOMS)
    package = tmp_path / "before" / "whorl"
    package.mkdir(parents=True)
    subprocess.run(["tar", "--extract", f"--directory={package}"], input=archive, check=True)
    return package.parent


async def test_the_app_of_before_runs_on_the_schema_of_today(
    previous: Path, database: Addresses, tmp_path: Path
) -> None:
    key = await asyncio.to_thread(key_of, database, "acme")
    async with model_server() as model:
        app = App(database, tmp_path / "data", model, PYTHONPATH=str(previous))
        app.command = ["-c", START]
        await app.start()
        try:
            async with app.client(key) as client:
                asked = {"question": "When does the tide turn?"}
                run = (await client.post("/api/runs", json=asked)).raise_for_status().json()
                feedback = await client.post(
                    f"/api/runs/{run['run_id']}/feedback", json={"kind": "thumb", "value": 1}
                )
                uploaded = await client.post("/api/documents", files={"file": ("tides.md", b"# Tides")})
                pages = [
                    await client.get(path) for path in ("/api/runs", "/api/usage", "/v1/models", "/metrics")
                ]
                chat = {"model": "scripted", "messages": [{"role": "user", "content": "When?"}]}
                direct = await client.post("/v1/chat/completions", json=chat)
        finally:
            await app.end(signal.SIGTERM)
        export = ("export", "--format", "sft", "--held-out", "0", "--tenant", "acme", "--json")
        command = [sys.executable, "-P", *app.command, *export]
        built = await asyncio.to_thread(subprocess.run, command, env=app.environ, capture_output=True)
    assert run["status"] == "succeeded"
    assert built.returncode == 0, built.stderr.decode()
    for answer in (feedback, uploaded, direct, *pages):
        assert answer.is_success, answer.text
    with psycopg.connect(database.admin) as connection:
        stored = connection.execute("SELECT count(*) FROM spans WHERE run_id = %s", [run["run_id"]])
        assert stored.fetchone() == (SPANS,)
        of_dataset = connection.execute("SELECT dataset_id::text, run_id::text FROM dataset_runs").fetchall()
        assert (json.loads(built.stdout)["id"], run["run_id"]) in of_dataset
