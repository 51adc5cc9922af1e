"""The demonstration: a small turn of the whole wheel, a second one, and one killed wherever it is."""

import json
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest
from rich.progress import Progress

from tests.conftest import Addresses, Settings
from whorl.agents.prompt import REFUSAL
from whorl.flywheel.demo import run
from whorl.flywheel.demo.commands import inventory_server
from whorl.flywheel.demo.facts import draw_facts
from whorl.flywheel.demo.handbook import write_handbook
from whorl.flywheel.demo.run import Demo, corrected
from whorl.flywheel.demo.stock import LEDGERS
from whorl.flywheel.demo.tasks import draw_tasks
from whorl.flywheel.demo.unanswered import draw_unanswered
from whorl.flywheel.evaluation import Scored
from whorl.flywheel.verifiers.base import Attempt
from whorl.platform.app import open_whorl
from whorl.platform.identity.bootstrap import ensure_tenant, operator_of

KEYS = {
    "before", "after", "n", "p_value", "spans", "redactions", "datasets", "train_seconds", "swap_ms", "seeds",
    "example",
}  # fmt: skip
# Where to kill: a count that has been reached.
STAGES = {
    "ingesting": "SELECT count(*) FROM documents",
    "asking": "SELECT count(*) FROM runs",
    "judging": "SELECT count(*) FROM outcomes",
    "building": "SELECT count(*) FROM datasets",
    "training": "SELECT count(*) FROM trainings WHERE status = 'running'",
    "evaluating": "SELECT count(*) FROM adapters",
}
STORED = {
    "documents": "SELECT tenant_id || source FROM documents",
    "runs": "SELECT id::text FROM runs WHERE status = 'succeeded'",
    "outcomes": "SELECT id::text FROM outcomes",
    "datasets": "SELECT id::text FROM datasets",
    "adapters": "SELECT name FROM adapters",
}

LIMIT = 8


async def turn(settings: Settings, build: Path) -> dict[str, Any]:
    """The wheel once, over a few questions, in this process."""
    config = build / "mcp.json"
    build.mkdir(exist_ok=True)
    config.write_text(inventory_server().model_dump_json(exclude_none=True), encoding="utf-8")
    changed = settings.model_copy(update={"mcp_config": config, "max_answer_tokens": 48})
    async with open_whorl(changed) as whorl:
        created = await ensure_tenant(whorl.engine, "halden", "Halden Instruments")
        with Progress(disable=True) as bars:
            return await Demo(whorl, operator_of(created.tenant), bars, build, (0,), LIMIT).run()


async def test_two_turns_of_the_wheel(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "EPOCHS", 1.0)
    build = tmp_path / "demo"
    first = await turn(settings, build)
    assert set(first) >= KEYS
    assert first["n"] == LIMIT and first["spans"] >= 3 * LIMIT
    assert all(first["datasets"][name]["rows"] >= 0 for name in ("sft", "dpo", "kto", "grpo"))
    assert first["datasets"]["sft"]["rows"] > 0 and first["seeds"]["0"]["train_seconds"] > 0
    assert first["adapter"] == "halden.v1"
    refused = first["seeds"]["0"]["refused"]
    assert refused if first["swap_ms"] is None else first["swap_ms"] > 0 and not refused
    second = await turn(settings, build)
    assert second["adapter"] == "halden.v2"
    assert second["spans"] > first["spans"], "what the first turn stored is still there"
    assert json.loads((build / "report.json").read_text(encoding="utf-8"))["adapter"] == "halden.v2"


def test_no_document_tells_what_the_ledgers_are_called(tmp_path: Path) -> None:
    """What the corrections teach cannot be looked up."""
    told = "".join(path.read_text(encoding="utf-8") for path in write_handbook(tmp_path))
    assert all(ledger.code not in told for ledger in LEDGERS)


def test_what_is_measured_is_not_learnt_from() -> None:
    tasks = draw_tasks()
    learnt, measured = ({task.group for task in part} for part in (tasks.learn, tasks.held_out))
    assert len(tasks.held_out) >= 100 and not learnt & measured
    kinds = {"kind:lookup", "kind:stock", "kind:cost", "kind:unanswered"}
    assert {task.tags[1] for task in tasks.held_out} == kinds == {task.tags[1] for task in tasks.learn}


def test_what_nobody_wrote_down_is_to_be_refused_and_so_users_correct_it() -> None:
    tasks = draw_tasks()
    unanswered = next(task for task in tasks.learn if task.verifier == "refusal")
    assert unanswered.judge(Attempt(REFUSAL)) == 1.0 and unanswered.judge(Attempt("[1] It is 7.")) == 0.0
    made_up = Scored(unanswered, "[1] It is 7.", 0.0, uuid.uuid4(), "succeeded")
    [correction] = corrected(made_up, tasks)
    assert (correction.kind, correction.text) == ("edit", REFUSAL)
    told = {question for fact in draw_facts() for question in fact.questions}
    assert not told & {one.question for one in draw_unanswered()}


def count(database: Addresses, query: str) -> int:
    with psycopg.connect(database.admin) as connection:
        row = connection.execute(query).fetchone()
    return int(row[0])


def stored(database: Addresses) -> dict[str, set[str]]:
    with psycopg.connect(database.admin) as connection:
        return {name: {row[0] for row in connection.execute(query)} for name, query in STORED.items()}


@pytest.mark.slow
def test_a_demonstration_killed_at_every_stage_loses_nothing(
    make_database: Callable[[], Addresses], tmp_path: Path
) -> None:
    """``kill -9``, and the next start goes on from what is stored; the last one ends well."""
    database = make_database()
    environment = {
        **os.environ, "WHORL_DATA_DIR": str(tmp_path / "data"), "WHORL_DATABASE_URL": database.app,
        "WHORL_DATABASE_ADMIN_URL": database.admin,
    }  # fmt: skip
    build = tmp_path / "demo"
    command = [
        sys.executable, "-m", "whorl.platform.cli", "demo", "--seeds", "1", "--limit", "8", "--build", str(build),
    ]  # fmt: skip
    before = stored(database)
    for stage, query in STAGES.items():
        reached = count(database, query) if stage != "training" else 0
        process = subprocess.Popen(
            command, env=environment, start_new_session=True, stderr=subprocess.DEVNULL
        )
        deadline = time.monotonic() + 240
        while count(database, query) <= reached:
            assert process.poll() is None, f"ended before {stage}"
            assert time.monotonic() < deadline, f"never came to {stage}"
            time.sleep(0.05)
        os.killpg(process.pid, signal.SIGINT if stage == "judging" else signal.SIGKILL)
        process.wait()
        after = stored(database)
        assert all(before[name] <= after[name] for name in STORED), f"lost something at {stage}"
        before = after
    done = subprocess.run(command, env=environment, check=False, capture_output=True, text=True, timeout=400)
    assert done.returncode == 0, done.stderr
    assert set(json.loads((build / "report.json").read_text(encoding="utf-8"))) >= KEYS
    after = stored(database)
    assert all(before[name] <= after[name] for name in STORED)
    bare = "SELECT count(*) FROM runs WHERE status = 'succeeded' AND trace_id NOT IN (SELECT trace_id FROM spans)"
    assert count(database, bare) == 0, "a run that was acknowledged has no trace"
    assert count(database, "SELECT count(*) FROM trainings WHERE status = 'running'") == 0
