"""Which modules an adapter changes and how far it follows what it learnt: the recipe says, else the base."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file

from tests.tiny_model import make_model
from whorl.flywheel.training.adapting import ALL, FILE, Adapting, adapting_of
from whorl.flywheel.training.process import train
from whorl.flywheel.training.recipe import Method, TrainingJob, default_recipe
from whorl.platform.errors import InputError
from whorl.platform.serving.base_model import SEED_MODEL

from .test_training import write_dataset


def job_of(folder: Path, targets: str, blend: float = 1.0) -> TrainingJob:
    return TrainingJob(
        recipe=default_recipe("sft").changed(max_steps=2), model_folder=make_model(folder / "base", seed=3),
        base_hash="", dataset_folder=write_dataset(folder / "dataset", "sft"), output_folder=folder / "adapter",
        target_modules=targets, blend=blend,
    )  # fmt: skip


def trained(folder: Path, targets: str) -> set[str]:
    """The modules that an adapter of a tiny model has weights for."""
    train(job_of(folder, targets), lambda _: None)
    with safe_open(str(folder / "adapter" / "adapter_model.safetensors"), framework="pt") as weights:
        return {key.split(".lora_")[0].removeprefix("base_model.model.") for key in weights.keys()}  # noqa: SIM118


def test_only_the_modules_that_are_named_are_changed(tmp_path: Path) -> None:
    assert trained(tmp_path, r".*layers\.0\.self_attn\.[qv]_proj") == {
        "model.layers.0.self_attn.q_proj", "model.layers.0.self_attn.v_proj",
    }  # fmt: skip


def test_modules_that_are_not_there_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no modules"):
        trained(tmp_path, "c_attn")


def test_a_base_says_what_its_adapters_change(tmp_path: Path) -> None:
    assert adapting_of(tmp_path) == Adapting(target_modules=ALL, blend=1.0)
    (tmp_path / FILE).write_text(json.dumps({"target_modules": "x", "blend": 0.5}), encoding="utf-8")
    assert adapting_of(tmp_path) == Adapting(target_modules="x", blend=0.5)
    for wrong in ("{", "[]", '{"target_modules": ["x"]}', '{"blend": 0}', '{"blend": 2}', '{"rank": 3}'):
        (tmp_path / FILE).write_text(wrong, encoding="utf-8")
        with pytest.raises(InputError, match="target_modules"):
            adapting_of(tmp_path)


def test_the_seed_model_keeps_its_built_in_heads_out() -> None:
    assert adapting_of(SEED_MODEL).target_modules != ALL


def test_a_part_of_what_was_learnt_is_that_part_of_the_change(tmp_path: Path) -> None:
    whole, half = (learnt(tmp_path / str(blend), blend) for blend in (1.0, 0.5))
    assert whole.keys() == half.keys() and any(change.any() for change in whole.values())
    for name, change in whole.items():
        assert torch.allclose(half[name], change / 2), name


def learnt(folder: Path, blend: float) -> dict[str, torch.Tensor]:
    """What an adapter adds to each module of a tiny model."""
    train(job_of(folder, ALL, blend), lambda _: None)
    weights = load_file(folder / "adapter" / "adapter_model.safetensors")
    return {
        name: weights[name.replace("lora_A", "lora_B")] @ weights[name]
        for name in weights
        if "lora_A" in name
    }


@pytest.mark.parametrize(
    ("method", "changes"), [("sft", {"dora": True, "blend": 0.5}), ("reward", {"blend": 0.5})]
)
def test_what_is_not_added_to_the_base_is_not_blended(method: Method, changes: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="blend"):
        default_recipe(method).changed(**changes)
    assert not default_recipe("sft").changed(dora=True).blends and default_recipe("sft").blends
