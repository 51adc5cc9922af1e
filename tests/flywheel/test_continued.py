"""Adapters that begin as another: what they keep of it, what they are held to, and that withdrawals follow them."""

import json
import uuid
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import PeftModel
from safetensors.torch import load_file
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession
from transformers import AutoModelForCausalLM, AutoTokenizer

from tests.conftest import Settings, quote_first
from tests.flywheel.manifests import store_dataset
from tests.flywheel.test_resume import PROMPT, Killed, die_after, small, the_job, write_rows
from tests.tiny_model import make_model
from whorl.flywheel import withdrawal
from whorl.flywheel.datasets import make_again
from whorl.flywheel.lineage import Descent, Node, ancestors, descendants
from whorl.flywheel.tables import Dataset, Training
from whorl.flywheel.training import launch
from whorl.flywheel.training.launch import queue_training, train_adapter
from whorl.flywheel.training.process import train
from whorl.flywheel.training.recipe import METHODS, Recipe, TrainingJob, default_recipe
from whorl.flywheel.training.render import render_sft
from whorl.flywheel.withdrawal import withdraw
from whorl.platform.app import Whorl, open_whorl
from whorl.platform.database.session import tenant_session
from whorl.platform.errors import ConflictError, InputError, NotFoundError
from whorl.platform.identity.access import Actor
from whorl.platform.identity.bootstrap import ensure_tenant, operator_of
from whorl.platform.serving.adapters import find_adapter, list_adapters, register_adapter
from whorl.platform.serving.engine.scripted import ScriptedBackend


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_model(tmp_path_factory.mktemp("base") / "tiny", seed=3)


@pytest.fixture(scope="module")
def before(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An adapter of rank 2 that sft has moved."""
    folder = tmp_path_factory.mktemp("first")
    train(
        the_job(small("sft"), model, write_rows(folder / "data", "sft"), folder / "acme.v1"), lambda _: None
    )
    return folder / "acme.v1"


def continued(method: Any, model: Path, before: Path, folder: Path, **changes: Any) -> TrainingJob:
    given = {"epochs": 3.0, "max_steps": -1, "batch_size": 4, "learning_rate": 0.01, **changes}
    grpo = {"generations": 2, "answer_tokens": 4} if method == "grpo" else {}
    recipe = default_recipe(method).changed(continue_from="acme.v1", **grpo, **given)
    data = write_rows(folder / "data", method)
    return the_job(recipe, model, data, folder / "next").model_copy(update={"continued": before})


@pytest.mark.parametrize("method", [method for method in METHODS if method != "reward"])
def test_an_adapter_begins_as_the_one_before(method: Any, model: Path, before: Path, tmp_path: Path) -> None:
    train(
        continued(method, model, before, tmp_path, max_steps=1, learning_rate=1e-12, anchor=0.0),
        lambda _: None,
    )
    first, second = (
        load_file(folder / "adapter_model.safetensors") for folder in (before, tmp_path / "next")
    )
    assert first.keys() == second.keys()
    assert any(value.abs().max() > 0.01 for name, value in first.items() if "lora_B" in name)
    for name, value in first.items():
        torch.testing.assert_close(second[name], value, rtol=0, atol=1e-6)
    assert json.loads((tmp_path / "next" / "adapter_config.json").read_text())["r"] == 2
    assert not [path for path in (tmp_path / "next").iterdir() if path.is_dir()], "no copy of the reference"


def test_a_preference_method_is_held_to_the_adapter_before(model: Path, before: Path, tmp_path: Path) -> None:
    """Before the first step policy and reference are one: the loss of DPO is the logarithm of 2."""
    report = train(
        continued("dpo", model, before, tmp_path, max_steps=4, anchor=0.0, nll=0.0), lambda _: None
    )
    assert report["loss_first"] == pytest.approx(0.6931, abs=2e-3)
    assert report["loss_last"] < 0.69


KEPT = {"messages": [*PROMPT, {"role": "assistant", "content": "Then low 3"}], "tools": []}


@pytest.mark.parametrize("method", ["dpo", "kto", "simpo"])
def test_on_what_the_dataset_keeps_it_is_held_to_the_adapter_before(
    method: Any, model: Path, before: Path, tmp_path: Path
) -> None:
    """These are runs of that adapter; the base would say something else there."""
    moved = []
    for weight in (0.0, 50.0):
        job = continued(method, model, before, tmp_path / str(weight), max_steps=8, anchor=weight)
        (job.dataset_folder / "kept.jsonl").write_text(json.dumps(KEPT) + "\n")
        report = train(job.model_copy(update={"rehearsal": None}), lambda _: None)
        moved.append(divergence(model, before, job.output_folder, KEPT))
        assert not [path for path in job.output_folder.iterdir() if path.is_dir()], "no copy of what it was"
    assert report["curves"]["anchor_loss"][0] == [1, pytest.approx(0, abs=1e-4)], "it begins as that adapter"
    assert moved[0] > 1.5 * moved[1] > 0, moved


def test_on_former_tasks_it_is_held_to_the_base(model: Path, before: Path, tmp_path: Path) -> None:
    """Of the rows of a step half are the dataset's then, of which nothing is asked in the beginning."""
    first = []
    for kept in ("", json.dumps(KEPT) + "\n"):
        job = continued("dpo", model, before, tmp_path / str(len(kept)), max_steps=1, anchor=1.0)
        (job.dataset_folder / "kept.jsonl").write_text(4 * kept)
        first.append(train(job, lambda _: None)["curves"]["anchor_loss"][0][1])
    assert first[0] > 0.1 and 0.2 < first[1] / first[0] < 0.8, first


def divergence(model: Path, one: Path, other: Path, row: dict[str, Any]) -> float:
    """KL(one || other), mean over the tokens of a row."""
    ids = torch.tensor([render_sft(AutoTokenizer.from_pretrained(model), row)[0]["input_ids"]])
    said = []
    for adapter in (one, other):
        network = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(model), adapter).eval()
        with torch.no_grad():
            said.append(network(ids).logits.log_softmax(-1))
    return float((said[0].exp() * (said[0] - said[1])).sum(-1).mean())


