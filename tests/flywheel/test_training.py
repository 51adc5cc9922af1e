"""Training: each method takes its steps on rows of the four formats, and its adapter is served."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoTokenizer
from trl import GRPOConfig

from tests.conftest import Settings, quote_first
from tests.flywheel.manifests import store_dataset
from tests.tiny_model import make_model
from whorl.agents.runs import RunRequest
from whorl.flywheel.evaluation import Task
from whorl.flywheel.gate import held_out_success
from whorl.flywheel.measure import evaluate_adapter
from whorl.flywheel.promotion import promote, rollback, serving_adapter
from whorl.flywheel.tables import Training
from whorl.flywheel.training.checkpoint import last_checkpoint
from whorl.flywheel.training.collate import Spoken
from whorl.flywheel.training.launch import check_template, queue_training, train_adapter
from whorl.flywheel.training.process import train
from whorl.flywheel.training.recipe import (
    EVALUATED,
    LOSSES,
    METHODS,
    Recipe,
    TrainingJob,
    default_recipe,
    parse_method,
)  # fmt: skip
from whorl.flywheel.training.render import render_completion, render_sft, render_text
from whorl.flywheel.training.trainers import build_trainer, load_model
from whorl.flywheel.training.validation import set_aside
from whorl.platform.app import open_whorl
from whorl.platform.database.base import new_id
from whorl.platform.database.session import held, tenant_session
from whorl.platform.errors import ConflictError, InputError, NotFoundError, PrerequisiteError
from whorl.platform.identity.bootstrap import ensure_tenant, operator_of
from whorl.platform.serving.base_model import base_hash, template_hash
from whorl.platform.serving.engine.local import LocalBackend, readable_calls
from whorl.platform.serving.engine.scripted import ScriptedBackend

SEARCH = {
    "type": "function",
    "function": {
        "name": "search",
        "description": "Search.",
        "parameters": {"type": "object", "properties": {}},
    },
}
CALL = {"type": "function", "function": {"name": "search", "arguments": {"query": "tide"}}}
PROMPT: list[dict[str, Any]] = [
    {"role": "system", "content": "Answer."}, {"role": "user", "content": "When?"},
    {"role": "assistant", "content": "", "tool_calls": [CALL]}, {"role": "tool", "content": "[1] At noon."},
]  # fmt: skip
ANSWER = [{"role": "assistant", "content": "At noon. [1]"}]
ROWS: dict[str, dict[str, Any]] = {
    "sft": {"messages": [*PROMPT, *ANSWER]},
    "dpo": {"prompt": PROMPT, "chosen": ANSWER, "rejected": [{"role": "assistant", "content": "At one."}]},
    "kto": {"prompt": PROMPT, "completion": ANSWER, "label": True},
    "grpo": {
        "prompt": PROMPT,
        "verifier": "answer_in_reply",
        "arguments": {"answers": ["noon"]},
        "replay": "r",
    },
}


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_model(tmp_path_factory.mktemp("base") / "tiny", seed=3)


def write_dataset(folder: Path, method: Any, count: int = 4) -> Path:
    format = default_recipe(method).format
    folder.mkdir(parents=True, exist_ok=True)
    rows = [{**ROWS[format], "tools": [SEARCH], "source": [str(n)]} for n in range(count)]
    if format == "kto":
        rows = [{**row, "label": n % 2 == 0} for n, row in enumerate(rows)]
    (folder / "train.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (folder / "manifest.json").write_text(json.dumps({"content_hash": "c"}))
    return folder


@pytest.mark.parametrize("method", METHODS)
def test_each_method_takes_its_steps(method: Any, model: Path, tmp_path: Path) -> None:
    recipe = default_recipe(method).model_copy(
        update={"max_steps": 2, "batch_size": 4, "generations": 2, "answer_tokens": 4, "rank": 2}
    )
    told: list[dict[str, Any]] = []
    job = TrainingJob(
        recipe=recipe, model_folder=model, base_hash=base_hash(model), output_folder=tmp_path / "acme.v1",
        dataset_folder=write_dataset(tmp_path / "data", method),
    )  # fmt: skip
    report = train(job, told.append)
    assert report["steps"] == 2
    assert [value["step"] for value in told] == [1, 2]
    assert (tmp_path / "acme.v1" / "adapter_model.safetensors").is_file()
    assert not (tmp_path / "acme.v1.partial").exists()
    assert json.loads((tmp_path / "acme.v1" / "whorl.json").read_text())["base_hash"] == base_hash(model)


@pytest.mark.parametrize("method", METHODS)
def test_rows_that_are_too_long_are_counted_and_told(method: Any, model: Path, tmp_path: Path) -> None:
    recipe = default_recipe(method).model_copy(
        update={
            "max_steps": 1,
            "batch_size": 2,
            "generations": 2,
            "answer_tokens": 4,
            "rank": 2,
            "max_length": 600,
        }
    )
    data = write_dataset(tmp_path / "data", method)
    lines = (data / "train.jsonl").read_text().splitlines()
    long = lines[0].replace(PROMPT[-1]["content"], "noon " * 600)
    (data / "train.jsonl").write_text("\n".join([*lines, long]))
    job = TrainingJob(
        recipe=recipe,
        model_folder=model,
        base_hash=base_hash(model),
        output_folder=tmp_path / "acme.v1",
        dataset_folder=data,
    )
    report = train(job, lambda _: None)
    assert report["too_long_rows"] == 1
    assert [warning["seen"] for warning in report["warnings"] if warning["name"] == "too_long"] == [
        "1 rows of more than 600 tokens were left out."
    ]
    (data / "train.jsonl").write_text(long)
    with pytest.raises(InputError, match="Every row is longer than 600 tokens"):
        train(job.model_copy(update={"output_folder": tmp_path / "acme.v2"}), lambda _: None)


@pytest.mark.parametrize("method", ["dpo", "kto"])
def test_the_likelihood_of_better_answers_may_be_weighed(method: Any, model: Path, tmp_path: Path) -> None:
    """With it, and hardly a preference to learn, the better answer becomes likelier."""
    losses = {}
    for weight in (0.0, 1.0):
        recipe = default_recipe(method).changed(
            max_steps=8, rank=2, learning_rate=0.01, beta=1e-6, nll=weight
        )
        job = TrainingJob(
            recipe=recipe, model_folder=model, base_hash=base_hash(model), output_folder=tmp_path / f"a{weight}",
            dataset_folder=write_dataset(tmp_path / "data", method),
        )  # fmt: skip
        report = train(job, lambda _: None)
        losses[weight] = report["loss_first"] - report["loss_last"]
    assert losses[1.0] > 0.1 > abs(losses[0.0])


def test_grpo_takes_the_likelihood_of_corrected_turns_alone(model: Path, tmp_path: Path) -> None:
    """Mean over their tokens, at first as the base says it, at every step, whatever the groups earn; it falls."""
    searched = [
        {"role": "assistant", "content": "", "tool_calls": [
            {"type": "function", "function": {"name": "search", "arguments": {"query": "holiday"}}}]},
        {"role": "tool", "content": "[1] 25 days."},
    ]  # fmt: skip
    row = {**ROWS["grpo"], "tools": [SEARCH], "source": ["1"], "corrected": [[*searched, *ANSWER]]}
    data = write_dataset(tmp_path / "data", "grpo")
    (data / "train.jsonl").write_text(json.dumps(row) + "\n")
    recipe = default_recipe("grpo").changed(
        max_steps=6, batch_size=2, generations=2, answer_tokens=4, rank=2, learning_rate=0.01, nll=2.0, guided=False
    )  # fmt: skip
    job = TrainingJob(
        recipe=recipe, model_folder=model, base_hash=base_hash(model), output_folder=tmp_path / "a",
        dataset_folder=data, rehearsal=tmp_path / "held.jsonl",
    )  # fmt: skip
    held = {**ROWS["sft"], "tools": [SEARCH]}
    (tmp_path / "held.jsonl").write_text(json.dumps(held) + "\n")
    curves = train(job, lambda _: None)["curves"]
    likely = [value for _, value in curves["nll_loss"]]
    assert curves["anchor_loss"][0] == [1, pytest.approx(0, abs=1e-5)], (
        "each of what is beside is told by itself"
    )
    tokenizer = AutoTokenizer.from_pretrained(model)
    prompt = render_text(tokenizer, [*PROMPT, *searched], [SEARCH], prompt=True)
    ids = tokenizer(
        prompt + render_completion(tokenizer, [*PROMPT, *searched], ANSWER, [SEARCH]), return_tensors="pt"
    )
    count = ids["input_ids"].size(1) - len(tokenizer(prompt)["input_ids"])
    with torch.no_grad():
        said = load_model(recipe, model, tokenizer.pad_token_id).eval()(**ids).logits[0, -count - 1 : -1]
    expected = torch.nn.functional.cross_entropy(said, ids["input_ids"][0, -count:]).item()
    assert len(likely) == 6 and likely[0] == pytest.approx(expected, abs=1e-3)
    assert likely[-1] < expected - 0.1


@pytest.mark.parametrize(
    ("corrected", "length", "told"),
    [([], 2048, "none is there. Correct runs, or train with --nll 0"), ([ANSWER], 16, "shorter than 16")],
)
def test_the_likelihood_of_corrections_needs_some(
    corrected: list[Any], length: int, told: str, model: Path, tmp_path: Path
) -> None:
    rows = [{**ROWS["grpo"], "tools": [SEARCH], "source": ["1"], "corrected": corrected}]
    recipe = default_recipe("grpo").changed(nll=1.0, max_length=length)
    tokenizer = AutoTokenizer.from_pretrained(model)
    with pytest.raises(InputError, match=told):
        build_trainer(
            recipe, load_model(recipe, model, tokenizer.pad_token_id), tokenizer, rows, [], tmp_path, []
        )


def test_kto_takes_the_likelihood_of_good_answers_alone(model: Path, tmp_path: Path) -> None:
    """Mean over their tokens, as the base says it where nothing is trained yet, beside a loss that it is added to."""
    rows = [
        {"prompt": PROMPT, "completion": ANSWER, "label": True, "tools": [SEARCH]},
        {
            "prompt": PROMPT,
            "completion": [{"role": "assistant", "content": "Never."}],
            "label": False,
            "tools": [SEARCH],
        },
    ]
    tokenizer = AutoTokenizer.from_pretrained(model)
    found = {}
    for weight in (0.0, 3.0):
        recipe = default_recipe("kto").changed(max_steps=1, batch_size=2, rank=2, nll=weight)
        base = load_model(recipe, model, tokenizer.pad_token_id)
        trainer = build_trainer(recipe, base, tokenizer, rows, [], tmp_path, [])
        batch = trainer._prepare_inputs(next(iter(trainer.get_train_dataloader())))
        found[weight] = (
            trainer.compute_loss(trainer.model, batch).item(),
            trainer._metrics["train"].get("nll_loss"),
        )
    prompt = render_text(tokenizer, PROMPT, [SEARCH], prompt=True)
    completion = render_completion(tokenizer, PROMPT, ANSWER, [SEARCH])
    ids = torch.tensor([tokenizer(prompt + completion)["input_ids"]])
    count = ids.size(1) - len(tokenizer(prompt)["input_ids"])
    with torch.no_grad():
        said = (
            load_model(recipe, model, tokenizer.pad_token_id)
            .eval()(ids)
            .logits[0, -count - 1 : -1]
            .log_softmax(-1)
        )
    nll = -said.gather(-1, ids[0, -count:, None]).mean().item()
    assert found[0.0] == (pytest.approx(0.5, abs=1e-3), None)
    assert found[3.0] == (pytest.approx(0.5 + 3 * nll, abs=1e-2), [pytest.approx(nll, abs=1e-3)])


def test_grpo_tells_its_distance_to_the_base_where_its_loss_does_not_ask_for_it(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a beta of 0 as TRL tells it with one that weighs nothing; less often where there are many steps."""
    row = {**ROWS["grpo"], "tools": [SEARCH], "source": ["1"], "corrected": [ANSWER]}
    data = write_dataset(tmp_path / "data", "grpo")
    (data / "train.jsonl").write_text(json.dumps(row) + "\n")
    found: dict[float, Any] = {}
    told: list[dict[str, Any]] = []
    for beta in (0.0, 1e-12):
        recipe = default_recipe("grpo").changed(
            max_steps=6, batch_size=2, generations=2, answer_tokens=4, rank=2, learning_rate=0.01, nll=2.0, beta=beta,
            dropout=0.0,
        )  # fmt: skip
        job = TrainingJob(
            recipe=recipe, model_folder=model, base_hash=base_hash(model), output_folder=tmp_path / str(beta),
            dataset_folder=data,
        )  # fmt: skip
        found[beta] = train(job, told.append)["curves"]["kl"]
    assert found[0.0] == [[step, pytest.approx(value, abs=1e-4)] for step, value in found[1e-12]]
    assert [step for step, _ in found[0.0]] == [1, 2, 3, 4, 5, 6]
    assert found[0.0][0][1] == pytest.approx(0, abs=1e-5) and found[0.0][-1][1] > 0.01
    assert told[0]["kl"] == pytest.approx(0, abs=1e-5)
    assert told[5]["kl"] == pytest.approx(found[0.0][-1][1], rel=1e-4)
    monkeypatch.setattr("whorl.flywheel.training.distance.MOST", 2)
    job = job.model_copy(update={"recipe": recipe.changed(beta=0.0), "output_folder": tmp_path / "few"})
    assert [step for step, _ in train(job, lambda _: None)["curves"]["kl"]] == [1, 4]


