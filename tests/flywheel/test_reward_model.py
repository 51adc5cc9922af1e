"""Reward models: trained on pairs, they score answers and judge runs, and never answer."""

import doctest
import json
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Actor, Settings, quote_first
from tests.flywheel.manifests import store_dataset
from tests.flywheel.test_training import SEARCH
from tests.tiny_model import make_model
from whorl.agents.runs import RunRequest
from whorl.flywheel import reward_model
from whorl.flywheel.evaluation import Task
from whorl.flywheel.measure import evaluate_adapter
from whorl.flywheel.outcomes import outcomes_of
from whorl.flywheel.promotion import promote
from whorl.flywheel.reward_model import Attempted, RewardModel, as_share, find_reward_model, judge_runs
from whorl.flywheel.reward_model_commands import _attempt
from whorl.flywheel.training.launch import queue_training, train_adapter
from whorl.flywheel.training.recipe import default_recipe
from whorl.platform.app import open_whorl
from whorl.platform.database.session import tenant_session
from whorl.platform.errors import ConflictError, InputError
from whorl.platform.identity.bootstrap import ensure_tenant, operator_of
from whorl.platform.lines import Record
from whorl.platform.serving.engine.scripted import ScriptedBackend
from whorl.retrieval.load.base import LoadedDocument


def pairs(folder: Path, count: int = 16) -> Path:
    """Answers that cite are chosen over those that do not."""
    folder.mkdir(parents=True)
    rows = [
        {
            "prompt": [{"role": "user", "content": f"Question {n}?"}], "tools": [SEARCH], "source": [str(n)],
            "chosen": [{"role": "assistant", "content": f"Answer {n}. [1]"}],
            "rejected": [{"role": "assistant", "content": f"Answer {n}."}],
        }
        for n in range(count)
    ]  # fmt: skip
    (folder / "train.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (folder / "manifest.json").write_text(json.dumps({"content_hash": "c"}))
    return folder


async def trained(whorl: Any, settings: Settings, model: Path, data: Path) -> tuple[Actor, str]:
    actor = operator_of((await ensure_tenant(whorl.engine, "acme")).tenant)
    dataset = await store_dataset(whorl.engine, actor, "dpo", 16, data)
    recipe = default_recipe("reward").changed(learning_rate=0.01, epochs=4.0)
    training = await queue_training(whorl.engine, actor, dataset.id, recipe)
    return actor, await train_adapter(whorl.engine, actor, training, recipe, model, settings.adapters)


async def test_a_reward_model_scores_judges_and_does_not_answer(settings: Settings, tmp_path: Path) -> None:
    model = make_model(tmp_path / "tiny", seed=3)
    changed = settings.model_copy(update={"model_dir": model})
    async with open_whorl(changed, backend=ScriptedBackend(quote_first)) as whorl:
        actor, name = await trained(whorl, changed, model, pairs(tmp_path / "pairs"))
        assert name == "acme.v1"
        scorer = RewardModel.load(changed.adapters / name, model)
        unseen = [{"role": "user", "content": "Question 40?"}]
        attempts = [
            Attempted(unseen, f"Answer {n}.{cited}", [SEARCH])
            for n in range(40, 46)
            for cited in (" [1]", "")
        ]
        scores = scorer.score(attempts)
        assert all(cited > bare for cited, bare in zip(scores[::2], scores[1::2], strict=True))
        assert scorer.score(attempts[3:4]) == pytest.approx(scores[3:4], abs=1e-4)
        with pytest.raises(InputError, match="another base model"):
            RewardModel.load(changed.adapters / name, make_model(tmp_path / "other", seed=4))

        with pytest.raises(ConflictError, match="is a reward model"):
            await promote(whorl.engine, whorl.servers, actor, name, force=True)
        with pytest.raises(ConflictError, match="is a reward model"):
            await evaluate_adapter(whorl.agents, actor, name, [Task("?", "refusal")], "test")
        with pytest.raises(ConflictError, match="is a reward model"):
            await whorl.agents.answer(actor, RunRequest("When?", adapter=name))

        document = LoadedDocument("tides.md", "Tides", "The tide turns twice a day.", "text/markdown")
        async for _ in whorl.library.ingest(actor.tenant_id, [document]):
            pass
        runs = [
            (await whorl.agents.answer(actor, RunRequest(q, tags=("t",)))).run_id for q in ("Tide?", "When?")
        ]
        other = await whorl.agents.answer(actor, RunRequest("Untagged?"))
        await whorl.flush()
        judged = [await judge_runs(whorl.engine, actor, whorl.redactor, name, model, "t") for _ in range(2)]
        assert judged == [2, 0]
        async with tenant_session(whorl.engine, actor.tenant_id) as session:
            found = await outcomes_of(session, [*runs, other.run_id])
            assert set(found) == set(runs)
            for [outcome] in found.values():
                assert (outcome.kind, outcome.source) == ("judge", f"judge:{name}")
                assert outcome.value == pytest.approx(as_share(outcome.details["score"]), abs=1e-3)
            stored = await find_reward_model(session, name)
            stored.state, stored.card = "tainted", {"tainted": {"reason": "an erasure"}}
            with pytest.raises(ConflictError, match="tainted: an erasure"):
                await find_reward_model(session, name)
            stored.method = "sft"
            with pytest.raises(ConflictError, match="cannot score"):
                await find_reward_model(session, name)


def test_records_to_score_are_checked() -> None:
    def read(**fields: object) -> Attempted:
        return _attempt(Record(fields, "line 1"))

    assert read(prompt="When?", answer="At noon.").prompt == [{"role": "user", "content": "When?"}]
    chat = [{"role": "system", "content": "s"}, {"role": "user", "content": "When?"}]
    assert read(prompt=chat, answer="At noon.", tools=[SEARCH]) == (chat, "At noon.", [SEARCH])
    for wrong in (
        {"answer": "x"},
        {"prompt": [], "answer": "x"},
        {"prompt": [1], "answer": "x"},
        {"prompt": "x"},
    ):
        with pytest.raises(InputError, match="line 1"):
            read(**wrong)


def test_examples_of_the_docstrings() -> None:
    assert doctest.testmod(reward_model).failed == 0
