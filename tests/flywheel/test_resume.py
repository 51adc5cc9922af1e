"""Resuming: a training that died goes on from its checkpoint, to the weights that it would have reached."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import psutil
import psycopg
import pytest
import torch
from asgi_lifespan import LifespanManager
from safetensors.torch import load_file
from sqlalchemy.exc import OperationalError

from tests.conftest import Actor, Settings, Whorl, quote_first
from tests.flywheel.manifests import store_dataset
from tests.flywheel.test_training import PROMPT, ROWS, SEARCH
from tests.tiny_model import make_model
from whorl.flywheel import jobs
from whorl.flywheel.jobs import training_job
from whorl.flywheel.lineage import Descent
from whorl.flywheel.tables import Dataset, Training
from whorl.flywheel.training import launch
from whorl.flywheel.training.checkpoint import last_checkpoint
from whorl.flywheel.training.launch import process_command, queue_training, train_adapter
from whorl.flywheel.training.process import train
from whorl.flywheel.training.progress import CancelledTrainingError
from whorl.flywheel.training.recipe import METHODS, OPTIONS, Recipe, TrainingJob, default_recipe
from whorl.flywheel.training.resume import cancel_training, discard_checkpoints, requeue_training
from whorl.flywheel.withdrawal import withdraw
from whorl.platform.app import create_app, open_whorl
from whorl.platform.database.embedded import Addresses
from whorl.platform.database.session import tenant_session
from whorl.platform.errors import ConflictError, DatabaseAwayError, InputError, UpstreamError, WhorlError
from whorl.platform.identity.bootstrap import ensure_tenant, operator_of
from whorl.platform.identity.keys import create_key
from whorl.platform.serving.adapters import list_adapters, register_adapter
from whorl.platform.serving.base_model import base_hash
from whorl.platform.serving.engine.scripted import ScriptedBackend


class Killed(BaseException):
    """The process ends here."""


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_model(tmp_path_factory.mktemp("base") / "tiny", seed=3)


def write_rows(folder: Path, method: Any, count: int = 10) -> Path:
    """Rows that differ in words and length, so that their order shows in the weights."""
    format = default_recipe(method).format
    folder.mkdir(parents=True)
    rows = []
    for n in range(count):
        said = [{"role": "assistant", "content": f"At {n} {'noon ' * n}[1]"}]
        given = dict(ROWS[format])
        given |= {"messages": [*PROMPT, *said]} if format == "sft" else {}
        given |= {"chosen": said} if format == "dpo" else {}
        given |= {"completion": said, "label": n % 2 == 0} if format == "kto" else {}
        if format == "grpo":
            given["prompt"] = [*PROMPT[:1], {"role": "user", "content": f"{n}?"}]
            given |= {"verifier": "regex", "arguments": {"pattern": "[^ ]*[a-m][^ ]*"}}
        rows.append({**given, "tools": [SEARCH], "source": [str(n)]})
    (folder / "train.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (folder / "manifest.json").write_text(json.dumps({"content_hash": "c"}))
    former = [
        {"messages": [*PROMPT, {"role": "assistant", "content": f"Then {'high ' * n}{n}"}]} for n in range(20)
    ]
    (folder / "former.jsonl").write_text("".join(json.dumps(row) + "\n" for row in former))
    return folder


def small(method: Any, **changes: Any) -> Recipe:
    """Three epochs of three steps; a checkpoint after each fourth step lies within the second."""
    values = {
        "epochs": 3.0, "max_steps": -1, "batch_size": 4, "rank": 2, "save_every": 4, "learning_rate": 0.01,
        "dropout": 0.1,
    }  # fmt: skip
    grpo = {"generations": 2, "answer_tokens": 4} if method == "grpo" else {}
    return default_recipe(method).changed(**{**values, **grpo, **changes})


def the_job(recipe: Recipe, model: Path, data: Path, output: Path) -> TrainingJob:
    former = data / "former.jsonl" if recipe.method in OPTIONS["anchor"] else None
    return TrainingJob(
        recipe=recipe, model_folder=model, base_hash=base_hash(model), dataset_folder=data, output_folder=output,
        rehearsal=former,
    )  # fmt: skip


def die_after(step: int) -> tuple[list[dict[str, Any]], Any]:
    told: list[dict[str, Any]] = []

    def tell(value: dict[str, Any]) -> None:
        told.append(value)
        if value.get("step") == step:
            raise Killed

    return told, tell


@pytest.mark.parametrize("past", [0, 1], ids=["end of an epoch", "within an epoch"])
@pytest.mark.parametrize("method", METHODS)
def test_a_resumed_training_reaches_the_same_weights(
    method: Any, past: int, model: Path, tmp_path: Path
) -> None:
    at = (5 if method == "grpo" else 3) + past
    recipe = small(method, save_every=at)
    data = write_rows(tmp_path / "data", method)
    whole = the_job(recipe, model, data, tmp_path / "whole")
    expected = train(whole, lambda _: None)
    cut = the_job(recipe, model, data, tmp_path / "cut")
    _, tell = die_after(at + 1)
    with pytest.raises(Killed):
        train(cut, tell)
    kept = last_checkpoint(cut.partial)
    assert kept is not None and kept.step == at
    again: list[dict[str, Any]] = []
    report = train(cut, again.append)
    assert [v["step"] for v in again if "step" in v] == list(range(at + 1, expected["steps"] + 1))
    assert report["steps"] == expected["steps"] and report["resumed_from"] == at
    assert [v for _, v in report["curves"]["loss"]] == pytest.approx(
        [v for _, v in expected["curves"]["loss"]], abs=1e-4
    )
    first, second = (load_file(tmp_path / name / "adapter_model.safetensors") for name in ("whole", "cut"))
    assert any(value.abs().max() > 0 for name, value in first.items() if "lora_B" in name)
    for name, value in first.items():
        torch.testing.assert_close(second[name], value, rtol=1e-4, atol=1e-6)
    assert not list((tmp_path / "cut").glob("checkpoint-*")) and not list((tmp_path / "cut").glob("*.pt"))


async def start(whorl: Any, model: Path, data: Path, recipe: Recipe) -> tuple[Actor, uuid.UUID]:
    actor = operator_of((await ensure_tenant(whorl.engine, "acme")).tenant)
    dataset = await store_dataset(whorl.engine, actor, "sft", 10, data)
    return actor, await queue_training(whorl.engine, actor, dataset.id, recipe)


async def stored(whorl: Any, actor: Actor, training_id: uuid.UUID) -> Training:
    async with tenant_session(whorl.engine, actor.tenant_id) as session:
        return await session.get_one(Training, (actor.tenant_id, training_id))


def kill_at(training: Path, step: int, told: list[int]) -> Any:
    """A listener that kills the training process by SIGKILL as soon as it tells of a step."""

    def progress(value: dict[str, Any]) -> None:
        told.append(value["step"])
        if value["step"] == step:
            os.kill(int((training / "lock").read_text()), signal.SIGKILL)

    return progress


async def test_a_killed_process_is_resumed_to_the_same_adapter(
    settings: Settings, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The killed one and the one that goes on are processes as there are outside of tests."""
    changed = settings.model_copy(update={"model_dir": model})
    recipe = small("sft", epochs=8.0, save_every=4)
    data = write_rows(tmp_path / "data", "sft")
    async with open_whorl(changed, backend=ScriptedBackend(quote_first)) as whorl:
        actor, unharmed = await start(whorl, model, data, recipe)
        whole = await train_adapter(whorl.engine, actor, unharmed, recipe, model, changed.adapters)
        monkeypatch.setattr(launch, "process_command", process_command)
        _, cut = await start(whorl, model, data, recipe)
        partial, told = changed.adapters / "acme.v2.partial", list[int]()
        with pytest.raises(UpstreamError, match="ended with code -9"):
            await train_adapter(
                whorl.engine, actor, cut, recipe, model, changed.adapters, kill_at(partial, 6, told)
            )
        kept = last_checkpoint(partial)
        assert kept is not None and kept.step % 4 == 0 and kept.step >= 4
        failed = await stored(whorl, actor, cut)
        assert failed.status == "failed" and failed.report["checkpoint"]["step"] == kept.step
        assert f"It can go on from step {kept.step}: whorl train --resume {cut}" in (failed.error or "")
        again = await requeue_training(whorl.engine, actor, cut, changed.adapters)
        assert again == recipe
        with pytest.raises(ConflictError, match="is queued"):
            await requeue_training(whorl.engine, actor, cut, changed.adapters)
        resumed = list[int]()
        name = await train_adapter(
            whorl.engine, actor, cut, again, model, changed.adapters, lambda v: resumed.append(v["step"])
        )
        assert (whole, name) == ("acme.v1", "acme.v2")
        assert resumed == list(range(kept.step + 1, 25))
        done = await stored(whorl, actor, cut)
        assert done.status == "succeeded" and done.error is None and "checkpoint" not in done.report
        assert (done.report["steps"], done.report["resumed_from"]) == (24, kept.step)
        first, second = (load_file(changed.adapters / n / "adapter_model.safetensors") for n in (whole, name))
        for key, value in first.items():
            torch.testing.assert_close(second[key], value, rtol=1e-4, atol=1e-6)
        with pytest.raises(ConflictError, match="is succeeded"):
            await requeue_training(whorl.engine, actor, cut, changed.adapters)