def test_a_continued_training_is_resumed_to_the_same_weights(
    model: Path, before: Path, tmp_path: Path
) -> None:
    whole, cut = (continued("dpo", model, before, tmp_path / name, save_every=4) for name in ("whole", "cut"))
    for job in (whole, cut):
        (job.dataset_folder / "kept.jsonl").write_text(json.dumps(KEPT) + "\n")
    expected = train(whole, lambda _: None)
    _, tell = die_after(5)
    with pytest.raises(Killed):
        train(cut, tell)
    report = train(cut, lambda _: None)
    assert report["resumed_from"] == 4
    assert [v for _, v in report["curves"]["loss"]] == pytest.approx(
        [v for _, v in expected["curves"]["loss"]], abs=1e-4
    )
    first, second = (
        load_file(tmp_path / name / "next" / "adapter_model.safetensors") for name in ("whole", "cut")
    )
    for name, value in first.items():
        torch.testing.assert_close(second[name], value, rtol=1e-4, atol=1e-6)


def test_what_is_the_adapters_for_good_is_refused() -> None:
    with pytest.raises(InputError, match="rank, dora are the adapter's that is gone on with"):
        default_recipe("dpo").changed(continue_from="acme.v1", rank=4, dora=True)
    with pytest.raises(InputError, match="a reward model has another head"):
        default_recipe("reward").changed(continue_from="acme.v1")


def some_rows(folder: Path) -> Path:
    file = write_rows(folder, "sft") / "train.jsonl"
    rows = [{**json.loads(line), "source": [str(uuid.uuid4())]} for line in file.read_text().splitlines()]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    (folder / "held_out.jsonl").write_text("")
    return folder


async def trained(
    whorl: Whorl, actor: Actor, dataset: Dataset, model: Path, adapters: Path, **changes: Any
) -> str:
    recipe = Recipe(method="sft", max_steps=1, **changes)
    training_id = await queue_training(whorl.engine, actor, dataset.id, recipe)
    return await train_adapter(whorl.engine, actor, training_id, recipe, model, adapters)