FAMILY = [(method, loss) for method, losses in LOSSES.items() for loss in losses[1:]]


@pytest.mark.parametrize(("method", "loss"), FAMILY)
def test_each_loss_of_a_family_takes_a_step(method: Any, loss: str, model: Path, tmp_path: Path) -> None:
    """What is asked for is what TRL runs: a loss that it does not know would raise."""
    recipe = default_recipe(method).changed(
        max_steps=1, batch_size=2, rank=2, loss=loss, dora=loss == "ipo", rslora=loss == "dft",
        **({"generations": 2, "answer_tokens": 4} if method == "grpo" else {}),
    )  # fmt: skip
    job = TrainingJob(
        recipe=recipe, model_folder=model, base_hash=base_hash(model), output_folder=tmp_path / "acme.v1",
        dataset_folder=write_dataset(tmp_path / "data", method),
    )  # fmt: skip
    assert train(job, lambda value: None)["steps"] == 1
    adapter = json.loads((tmp_path / "acme.v1" / "adapter_config.json").read_text())
    assert (adapter["use_dora"], adapter["use_rslora"]) == (recipe.dora, recipe.rslora)


@pytest.mark.parametrize("method", METHODS)
def test_an_adapter_is_trained_over_a_base_in_four_bits(method: Any, tmp_path: Path) -> None:
    model = make_model(tmp_path / "base", seed=3, inner=128)  # bitsandbytes packs 64 weights into a block
    recipe = default_recipe(method).changed(
        max_steps=2, batch_size=2, rank=2, qlora=True, **({"generations": 2, "answer_tokens": 4} if method == "grpo" else {}),
    )  # fmt: skip
    held = load_model(recipe, model, 0)
    assert any(type(module).__name__ == "Linear4bit" for module in held.modules())
    assert held.get_memory_footprint() < load_model(default_recipe(method), model, 0).get_memory_footprint()
    job = TrainingJob(
        recipe=recipe, model_folder=model, base_hash=base_hash(model), output_folder=tmp_path / "acme.v1",
        dataset_folder=write_dataset(tmp_path / "data", recipe.format),
    )  # fmt: skip
    assert train(job, lambda value: None)["steps"] == 2
    weights = load_file(tmp_path / "acme.v1" / "adapter_model.safetensors")
    assert {weight.dtype for weight in weights.values()} == {torch.float32}
    moved = any(weight.abs().max() > 0 for name, weight in weights.items() if "lora_B" in name)
    assert moved or method in ("kto", "grpo"), "whose loss is flat where a random model stands"
    assert not any("absmax" in name or "quant" in name for name in weights), (
        "the adapter fits the base as it is served"
    )