async def test_a_training_that_its_worker_gives_back_waits_and_goes_on(
    settings: Settings, model: Path, tmp_path: Path
) -> None:
    changed = settings.model_copy(update={"model_dir": model})
    recipe = small("sft", epochs=30.0, save_every=4)
    async with open_whorl(changed, backend=ScriptedBackend(quote_first)) as whorl:
        actor, training_id = await start(whorl, model, write_rows(tmp_path / "data", "sft"), recipe)
        given = whorl.engine, changed, actor.tenant_id, training_id
        first = asyncio.create_task(training_job(*given))
        while last_checkpoint(changed.adapters / "acme.v1.partial") is None:
            assert not first.done()
            await asyncio.sleep(0.01)
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        waiting = await stored(whorl, actor, training_id)
        step = waiting.report["checkpoint"]["step"]
        assert waiting.status == "queued" and 4 <= step < 90
        await whorl.close_interrupted()
        await training_job(*given)
        done = await stored(whorl, actor, training_id)
    assert (done.status, done.report["steps"], done.report["resumed_from"]) == ("succeeded", 90, step)


async def test_a_training_tells_how_far_it_is_and_can_be_stopped(
    settings: Settings, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("whorl.flywheel.training.progress.EVERY", 0.0)
    changed = settings.model_copy(update={"model_dir": model})
    recipe = small("sft", epochs=30.0, save_every=4)
    async with open_whorl(changed, backend=ScriptedBackend(quote_first)) as whorl:
        actor, training_id = await start(whorl, model, write_rows(tmp_path / "data", "sft"), recipe)
        given = whorl.engine, changed, actor.tenant_id, training_id
        job = asyncio.create_task(training_job(*given))
        while last_checkpoint(changed.adapters / "acme.v1.partial") is None:
            assert not job.done()
            await asyncio.sleep(0.01)
        running = await stored(whorl, actor, training_id)
        await cancel_training(whorl.engine, actor, training_id)
        await job
        stopped = await stored(whorl, actor, training_id)
        with pytest.raises(ConflictError, match="is cancelled: there is nothing to stop"):
            await cancel_training(whorl.engine, actor, training_id)
        await requeue_training(whorl.engine, actor, training_id, changed.adapters)
        await training_job(*given)
        done = await stored(whorl, actor, training_id)
    assert running.status == "running" and running.report["progress"]["steps"] == 90
    assert running.report["curves"]["loss"][0][0] == 1
    assert (stopped.status, stopped.ended_at is None) == ("cancelled", False)
    assert "can go on from step" in (stopped.error or "") and stopped.report["progress"]["step"] < 90
    assert (done.status, done.report["resumed_from"]) == ("succeeded", stopped.report["checkpoint"]["step"])


async def at_once(job: TrainingJob, *_: Any) -> dict[str, Any]:
    """A training process that is done at once."""
    recipe = job.recipe.model_dump(mode="json")
    counts = dict.fromkeys(
        ("steps", "loss_first", "loss_last", "seconds", "rehearsed_rows", "anchored_rows"), 1
    )
    report = {"base_hash": job.base_hash, "recipe": recipe, **counts}
    (job.partial / "job.json").write_text(job.model_dump_json())
    (job.partial / "meta.json").write_text(json.dumps(report))
    job.partial.rename(job.output_folder)
    return report


def away(times: float) -> Any:
    """Registering an adapter, for which the database is away so many times."""
    left = [times]

    async def register(*given: Any, **values: Any) -> Any:
        left[0] -= 1
        if left[0] >= 0:
            raise OperationalError("INSERT", {}, Exception("the server closed the connection"))
        return await register_adapter(*given, **values)

    return register


async def test_a_database_that_is_away_when_a_training_ends_is_waited_for(
    settings: Settings, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, database: Addresses
) -> None:
    """The connection by which it is held is broken as well."""

    async def cut_off(job: TrainingJob, *_: Any) -> dict[str, Any]:
        with psycopg.connect(database.admin) as connection:
            ended = connection.execute(
                "SELECT pg_terminate_backend(l.pid) FROM pg_locks l JOIN pg_stat_activity a USING (pid)"
                " WHERE l.locktype = 'advisory' AND a.datname = current_database()"
            ).fetchall()
        assert ended == [(True,)]
        return await at_once(job)

    monkeypatch.setattr(launch, "_run", cut_off)
    monkeypatch.setattr(launch, "register_adapter", away(2))
    async with open_whorl(settings, backend=ScriptedBackend(quote_first)) as whorl:
        recipe = small("sft")
        actor, training_id = await start(whorl, model, write_rows(tmp_path / "data", "sft"), recipe)
        name = await train_adapter(whorl.engine, actor, training_id, recipe, model, settings.adapters)
        training = await stored(whorl, actor, training_id)
    assert (training.status, training.adapter, name) == ("succeeded", "acme.v1", "acme.v1")


@pytest.mark.parametrize("then", ["closed", "resumed", "withdrawn", "erased"])
async def test_what_is_complete_when_the_database_stays_away_is_registered_later(
    settings: Settings, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, then: str
) -> None:
    monkeypatch.setattr(launch, "_run", at_once)
    monkeypatch.setattr(launch, "PATIENCE", 0.0)
    changed = settings.model_copy(update={"model_dir": model})
    output = changed.adapters / "acme.v1"
    async with open_whorl(changed, backend=ScriptedBackend(quote_first)) as whorl:
        actor, training_id = await start(whorl, model, write_rows(tmp_path / "data", "sft"), small("sft"))
        given = whorl.engine, changed, actor.tenant_id, training_id
        monkeypatch.setattr(launch, "register_adapter", away(1))
        with pytest.raises(DatabaseAwayError):
            await training_job(*given)
        left = await stored(whorl, actor, training_id)
        assert left.status == "running" and output.is_dir()
        if then == "resumed":
            await requeue_training(whorl.engine, actor, training_id, changed.adapters)
            await training_job(*given)
        async with tenant_session(whorl.engine, actor.tenant_id) as session:
            if then == "withdrawn":
                (await session.get_one(Dataset, (actor.tenant_id, left.dataset_id))).content_hash = "d"
            if then == "erased":
                assert await discard_checkpoints(session, Training.id == training_id) == 1
        await whorl.close_interrupted()
        ended = await stored(whorl, actor, training_id)
        async with tenant_session(whorl.engine, actor.tenant_id) as session:
            known = [adapter.name for adapter in await list_adapters(session)]
    if then in ("closed", "resumed"):
        assert (ended.status, ended.error, ended.report["steps"], known) == (
            "succeeded",
            None,
            1,
            ["acme.v1"],
        )
        assert output.is_dir()
    else:
        assert (ended.status, known) == ("failed", []) and not output.exists()
        assert then == "erased" or "were withdrawn" in (ended.error or "")


@asynccontextmanager
async def begun(
    settings: Settings, model: Path, folder: Path
) -> AsyncIterator[tuple[Whorl, Actor, uuid.UUID]]:
    """An application with a training that waits."""
    async with open_whorl(settings, backend=ScriptedBackend(quote_first)) as whorl:
        yield whorl, *await start(whorl, model, write_rows(folder / "data", "sft"), small("sft"))


async def test_a_training_that_is_done_is_not_done_again(
    settings: Settings, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither by a second job, nor made to wait or to fail by the first."""
    monkeypatch.setattr(launch, "_run", at_once)
    changed = settings.model_copy(update={"model_dir": model})
    async with begun(changed, model, tmp_path) as (whorl, actor, training_id):
        given = whorl.engine, changed, actor.tenant_id, training_id
        await training_job(*given)
        done = await stored(whorl, actor, training_id)
        await training_job(*given)
        await jobs._wait_again(*given)
        await launch._fail(whorl.engine, actor, training_id, changed.adapters, UpstreamError("It died."))
        after = await stored(whorl, actor, training_id)
    assert (after.status, after.adapter, after.ended_at) == ("succeeded", "acme.v1", done.ended_at)
    assert [folder.name for folder in changed.adapters.iterdir()] == ["acme.v1"]


async def test_a_training_that_is_stopped_as_it_begins_does_not_run(
    settings: Settings, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(launch, "_run", at_once)
    changed = settings.model_copy(update={"model_dir": model})
    async with begun(changed, model, tmp_path) as (whorl, actor, training_id):
        async with tenant_session(whorl.engine, actor.tenant_id) as session:
            training = await session.get_one(Training, (actor.tenant_id, training_id), with_for_update=True)
            training.status = "cancelled"
            await session.flush()
            job = asyncio.create_task(training_job(whorl.engine, changed, actor.tenant_id, training_id))
            await asyncio.sleep(1)
        await job
        training = await stored(whorl, actor, training_id)
    assert (training.status, training.adapter) == ("cancelled", None)


async def test_a_training_that_failed_is_done_again_only_where_it_is_asked_for(
    settings: Settings, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed = settings.model_copy(update={"model_dir": model})
    lost = changed.model_copy(update={"rehearsal": tmp_path / "lost.jsonl"})
    monkeypatch.setattr(launch, "_run", at_once)
    async with open_whorl(changed, backend=ScriptedBackend(quote_first)) as whorl:
        actor, training_id = await start(whorl, model, write_rows(tmp_path / "data", "sft"), small("sft"))
        with pytest.raises(InputError, match="no file"):
            await training_job(whorl.engine, lost, actor.tenant_id, training_id)
        with pytest.raises(ConflictError, match="The training has failed: There is no file"):
            await training_job(whorl.engine, changed, actor.tenant_id, training_id)
        training = await stored(whorl, actor, training_id)
    assert training.status == "failed"


# A training process amid a long step, which has a checkpoint and started another process, and does not end when it is asked to.
STUBBORN = """
import pathlib, signal, subprocess, sys, time
partial = pathlib.Path(sys.argv[1]).parent
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen(["sleep", "60"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
(partial / "child").write_text(str(child.pid))
(partial / "checkpoint-4").mkdir()
(partial / "checkpoint-4" / "trainer_state.json").write_text('{"global_step": 4}')
time.sleep(60)
"""


async def test_a_training_is_stopped_amid_a_step(
    settings: Settings, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("whorl.flywheel.training.progress.EVERY", 0.1)
    monkeypatch.setattr(launch, "GRACE", 0.5)
    monkeypatch.setattr(launch, "process_command", lambda job: [sys.executable, "-c", STUBBORN, str(job)])
    changed = settings.model_copy(update={"model_dir": model})
    partial = changed.adapters / "acme.v1.partial"
    async with open_whorl(changed, backend=ScriptedBackend(quote_first)) as whorl:
        actor, training_id = await start(whorl, model, write_rows(tmp_path / "data", "sft"), small("sft"))
        job = asyncio.create_task(training_job(whorl.engine, changed, actor.tenant_id, training_id))
        while last_checkpoint(partial) is None:
            assert not job.done()
            await asyncio.sleep(0.01)
        await cancel_training(whorl.engine, actor, training_id)
        async with asyncio.timeout(20):
            await job
        stopped = await stored(whorl, actor, training_id)
        assert stopped.status == "cancelled" and stopped.report["checkpoint"]["step"] == 4
        with suppress(psutil.NoSuchProcess):
            left = psutil.Process(int((partial / "child").read_text())).status()
            assert left == psutil.STATUS_ZOMBIE, "what it started ends with it"
        await requeue_training(whorl.engine, actor, training_id, changed.adapters)
        await launch._fail(whorl.engine, actor, training_id, changed.adapters, CancelledTrainingError())
        assert (await stored(whorl, actor, training_id)).status == "queued", "resumed before it had ended"


def test_a_training_process_ends_with_the_one_that_follows_it() -> None:
    """Whoever is left holds the pipe, on which the test waits."""
    child = "import sys; from whorl.flywheel.training.process import end_with_parent as end; end(int(sys.argv[1]))"
    parent = (
        "import os, subprocess, sys;"
        f"subprocess.Popen([sys.executable, '-c', {child!r}, str(os.getpid())], start_new_session=True)"
    )
    subprocess.run([sys.executable, "-c", parent], stdout=subprocess.PIPE, timeout=60, check=True)


async def test_a_training_that_was_stopped_while_it_waited_never_begins(
    settings: Settings, model: Path, tmp_path: Path
) -> None:
    async with open_whorl(settings, backend=ScriptedBackend(quote_first)) as whorl:
        actor, training_id = await start(whorl, model, write_rows(tmp_path / "data", "sft"), small("sft"))
        await cancel_training(whorl.engine, actor, training_id)
        await training_job(whorl.engine, settings, actor.tenant_id, training_id)
        training = await stored(whorl, actor, training_id)
    assert (training.status, training.adapter) == ("cancelled", None)


async def test_the_app_that_died_leaves_a_training_that_can_go_on(
    settings: Settings, model: Path, tmp_path: Path
) -> None:
    """The row still says running; the API queues the rest, a changed dataset forbids it, an erasure takes it away."""
    changed = settings.model_copy(update={"model_dir": model})
    recipe = small("sft")
    data = write_rows(tmp_path / "data", "sft")
    app = create_app(changed.model_copy(update={"worker": "external"}), backend=ScriptedBackend(quote_first))
    async with LifespanManager(app, startup_timeout=60):
        whorl = app.state.whorl
        actor, dead = await start(whorl, model, data, recipe)
        job = the_job(recipe, model, data, changed.adapters / "acme.v1").model_copy(
            update={"dataset_hash": "c"}
        )
        _, tell = die_after(5)
        with pytest.raises(Killed):
            train(job, tell)
        (job.partial / "job.json").write_text(job.model_dump_json())
        async with tenant_session(whorl.engine, actor.tenant_id) as session:
            training = await session.get_one(Training, (actor.tenant_id, dead))
            training.status, training.adapter = "running", "acme.v1"
        await whorl.close_interrupted()
        closed = await stored(whorl, actor, dead)
        assert "ended before the training did. It can go on from step 4" in (closed.error or "")
        assert job.partial.is_dir()
        async with tenant_session(whorl.engine, actor.tenant_id) as session:
            _, key = await create_key(session, actor.tenant_id, "test", "owner")
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://t") as client:
            client.headers["Authorization"] = f"Bearer {key}"
            missing = await client.post(f"/api/trainings/{uuid.uuid4()}/resume")
            answer = await client.post(f"/api/trainings/{dead}/resume")
            waiting = await whorl.queue.depths()
            async with tenant_session(whorl.engine, actor.tenant_id) as session:
                (await session.get_one(Training, (actor.tenant_id, dead))).status = "failed"
            assert (await client.post(f"/api/trainings/{dead}/resume")).status_code == 202
        assert missing.status_code == 404
        assert answer.status_code == 202 and answer.json()["status"] == "queued"
        assert waiting["todo"] == 1 and await whorl.queue.depths() == waiting, "the job that waits is enough"
        changed_rows = recipe.changed(rank=4)
        lost = changed.model_copy(update={"rehearsal": tmp_path / "lost.jsonl"})
        for told, again in (
            ("the checkpoint was made with, recipe, rehearsal changed",
             train_adapter(whorl.engine, actor, dead, changed_rows, model, changed.adapters)),
            ("There is no file", training_job(whorl.engine, lost, actor.tenant_id, dead)),
        ):  # fmt: skip
            with pytest.raises(WhorlError, match=told):
                await again
            failed = await stored(whorl, actor, dead)
            assert failed.status == "failed" and job.partial.is_dir(), (
                "what can be corrected costs no checkpoint"
            )
            assert f"It can go on from step 4: whorl train --resume {dead}" in (failed.error or "")
            assert await requeue_training(whorl.engine, actor, dead, changed.adapters) == recipe
        async with tenant_session(whorl.engine, actor.tenant_id) as session:
            (await session.get_one(Dataset, (actor.tenant_id, failed.dataset_id))).content_hash = "d"
        with pytest.raises(ConflictError, match="withdrawn since the checkpoint"):
            await train_adapter(whorl.engine, actor, dead, recipe, model, changed.adapters)
        assert not job.partial.exists()
        with pytest.raises(ConflictError, match="left no checkpoint"):
            await requeue_training(whorl.engine, actor, dead, changed.adapters)


@pytest.mark.parametrize("noticed", [True, False])
async def test_an_erasure_takes_checkpoints_away(
    settings: Settings, model: Path, tmp_path: Path, noticed: bool
) -> None:
    async with open_whorl(settings, backend=ScriptedBackend(quote_first)) as whorl:
        actor, training_id = await start(whorl, model, write_rows(tmp_path / "data", "sft"), small("sft"))
        folder = settings.adapters / "acme.v1.partial" / "checkpoint-4"
        folder.mkdir(parents=True)
        (folder / "trainer_state.json").write_text('{"global_step": 4}')
        async with tenant_session(whorl.engine, actor.tenant_id) as session:
            training = await session.get_one(Training, (actor.tenant_id, training_id))
            training.status, training.adapter = "running", "acme.v1"
            training.report = {**training.report, "folder": str(folder.parent)}
        if noticed:
            await whorl.close_interrupted()
        descent = Descent(
            datasets=(str(training.dataset_id),), trainings=(str(training_id),), adapters=("acme.v1",)
        )
        done = await withdraw(whorl.engine, whorl.servers, actor, descent, "an erasure")
        assert done.adapters == [], "a training that failed has no adapter to taint"
        assert "checkpoint" not in (await stored(whorl, actor, training_id)).report
        with pytest.raises(ConflictError, match="left no checkpoint"):
            await requeue_training(whorl.engine, actor, training_id, settings.adapters)
        assert not folder.parent.exists()


def test_a_checkpoint_that_was_cut_short_is_not_gone_on_from(tmp_path: Path) -> None:
    for step, text in ((2, '{"global_step": 2}'), (4, '{"global_step": 4'), (6, None)):
        (tmp_path / f"checkpoint-{step}").mkdir()
        if text is not None:
            (tmp_path / f"checkpoint-{step}" / "trainer_state.json").write_text(text)
    assert last_checkpoint(tmp_path) == (tmp_path / "checkpoint-2", 2)


def test_a_short_training_keeps_no_checkpoint_unless_asked(model: Path, tmp_path: Path) -> None:
    told: list[dict[str, Any]] = []
    recipe = small("sft", save_every=0)
    train(the_job(recipe, model, write_rows(tmp_path / "data", "sft"), tmp_path / "out"), told.append)
    assert not any("checkpoint" in value for value in told)