async def test_a_withdrawal_follows_adapters_that_go_on_with_others(
    settings: Settings, model: Path, tmp_path: Path
) -> None:
    async with open_whorl(settings, backend=ScriptedBackend(quote_first)) as whorl:
        actor = operator_of((await ensure_tenant(whorl.engine, "acme")).tenant)
        first, second = [
            await store_dataset(whorl.engine, actor, "sft", 10, some_rows(tmp_path / name))
            for name in ("a", "b")
        ]
        adapters = settings.adapters
        one = await trained(whorl, actor, first, model, adapters)
        two = await trained(whorl, actor, second, model, adapters, continue_from=one)
        three = await trained(whorl, actor, second, model, adapters, continue_from=two)
        alone = await trained(whorl, actor, second, model, adapters)
        async with tenant_session(whorl.engine, actor.tenant_id) as session:
            assert (await find_adapter(session, two)).card["recipe"]["continue_from"] == one
            came = await descendants(session, Node("dataset", str(first.id)))
            assert came.adapters == (one, two, three) and len(came.trainings) == 3
            assert (await descendants(session, Node("adapter", two))).adapters == (two, three)
            behind = await ancestors(session, Node("adapter", three))
            assert set(behind.adapters) == {one, two}
            assert set(behind.datasets) == {str(first.id), str(second.id)}
        only_adapters = type(came)(adapters=came.adapters)
        done = await withdraw(whorl.engine, whorl.servers, actor, only_adapters, "a person was erased")
        assert done.adapters == [one, two, three]
        async with tenant_session(whorl.engine, actor.tenant_id) as session:
            states = {each.name: each.state for each in await list_adapters(session)}
        assert states == {one: "tainted", two: "tainted", three: "tainted", alone: "trained"}
        with pytest.raises(ConflictError, match="has been withdrawn since: no training goes on with it"):
            await trained(whorl, actor, second, model, adapters, continue_from=two)
        with pytest.raises(NotFoundError):
            await trained(whorl, actor, second, model, adapters, continue_from="acme.v99")


async def test_another_workspaces_adapter_is_not_gone_on_with(
    settings: Settings, model: Path, tmp_path: Path
) -> None:
    async with open_whorl(settings, backend=ScriptedBackend(quote_first)) as whorl:
        acme, rival = [
            operator_of((await ensure_tenant(whorl.engine, name)).tenant) for name in ("acme", "rival")
        ]
        theirs = await store_dataset(whorl.engine, rival, "sft", 10, write_rows(tmp_path / "b", "sft"))
        own = await store_dataset(whorl.engine, acme, "sft", 10, write_rows(tmp_path / "a", "sft"))
        name = await trained(whorl, rival, theirs, model, settings.adapters)
        with pytest.raises(NotFoundError, match="no adapter"):
            await trained(whorl, acme, own, model, settings.adapters, continue_from=name)


async def test_what_was_withdrawn_during_a_training_is_in_no_adapter(
    settings: Settings, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An erasure finds no adapter to taint while one is being trained; that one must not come to be."""
    async with open_whorl(settings, backend=ScriptedBackend(quote_first)) as whorl:
        actor = operator_of((await ensure_tenant(whorl.engine, "acme")).tenant)
        dataset = await store_dataset(whorl.engine, actor, "sft", 10, write_rows(tmp_path / "data", "sft"))
        run = launch._run

        async def overtaken(*given: Any) -> Any:
            report = await run(*given)
            async with tenant_session(whorl.engine, actor.tenant_id) as session:
                await session.execute(
                    update(Dataset).where(Dataset.id == dataset.id).values(content_hash="made again")
                )
            return report

        monkeypatch.setattr(launch, "_run", overtaken)
        with pytest.raises(ConflictError, match="were withdrawn while it was trained on"):
            await trained(whorl, actor, dataset, model, settings.adapters)
        async with tenant_session(whorl.engine, actor.tenant_id) as session:
            assert await list_adapters(session) == []
            [training] = await session.scalars(select(Training))
            assert training.status == "failed" and "were withdrawn" in str(training.error)
        assert not list(settings.adapters.glob("acme.*"))


async def test_an_adapter_that_comes_to_be_during_a_withdrawal_is_tainted(
    settings: Settings, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its training ends after nothing was found to taint, and before its dataset is made again."""
    async with open_whorl(settings, backend=ScriptedBackend(quote_first)) as whorl:
        actor = operator_of((await ensure_tenant(whorl.engine, "acme")).tenant)
        dataset = await store_dataset(whorl.engine, actor, "sft", 10, some_rows(tmp_path / "data"))

        async def overtaken(session: AsyncSession, made: Dataset, *, without: set[uuid.UUID]) -> int:
            await register_adapter(
                session, actor.tenant_id, "acme.v1", method="sft", base_hash="", dataset_id=made.id,
                folder=tmp_path / "acme.v1", card={},
            )  # fmt: skip
            return await make_again(session, made, without=without)

        monkeypatch.setattr(withdrawal, "make_again", overtaken)
        descent = Descent(datasets=(str(dataset.id),), adapters=("acme.v1",))
        done = await withdraw(whorl.engine, whorl.servers, actor, descent, "a person was erased")
        assert done.adapters == ["acme.v1"]
        async with tenant_session(whorl.engine, actor.tenant_id) as session:
            assert (await find_adapter(session, "acme.v1")).state == "tainted"
