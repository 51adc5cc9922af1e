"""Rehearsal: rows of the base's former tasks are trained on along with a dataset's."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer

from tests.tiny_model import make_model
from whorl.flywheel.seed.reading import Library
from whorl.flywheel.seed.rehearse import paragraphs, rows
from whorl.flywheel.training.process import train
from whorl.flywheel.training.recipe import METHODS, Method, TrainingJob, default_recipe
from whorl.flywheel.training.rehearsal import FILE, held_to, rehearsal_of, rehearsed
from whorl.flywheel.training.render import render_sft
from whorl.platform.errors import InputError
from whorl.platform.serving.base_model import SEED_MODEL

from .test_training import write_dataset

OLD = [
    {"messages": [{"role": "user", "content": f"Old {n}?"}, {"role": "assistant", "content": "Yes."}]}
    for n in range(5)
]


def written(file: Path, rows: list[Any]) -> Path:
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return file


def test_the_share_is_of_all_rows_and_each_is_taken_before_any_twice(tmp_path: Path) -> None:
    file = written(tmp_path / FILE, OLD)
    questions = [row["messages"][0]["content"] for row in rehearsed(7, file, 0.5, seed=0)]
    assert len(questions) == 7
    assert len(set(questions[:5])) == 5
    assert len(rehearsed(90, file, 0.1, seed=0)) == 10
    assert rehearsed(4, file, 0.0, seed=0) == []


def test_a_base_without_rows_rehearses_none_unless_asked(tmp_path: Path) -> None:
    assert rehearsed(4, rehearsal_of(tmp_path, None), None, seed=0) == []
    with pytest.raises(InputError, match="nothing to rehearse"):
        rehearsed(4, None, 0.2, seed=0)
    with pytest.raises(InputError, match="WHORL_REHEARSAL"):
        rehearsal_of(tmp_path, tmp_path / "missing.jsonl")


@pytest.mark.parametrize("line", ["[1]", "{", '{"tools": []}'])
def test_a_line_that_is_no_row_is_told_with_its_number(tmp_path: Path, line: str) -> None:
    file = written(tmp_path / FILE, OLD[:1])
    file.write_text(file.read_text(encoding="utf-8") + line + "\n", encoding="utf-8")
    with pytest.raises(InputError, match="line 2"):
        rehearsed(4, file, None, seed=0)


@pytest.mark.parametrize(("share", "again"), [(None, 4), (0.0, 0), (0.3, 2)])
def test_a_training_says_how_many_rows_it_rehearsed(tmp_path: Path, share: float | None, again: int) -> None:
    base = make_model(tmp_path / "base", seed=3)
    written(base / FILE, OLD)
    job = TrainingJob(
        recipe=default_recipe("sft").changed(epochs=1.0, rehearse=share), model_folder=base, base_hash="",
        dataset_folder=write_dataset(tmp_path / "dataset", "sft"), output_folder=tmp_path / "adapter",
        rehearsal=rehearsal_of(base, None),
    )  # fmt: skip
    report = train(job, lambda _: None)
    assert (report["rows"], report["rehearsed_rows"]) == (4, again)


def test_rows_are_mixed_in_by_sft_and_others_are_held_to_the_base_on_them() -> None:
    with pytest.raises(InputError, match="kto has no rehearse"):
        default_recipe("kto").changed(rehearse=0.5)
    with pytest.raises(InputError, match="reward has no anchor"):
        default_recipe("reward").changed(anchor=0.5)
    weights = {method: default_recipe(method).anchored for method in METHODS}
    assert weights == {**dict.fromkeys(METHODS, None), "sft": 0.0, "reward": 0.0}
    assert default_recipe("sft").changed(anchor=0.5).anchored == 0.5


def test_whether_there_is_an_anchor(tmp_path: Path) -> None:
    file = written(tmp_path / FILE, OLD)
    kept = written(tmp_path / "kept.jsonl", OLD[:2])
    assert [len(held_to(file, None, weight)) for weight in (None, 0.0, 2.0)] == [1, 0, 1]
    assert [(len(pool.rows), pool.to_base) for pool in held_to(file, kept, None)] == [(5, True), (2, True)]
    assert [(len(p.rows), p.to_base) for p in held_to(file, kept, None, continued=True)] == [
        (5, True),
        (2, False),
    ]
    assert [len(pool.rows) for pool in held_to(None, kept, 1.0)] == [2]
    assert held_to(None, None, None) == held_to(None, None, 0.0) == []
    with pytest.raises(InputError, match="--anchor 0"):
        held_to(None, None, 1.0)


@pytest.mark.parametrize("method", ["dpo", "orpo"])
def test_an_anchored_adapter_stays_nearer_to_the_base_on_former_tasks(tmp_path: Path, method: Method) -> None:
    base = make_model(tmp_path / "base", seed=3)
    written(base / FILE, OLD)
    data = write_dataset(tmp_path / "dataset", method)
    moved = []
    for weight in (0.0, 20.0):
        job = TrainingJob(
            recipe=default_recipe(method).changed(max_steps=6, learning_rate=0.01, anchor=weight),
            model_folder=base, base_hash="", dataset_folder=data, output_folder=tmp_path / f"a{weight}",
            rehearsal=rehearsal_of(base, None),
        )  # fmt: skip
        report = train(job, lambda _: None)
        assert report["shared_beginnings"]
        assert report["anchored_rows"] == (len(OLD) if weight else 0)
        assert len(report["curves"].get("anchor_loss", ())) == (6 if weight else 0), "told step by step"
        moved.append(divergence(base, job.output_folder))
    assert moved[0] > 1.5 * moved[1] > 0, moved


def test_an_adapter_of_pairs_stays_nearer_to_the_base_where_runs_went_well(tmp_path: Path) -> None:
    """Without former tasks of the base, on what the dataset keeps alone."""
    base = make_model(tmp_path / "base", seed=3)
    data = write_dataset(tmp_path / "dataset", "dpo")
    moved = []
    for weight in (None, 20.0):
        job = TrainingJob(
            recipe=default_recipe("dpo").changed(max_steps=6, learning_rate=0.01, anchor=weight),
            model_folder=base, base_hash="", dataset_folder=data, output_folder=tmp_path / f"a{weight}",
        )  # fmt: skip
        written(data / "kept.jsonl", OLD if weight else [])
        assert train(job, lambda _: None)["anchored_rows"] == (len(OLD) if weight else 0)
        moved.append(divergence(base, job.output_folder))
    assert moved[0] > 1.5 * moved[1] > 0, moved


def divergence(base: Path, adapter: Path) -> float:
    """KL(base || adapter), mean over the tokens of one of ``OLD``."""
    tokenizer = AutoTokenizer.from_pretrained(base)
    ids = torch.tensor([render_sft(tokenizer, {**OLD[0], "tools": []})[0]["input_ids"]])
    model = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(base), adapter).eval()
    with torch.no_grad():
        own = model(ids).logits.log_softmax(-1)
        with model.disable_adapter():
            wanted = model(ids).logits.log_softmax(-1)
    return float((wanted.exp() * (wanted - own)).sum(-1).mean())


def test_the_seed_model_brings_rows_of_every_kind_of_task(tmp_path: Path) -> None:
    brought = rehearsed(300, rehearsal_of(SEED_MODEL, None), 0.5, seed=0)
    called = {
        call["function"]["name"]
        for row in brought
        for m in row["messages"]
        for call in m.get("tool_calls", ())
    }
    assert {"search", "calculator"} < called


def test_prose_to_rehearse_is_read_from_markdown(tmp_path: Path) -> None:
    text = "# Tides\n\nThe tide comes in at noon on every day of the year. It goes out again in the early evening.\n"
    (tmp_path / "tides.md").write_text(f"{text}\n| a | table |\n", encoding="utf-8")
    (found,) = paragraphs(tmp_path)
    assert found.title == "Tides"
    assert len(found.sentences) == 2
    drawn = rows(Library([found], held_out=found.held_out), 1, seed=1)
    assert len(drawn) == 8
    assert drawn == rows(Library([found], held_out=found.held_out), 1, seed=1)
