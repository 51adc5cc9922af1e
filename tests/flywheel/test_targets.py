"""Which modules an adapter changes: what the recipe says, else the base, else all linear ones."""

import json
from pathlib import Path

import pytest
from safetensors import safe_open

from tests.tiny_model import make_model
from whorl.flywheel.training.process import train
from whorl.flywheel.training.recipe import TrainingJob, default_recipe
from whorl.flywheel.training.targets import ALL, FILE, targets_of
from whorl.platform.errors import InputError
from whorl.platform.serving.base_model import SEED_MODEL

from .test_training import write_dataset


def trained(folder: Path, targets: str) -> set[str]:
    """The modules that an adapter of a tiny model has weights for."""
    base = make_model(folder / "base", seed=3)
    job = TrainingJob(
        recipe=default_recipe("sft").changed(max_steps=1), model_folder=base, base_hash="",
        dataset_folder=write_dataset(folder / "dataset", "sft"), output_folder=folder / "adapter",
        target_modules=targets,
    )  # fmt: skip
    train(job, lambda _: None)
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
    assert targets_of(tmp_path) == ALL
    (tmp_path / FILE).write_text(json.dumps({"target_modules": "x"}), encoding="utf-8")
    assert targets_of(tmp_path) == "x"
    for wrong in ("{", "[]", "{}", '{"target_modules": ["x"]}'):
        (tmp_path / FILE).write_text(wrong, encoding="utf-8")
        with pytest.raises(InputError, match="target_modules"):
            targets_of(tmp_path)


def test_the_seed_model_keeps_its_built_in_heads_out() -> None:
    assert targets_of(SEED_MODEL) != ALL