def test_four_bits_need_a_package(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(PrerequisiteError, match=r"bitsandbytes is not installed.*whorl\[qlora\]"):
        load_model(default_recipe("sft").changed(qlora=True), model, 0)


def test_a_loss_of_another_method_is_refused() -> None:
    with pytest.raises(InputError, match="sft has no loss 'ipo'; it has nll, dft"):
        default_recipe("sft").changed(loss="ipo")
    with pytest.raises(InputError, match="does not hold"):
        default_recipe("sft").changed(epochs=-1.0)


def test_whole_conversations_are_compared_by_what_the_assistant_says(model: Path, tmp_path: Path) -> None:
    """Chosen and rejected part at the user's words; the loss is on the assistant's turns alone."""
    chosen = [{"role": "user", "content": "When?"}, *PROMPT[2:], *ANSWER]
    rejected = [{"role": "user", "content": "Say when."}, {"role": "assistant", "content": "At one."}]
    row = {
        "prompt": PROMPT[:1],
        "chosen": chosen,
        "rejected": rejected,
        "tools": [SEARCH],
        "source": ["a", "b"],
    }
    folder = write_dataset(tmp_path / "data", "dpo")
    (folder / "train.jsonl").write_text("".join(json.dumps(row) + "\n" for _ in range(4)))
    recipe = default_recipe("dpo").model_copy(update={"max_steps": 2, "batch_size": 2, "rank": 2})
    job = TrainingJob(
        recipe=recipe, model_folder=model, base_hash=base_hash(model), output_folder=tmp_path / "acme.v1",
        dataset_folder=folder,
    )  # fmt: skip
    assert train(job, lambda value: None)["steps"] == 2
    tokenizer = LocalBackend(model).tokenizer
    text = render_text(tokenizer, [*PROMPT[:1], *chosen], [SEARCH], prompt=False)
    ids = tokenizer(text)["input_ids"]
    mask = Spoken(tokenizer).mask(ids)
    said = tokenizer.decode([i for i, flag in zip(ids, mask, strict=True) if flag])
    assert said.count("<|im_end|>") == 2 and said.endswith("At noon. [1]<|im_end|>")
    assert "tide" in said and "When?" not in said and "tool_response" not in said


@pytest.mark.parametrize(
    ("earned", "solved", "left"),
    [((1.0, 0.5, None, 1.0), False, 2), ((1.0, 0.5, None, 1.0), True, 0), ((1.0, 1.0), False, 0)],
)
def test_grpo_leaves_solved_questions_out_where_there_are_others(
    earned: tuple[float | None, ...], solved: bool, left: int, model: Path, tmp_path: Path
) -> None:
    folder = write_dataset(tmp_path / "data", "grpo", count=len(earned))
    rows = [json.loads(line) for line in (folder / "train.jsonl").read_text().splitlines()]
    told = [{**row, "earned": value} for row, value in zip(rows, earned, strict=True)]
    (folder / "train.jsonl").write_text("".join(json.dumps(row) + "\n" for row in told))
    recipe = default_recipe("grpo").changed(
        max_steps=1, batch_size=2, generations=2, answer_tokens=4, rank=2, solved=solved
    )
    job = TrainingJob(
        recipe=recipe, model_folder=model, base_hash=base_hash(model), output_folder=tmp_path / "acme.v1",
        dataset_folder=folder,
    )  # fmt: skip
    report = train(job, lambda _: None)
    assert (report["rows"], report["solved_rows"]) == (len(earned) - left, left)


@pytest.mark.parametrize("method", ["orpo", "simpo"])
def test_methods_without_a_reference_learn_what_the_assistant_says_alone(
    method: Any, model: Path, tmp_path: Path
) -> None:
    """The likelihood that ORPO raises is of the assistant's tokens: neither the prompt nor tools are targets."""
    chosen = [{"role": "user", "content": "When?"}, *PROMPT[2:], *ANSWER]
    rejected = [{"role": "user", "content": "Say when."}, {"role": "assistant", "content": "At one."}]
    row = {"prompt": PROMPT[:1], "chosen": chosen, "rejected": rejected, "tools": [SEARCH]}
    recipe = default_recipe(method).changed(max_steps=1, batch_size=2, rank=2)
    tokenizer = LocalBackend(model).tokenizer
    network = load_model(recipe, model, tokenizer.pad_token_id)
    trainer = build_trainer(recipe, network, tokenizer, [row, row], [], tmp_path / "out", [])
    [batch] = list(trainer.get_train_dataloader())
    labels = batch["chosen_labels"]
    said = tokenizer.decode(labels[0][labels[0] != -100])
    assert said.count("<|im_end|>") == 2 and "tide" in said and "noon. [1]" in said
    assert "When?" not in said and "tool_response" not in said
    if method == "orpo":
        _, metrics = trainer.get_batch_loss_metrics(trainer.model, batch)
        logits = trainer.model(batch["chosen_input_ids"]).logits[:, :-1]
        expected = torch.nn.functional.cross_entropy(logits.flatten(0, 1), labels[:, 1:].flatten())
        assert metrics["nll_loss"] == pytest.approx(expected.item(), abs=1e-4)


def test_kto_takes_its_rows_in_an_order_drawn_by_the_seed(model: Path, tmp_path: Path) -> None:
    """TRL takes them as they come; a dataset has the runs of a question beside one another."""
    rows = [
        {**ROWS["kto"], "tools": [], "completion": [{"role": "assistant", "content": str(n)}]}
        for n in range(9)
    ]
    tokenizer = LocalBackend(model).tokenizer
    orders = []
    for seed in (0, 0, 1):
        recipe = default_recipe("kto", seed).changed(max_steps=1, rank=2)
        network = load_model(recipe, model, tokenizer.pad_token_id)
        trainer = build_trainer(recipe, network, tokenizer, rows, [], tmp_path / "out", [])
        ids = trainer.train_dataset["completion_ids"]
        orders.append([tokenizer.decode(each, skip_special_tokens=True).strip() for each in ids])
    assert orders[0] == orders[1] != orders[2]
    assert sorted(orders[0]) == sorted(orders[2]) == [str(n) for n in range(9)] and orders[0] != sorted(
        orders[0]
    )


def test_recorded_groups_without_a_verifier_are_refused(model: Path, tmp_path: Path) -> None:
    row = {"prompt": PROMPT[:1], "completions": [ANSWER], "rewards": [1.0], "tools": [], "source": ["a"]}
    folder = write_dataset(tmp_path / "data", "grpo")
    (folder / "train.jsonl").write_text(json.dumps(row) + "\n")
    job = TrainingJob(
        recipe=default_recipe("grpo"), model_folder=model, base_hash=base_hash(model),
        output_folder=tmp_path / "acme.v1", dataset_folder=folder,
    )  # fmt: skip
    with pytest.raises(InputError, match="no verifier"):
        train(job, lambda value: None)


def test_an_empty_dataset_is_refused(model: Path, tmp_path: Path) -> None:
    job = TrainingJob(
        recipe=default_recipe("sft"), model_folder=model, base_hash="b", output_folder=tmp_path / "acme.v1",
        dataset_folder=write_dataset(tmp_path / "data", "sft", count=0),
    )  # fmt: skip
    with pytest.raises(InputError, match="nothing to train on"):
        train(job, lambda value: None)
    assert not (tmp_path / "acme.v1").exists()


def test_a_trained_prompt_is_the_served_prompt_token_by_token(model: Path) -> None:
    """What serving encodes before the answer is what training has before the answer."""
    backend = LocalBackend(model)
    served: Any = [
        *PROMPT[:2],
        {"role": "assistant", "content": "", "tool_calls": [
            {"id": "x", "type": "function", "function": {"name": "search", "arguments": '{"query": "tide"}'}}]},
        {"role": "tool", "content": "[1] At noon.", "tool_call_id": "x"},
    ]  # fmt: skip
    tools: Any = [SEARCH]
    prompt_ids = backend.encode_chat(served, tools)
    [row] = render_sft(backend.tokenizer, {"messages": [*PROMPT, *ANSWER], "tools": tools})
    assert row["input_ids"][: len(prompt_ids)] == prompt_ids
    text = render_text(backend.tokenizer, PROMPT, tools, prompt=True)
    assert backend.tokenizer(text)["input_ids"] == prompt_ids
    assert readable_calls(served)[2]["tool_calls"][0]["function"]["arguments"] == {"query": "tide"}


def test_the_loss_is_on_the_assistants_turns_only(model: Path) -> None:
    tokenizer = LocalBackend(model).tokenizer
    [row] = render_sft(tokenizer, {"messages": [*PROMPT, *ANSWER], "tools": [SEARCH]})
    learnt = tokenizer.decode([i for i, m in zip(row["input_ids"], row["assistant_masks"], strict=True) if m])
    assert "At noon. [1]<|im_end|>" in learnt
    assert "<tool_call>" in learnt
    assert "tool_response" not in learnt and "When?" not in learnt
    completion = render_completion(tokenizer, PROMPT, ANSWER, [SEARCH])
    assert completion == "At noon. [1]<|im_end|>"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"learning_rate": float("inf")}, "learning_rate: Input should be a finite number"),
        ({"epochs": float("inf")}, "epochs: Input should be a finite number"),
        ({"max_steps": 0}, "max_steps: 0 steps train nothing; give at least 1, or -1 to go by epochs"),
        ({"max_steps": -2}, "max_steps: -2 steps train nothing"),
        ({"target_modules": "((("}, r"'\(\(\(' is no regular expression"),
    ],
)
def test_a_recipe_that_no_training_could_follow_is_refused(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        default_recipe("sft").changed(**changes)


@pytest.mark.parametrize(
    ("given", "steps"),
    [({}, 20), ({"epochs": 3.0}, -1), ({"epochs": 3.0, "max_steps": 5}, 5), ({"rank": 2}, 20)],
)
def test_epochs_that_are_given_count_for_grpo_too(given: dict[str, Any], steps: int) -> None:
    assert default_recipe("grpo").changed(**given).max_steps == steps


def test_grpo_draws_whole_groups() -> None:
    """What is refused is what TRL refuses, which no process is started for."""
    with pytest.raises(
        InputError, match=r"3 generations do not divide the 8 answers of a step.*batch_size of 9"
    ):
        default_recipe("grpo").changed(generations=3)
    for given in (
        {"batch_size": 9},
        {"batch_size": 2},
        {"accumulation": 3},
        {"batch_size": 4, "accumulation": 3},
    ):
        recipe = default_recipe("grpo").changed(generations=3, **given)
        config = GRPOConfig(
            output_dir="", per_device_train_batch_size=max(recipe.batch_size, 3), num_generations=3,
            gradient_accumulation_steps=recipe.accumulation, use_cpu=True, bf16=False,
        )  # fmt: skip
        assert config.generation_batch_size % 3 == 0
    with pytest.raises(InputError, match="6 generations do not divide the 8"):
        default_recipe("grpo").changed(generations=6, batch_size=8)


def test_recipes_are_checked() -> None:
    with pytest.raises(InputError, match="no method"):
        parse_method("ppo")
    with pytest.raises(ValueError, match="learning_rate"):
        Recipe(method="sft", learning_rate=-1)


async def test_from_a_dataset_to_a_serving_adapter_and_back(
    settings: Settings, model: Path, tmp_path: Path
) -> None:
    """Train in the training process, evaluate, promote past the gate, answer, roll back."""
    changed = settings.model_copy(update={"model_dir": model})
    async with open_whorl(changed) as whorl:
        actor = operator_of((await ensure_tenant(whorl.engine, "acme")).tenant)
        dataset = await store_dataset(whorl.engine, actor, "sft", 4, write_dataset(tmp_path / "data", "sft"))
        recipe = default_recipe("sft").model_copy(update={"max_steps": 1})
        training_id = await queue_training(whorl.engine, actor, dataset.id, recipe)
        name = await train_adapter(whorl.engine, actor, training_id, recipe, model, changed.adapters)
        assert name == "acme.v1"
        async with tenant_session(whorl.engine, actor.tenant_id) as session:
            assert (await session.get_one(Training, (actor.tenant_id, training_id))).status == "succeeded"
        whorl.agents.limits = whorl.agents.limits.__class__(answer_tokens=4)
        with pytest.raises(ConflictError, match="has not been evaluated"):
            await promote(whorl.engine, whorl.servers, actor, name)
        tasks = [Task(f"Question {n}?", "refusal") for n in range(4)]
        report = await evaluate_adapter(whorl.agents, actor, name, tasks, "test")
        assert report["n"] == 4
        with pytest.raises(ConflictError, match="does not pass the gate"):
            await promote(whorl.engine, whorl.servers, actor, name)
        await promote(whorl.engine, whorl.servers, actor, name, force=True)
        assert await serving_adapter(whorl.engine, actor) == name
        ended = await whorl.agents.answer(actor, RunRequest("When?"))
        assert ended.steps >= 1
        assert await rollback(whorl.engine, whorl.servers, actor) is None
        assert await serving_adapter(whorl.engine, actor) is None
        assert name not in {m.name for m in await whorl.servers.clients[0].models()}
        with pytest.raises(ConflictError, match="nothing to roll back"):
            await rollback(whorl.engine, whorl.servers, actor)


async def test_a_training_that_fails_says_so(settings: Settings, model: Path, tmp_path: Path) -> None:
    changed = settings.model_copy(update={"model_dir": model})
    async with open_whorl(changed, backend=ScriptedBackend(quote_first)) as whorl:
        actor = operator_of((await ensure_tenant(whorl.engine, "acme")).tenant)
        dataset = await store_dataset(
            whorl.engine, actor, "sft", 4, write_dataset(tmp_path / "data", "sft", count=0)
        )
        recipe = default_recipe("sft")
        training_id = await queue_training(whorl.engine, actor, dataset.id, recipe)
        with pytest.raises(InputError, match="nothing to train on"):
            await train_adapter(whorl.engine, actor, training_id, recipe, model, changed.adapters)
        async with tenant_session(whorl.engine, actor.tenant_id) as session:
            training = await session.get_one(Training, (actor.tenant_id, training_id))
        assert (training.status, training.adapter) == ("failed", "acme.v1")
        assert "nothing to train on" in (training.error or "")
        with pytest.raises(InputError, match="cannot train by dpo"):
            await queue_training(whorl.engine, actor, dataset.id, default_recipe("dpo"))
        with pytest.raises(NotFoundError):
            await queue_training(whorl.engine, actor, new_id(), recipe)


async def test_a_training_whose_process_died_is_closed_and_a_living_one_is_not(
    settings: Settings, model: Path, tmp_path: Path
) -> None:
    changed = settings.model_copy(update={"model_dir": model})
    async with open_whorl(changed, backend=ScriptedBackend(quote_first)) as whorl:
        actor = operator_of((await ensure_tenant(whorl.engine, "acme")).tenant)
        dataset = await store_dataset(whorl.engine, actor, "sft", 4, write_dataset(tmp_path / "data", "sft"))
        recipe = default_recipe("sft").model_copy(update={"max_steps": 1})
        ids = [await queue_training(whorl.engine, actor, dataset.id, recipe) for _ in range(2)]
        left = changed.adapters / "acme.v1.partial"
        left.mkdir(parents=True)
        async with tenant_session(whorl.engine, actor.tenant_id) as session:
            for number, training_id in enumerate(ids, 1):
                training = await session.get_one(Training, (actor.tenant_id, training_id))
                training.status, training.adapter = "running", f"acme.v{number}"
        async with held(whorl.engine, f"training:{ids[1]}"):
            await whorl.close_interrupted()
        async with tenant_session(whorl.engine, actor.tenant_id) as session:
            dead, living = [await session.get_one(Training, (actor.tenant_id, i)) for i in ids]
        assert (dead.status, living.status) == ("failed", "running")
        assert "Start it again" in (dead.error or "") and dead.ended_at and not left.exists()
        name = await train_adapter(whorl.engine, actor, ids[0], recipe, model, changed.adapters)
        assert name == "acme.v3"
        async with tenant_session(whorl.engine, actor.tenant_id) as session:
            again = await session.get_one(Training, (actor.tenant_id, ids[0]))
        assert (again.status, again.error) == ("succeeded", None)


def test_the_gate() -> None:
    def report(before: float, after: float, p: float) -> dict[str, Any]:
        better = {"better": int(100 * after), "worse": int(100 * before), "n": 100}
        return {"before": {"success": before}, "after": {"success": after}, "p_value": p, **better}

    assert held_out_success(report(0.5, 0.7, 0.001)).verdict == "passed"
    assert "not certain" in held_out_success(report(0.5, 0.7, 0.2)).reason
    assert "the base 70%" in held_out_success(report(0.7, 0.6, 0.001)).reason


SIDES = {"rewards/chosen", "rewards/rejected", "rewards/margins"}
EVALUATED_CURVES = {
    "sft": {"loss", "evaluation_loss", "learning_rate", "entropy"},
    "dpo": {"loss", "evaluation_loss", "rewards/accuracies", *SIDES},
    "kto": {"loss", "evaluation_loss", "kl"},
    "orpo": {"loss", "evaluation_loss", "rewards/accuracies", "evaluation_accuracy", *SIDES},
    "simpo": {"loss", "evaluation_loss", "rewards/accuracies", *SIDES},
    "reward": {"loss", "evaluation_loss", "rewards/margins", "rewards/accuracies", "evaluation_accuracy"},
}


def contradicting(method: Any, folder: Path) -> Path:
    """Rows of eight questions, of which those that are set aside teach the contrary of the others."""
    format = default_recipe(method).format
    write_dataset(folder, method, count=8)
    rows = [json.loads(line) for line in (folder / "train.jsonl").read_text().splitlines()]
    for n, row in enumerate(rows):
        prompt = [*PROMPT[:1], {"role": "user", "content": f"Question {n}?"}]
        row |= {"messages": [*prompt, *ANSWER]} if format == "sft" else {"prompt": prompt}
    aside = [row["source"] for row in set_aside(rows, 0.5, 0, {})[1]]
    other = [{"role": "assistant", "content": "Zzz qqq! jjj? xxx;"}]
    for n, row in enumerate(sorted(rows, key=lambda row: row["source"] in aside)):
        contrary = row["source"] in aside
        if format == "kto":
            row |= {"completion": other if n % 2 else ANSWER, "label": (n % 2 == 1) == contrary}
        elif format == "sft" and contrary:
            row["messages"][-1:] = other
        elif contrary:
            row |= {"chosen": other, "rejected": row["chosen"]}
    (folder / "train.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder


@pytest.mark.parametrize("method", EVALUATED)
def test_the_best_weights_are_kept_when_the_evaluation_loss_rises(
    method: Any, model: Path, tmp_path: Path
) -> None:
    recipe = default_recipe(method).changed(
        max_steps=40,
        batch_size=2,
        rank=2,
        learning_rate=0.02,
        evaluate_every=2,
        early_stop=2,
        evaluate_share=0.5,
    )
    job = TrainingJob(
        recipe=recipe, model_folder=model, base_hash=base_hash(model), output_folder=tmp_path / "stopped",
        dataset_folder=contradicting(method, tmp_path / "data"),
    )  # fmt: skip
    report = train(job, lambda value: None)
    curve = report["curves"]["evaluation_loss"]
    assert report["rows"] == report["evaluation_rows"] == 4
    assert EVALUATED_CURVES[method] <= set(report["curves"])
    assert dict(curve)[report["best_step"]] == min(loss for _, loss in curve)
    assert report["stopped_early"] and report["steps"] == report["best_step"] + 4
    assert not list((tmp_path / "stopped").glob("checkpoint-*"))
    until_best = recipe.changed(early_stop=0, save_every=report["best_step"])
    best = last_checkpoint(_cut_at(report["best_step"] + 1, job, until_best, tmp_path / "cut"))
    assert best is not None and best.step == report["best_step"]
    kept, then = (
        load_file(folder / "adapter_model.safetensors") for folder in (job.output_folder, best.folder)
    )
    for key, value in kept.items():
        torch.testing.assert_close(value, then[key], rtol=1e-4, atol=1e-6)


def _cut_at(step: int, job: TrainingJob, recipe: Recipe, output: Path) -> Path:
    """Train by ``recipe`` and die at a step; returns the folder with what is left."""

    def tell(value: dict[str, Any]) -> None:
        if value.get("step") == step:
            raise KeyboardInterrupt

    cut = job.model_copy(update={"recipe": recipe, "output_folder": output})
    with pytest.raises(KeyboardInterrupt):
        train(cut, tell)
    return cut.partial


def test_options_that_do_not_fit_the_method_are_refused() -> None:
    with pytest.raises(InputError, match="early_stop needs evaluate_every"):
        default_recipe("sft").changed(early_stop=2)
    with pytest.raises(
        InputError, match="sft has no beta, which is an option of dpo, kto, grpo, orpo, simpo"
    ):
        default_recipe("sft").changed(beta=0.2)
    with pytest.raises(InputError, match="dpo has no gamma, which is an option of simpo"):
        default_recipe("dpo").changed(gamma=2.0)
    with pytest.raises(InputError, match="A kto dataset cannot train by orpo, which takes dpo"):
        default_recipe("orpo").check_format("kto")
    with pytest.raises(InputError, match="grpo has no evaluation loss"):
        default_recipe("grpo").changed(evaluate_every=2)


async def test_a_loss_that_is_not_finite_fails_with_its_curves(
    settings: Settings, model: Path, tmp_path: Path
) -> None:
    changed = settings.model_copy(update={"model_dir": model})
    async with open_whorl(changed, backend=ScriptedBackend(quote_first)) as whorl:
        actor = operator_of((await ensure_tenant(whorl.engine, "acme")).tenant)
        dataset = await store_dataset(whorl.engine, actor, "sft", 4, write_dataset(tmp_path / "data", "sft"))
        recipe = default_recipe("sft").changed(learning_rate=1.5e30, epochs=20.0, batch_size=1)
        training_id = await queue_training(whorl.engine, actor, dataset.id, recipe)
        with pytest.raises(InputError, match="became not finite"):
            await train_adapter(whorl.engine, actor, training_id, recipe, model, changed.adapters)
        async with tenant_session(whorl.engine, actor.tenant_id) as session:
            training = await session.get_one(Training, (actor.tenant_id, training_id))
        assert training.report["warnings"][0]["name"] == "not_finite"
        assert training.report["curves"]["loss"][-1][1] is None
        assert len(training.report["curves"]["loss"]) < 80
        assert training.report["recipe"]["learning_rate"] == pytest.approx(1.5e30)


def test_a_dataset_of_another_template_is_refused_with_both(model: Path) -> None:
    ours = template_hash(model)
    recipe = default_recipe("sft")
    for served in ([ours], ["", ours], ["unknown"], []):
        check_template({"template_hashes": served}, recipe, model)
    with pytest.raises(InputError, match=f"template feedfacefeed, .*tiny has {ours[:12]}"):
        check_template({"template_hashes": [ours, "feedface" * 8]}, recipe, model)
    check_template({"template_hashes": ["feedface" * 8]}, recipe.changed(any_template=True), model)
