"""The four trainers, all TRL and PEFT."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from ...agents.prompt import SOURCE
from ...platform.errors import InputError
from .collate import spoken_collator
from .recipe import LOSSES, Recipe
from .render import Row, render_completion, render_sft, render_text
from .validation import last_evaluation

_SHOWN = re.compile(r"^\[(\d{1,3})\] (.*)$", re.M)


class Plan(NamedTuple):
    """What differs between the methods: TRL's trainer and configuration, the rows as it reads them."""

    trainer: Callable[..., Any]
    config: Callable[..., Any]
    rows: list[Row]
    options: dict[str, Any]
    extra: dict[str, Any]


def build_trainer(
    recipe: Recipe, model: Any, tokenizer: Any, rows: list[Row], aside: list[Row], output: Path,
    callbacks: list[Any],
) -> Any:  # fmt: skip
    """A TRL trainer over the rows of a dataset, LoRA on every linear layer; ``aside`` is evaluated on."""
    from datasets import Dataset
    from transformers import EarlyStoppingCallback

    plans: dict[str, Callable[[Recipe, Any, list[Row]], Plan]] = {
        "sft": _sft, "dpo": _dpo, "kto": _kto, "grpo": _grpo,
    }  # fmt: skip
    plan = plans[recipe.method](recipe, tokenizer, rows)
    held = Dataset.from_list(plans[recipe.method](recipe, tokenizer, aside).rows) if aside else None
    callbacks = [*callbacks, *([last_evaluation()] if aside else [])]
    if recipe.early_stop:
        callbacks.append(EarlyStoppingCallback(early_stopping_patience=recipe.early_stop))
    return plan.trainer(
        model=model,
        args=plan.config(**{**_arguments(recipe, output), **_evaluation(recipe), **plan.options}),
        train_dataset=Dataset.from_list(plan.rows),
        eval_dataset=held,
        processing_class=tokenizer,
        peft_config=_lora(recipe),
        callbacks=callbacks,
        **plan.extra,
    )


def _arguments(recipe: Recipe, output: Path) -> dict[str, Any]:
    import torch

    return {
        "output_dir": str(output),
        "seed": recipe.seed,
        "data_seed": recipe.seed,
        "num_train_epochs": recipe.epochs,
        "max_steps": recipe.max_steps,
        "learning_rate": recipe.learning_rate,
        "lr_scheduler_type": "cosine",
        "warmup_steps": 0.1,
        "per_device_train_batch_size": recipe.batch_size,
        "gradient_accumulation_steps": recipe.accumulation,
        "logging_steps": 1,
        "logging_nan_inf_filter": False,
        "save_strategy": "no",
        "save_total_limit": 1,
        "restore_callback_states_from_checkpoint": True,
        "report_to": "none",
        "disable_tqdm": True,
        "use_cpu": not torch.cuda.is_available(),
        "bf16": torch.cuda.is_available(),
        "fp16": False,
        "gradient_checkpointing": False,
    }


def _evaluation(recipe: Recipe) -> dict[str, Any]:
    """When to evaluate; with early stopping the weights of the best evaluation are saved and taken in the end."""
    if not recipe.evaluate_every:
        return {}
    when = {
        "eval_strategy": "steps", "eval_steps": recipe.evaluate_every,
        "per_device_eval_batch_size": recipe.batch_size,
    }  # fmt: skip
    if not recipe.early_stop:
        return when
    best = {"save_strategy": "best", "load_best_model_at_end": True, "metric_for_best_model": "eval_loss"}
    return {**when, **best, "greater_is_better": False}


def _lora(recipe: Recipe) -> Any:
    from peft import LoraConfig

    return LoraConfig(
        r=recipe.rank,
        lora_alpha=recipe.alpha,
        lora_dropout=recipe.dropout,
        use_dora=recipe.dora,
        use_rslora=recipe.rslora,
        target_modules="all-linear",
        task_type="CAUSAL_LM",
    )


def _sft(recipe: Recipe, tokenizer: Any, rows: list[Row]) -> Plan:
    from trl import SFTConfig, SFTTrainer

    rendered = [render_sft(tokenizer, row) for row in rows]
    fitting = [row for row in rendered if len(row["input_ids"]) <= recipe.max_length]
    if not fitting:
        raise InputError(f"Every row is longer than {recipe.max_length} tokens. Raise max_length.")
    options = {
        "max_length": recipe.max_length, "packing": False, "train_sampling_strategy": "group_by_length",
        "loss_type": _loss(recipe),
    }  # fmt: skip
    return Plan(SFTTrainer, SFTConfig, fitting, options, {})


def _dpo(recipe: Recipe, tokenizer: Any, rows: list[Row]) -> Plan:
    from trl import DPOConfig, DPOTrainer

    pairs = []
    for row in rows:
        whole = row["chosen"][0]["role"] != "assistant"
        prompt = render_text(tokenizer, row["prompt"], row["tools"], prompt=not whole)
        sides = {
            side: render_completion(tokenizer, row["prompt"], row[side], row["tools"], conversation=whole)
            for side in ("chosen", "rejected")
        }
        pairs.append({"prompt": prompt, **sides})
    collator = spoken_collator(tokenizer, recipe.max_length)
    return Plan(DPOTrainer, DPOConfig, pairs, _preference(recipe), {"data_collator": collator})


def _kto(recipe: Recipe, tokenizer: Any, rows: list[Row]) -> Plan:
    from trl import KTOConfig, KTOTrainer

    examples = [
        {
            "prompt": _prompt(tokenizer, row),
            "completion": render_completion(tokenizer, row["prompt"], row["completion"], row["tools"]),
            "label": row["label"],
        }
        for row in rows
    ]
    return Plan(KTOTrainer, KTOConfig, examples, _preference(recipe), {})


def _grpo(recipe: Recipe, tokenizer: Any, rows: list[Row]) -> Plan:
    """Answers after the recorded observations, paid by the row's verifier; nothing is called."""
    from trl import GRPOConfig, GRPOTrainer

    from ..verifiers.base import Attempt, verify

    if any("verifier" not in row for row in rows):
        raise InputError(
            "Recorded groups carry rewards but no verifier, so new answers cannot be paid. Train on them by "
            "SFT, DPO or KTO, or give the runs a verifier."
        )
    prompts = [
        {
            "prompt": _prompt(tokenizer, row),
            "verifier": row["verifier"],
            "arguments": json.dumps(row["arguments"]),
            "seen": json.dumps(seen(row["prompt"])),
        }
        for row in rows
    ]

    def reward(
        completions: list[str], verifier: list[str], arguments: list[str], seen: list[str], **_: Any
    ) -> list[float]:
        scores = []
        for text, name, values, known in zip(completions, verifier, arguments, seen, strict=True):
            question, passages = json.loads(known)
            attempt = Attempt(text, question, {int(number): said for number, said in passages.items()})
            scores.append(verify(name, attempt, **json.loads(values)).score)
        return scores

    options = {
        "per_device_train_batch_size": max(recipe.batch_size, recipe.generations), "beta": recipe.beta,
        "num_generations": recipe.generations, "max_completion_length": recipe.answer_tokens,
        "loss_type": "grpo" if _loss(recipe) == "gspo" else _loss(recipe),
        "importance_sampling_level": "sequence" if _loss(recipe) == "gspo" else "token",
    }  # fmt: skip
    return Plan(GRPOTrainer, GRPOConfig, prompts, options, {"reward_funcs": reward})


def seen(prompt: list[Row]) -> tuple[str, dict[int, str]]:
    """The last question of a prompt, and the passages that its searches showed by number."""
    question = next((str(m["content"]) for m in reversed(prompt) if m["role"] == "user"), "")
    shown = "\n".join(str(m["content"]) for m in prompt if m["role"] == "tool")
    return question, {int(number): text.split(SOURCE)[0] for number, text in _SHOWN.findall(shown)}


def _prompt(tokenizer: Any, row: Row) -> str:
    return render_text(tokenizer, row["prompt"], row["tools"], prompt=True)


def _preference(recipe: Recipe) -> dict[str, Any]:
    return {"beta": recipe.beta, "max_length": recipe.max_length, "loss_type": _loss(recipe)}


def _loss(recipe: Recipe) -> str:
    return recipe.loss or LOSSES[recipe.method][0]
