"""The trainers, all TRL and PEFT: what is common, and the methods that do not learn from pairs."""

import importlib.util
import json
import re
from collections.abc import Callable, Sequence
from itertools import compress
from pathlib import Path
from typing import Any

from ...platform.errors import InputError, missing_extra
from . import labelled, pairs
from .anchor import BEGUN, WEIGHT, anchored
from .distance import measured
from .episodes import Episodes, guided, paid
from .guides import likely
from .plan import Plan, fits, loss_of, with_an_answer
from .recipe import Recipe
from .rehearsal import Pool
from .render import Row, render_sft, render_text
from .targets import ALL
from .validation import last_evaluation


def load_model(recipe: Recipe, folder: Path, pad_token_id: int) -> Any:
    """The base model in float32, or in four bits; a reward model has a head for one score in place of the vocabulary.

    Raises PrerequisiteError for four bits without bitsandbytes.
    """
    import torch
    from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification

    options = {"dtype": torch.float32, **(_four_bits() if recipe.qlora else {})}
    if recipe.method != "reward":
        model = AutoModelForCausalLM.from_pretrained(folder, **options)
    else:
        model = AutoModelForSequenceClassification.from_pretrained(
            folder, num_labels=1, pad_token_id=pad_token_id, **options
        )
    if recipe.qlora:
        from peft import prepare_model_for_kbit_training

        model = prepare_model_for_kbit_training(model, use_gradient_checkpointing=False)
    return model


def _four_bits() -> dict[str, Any]:
    """How QLoRA holds the base (arXiv 2305.14314): NF4, its constants quantized too, on the GPU where there is one."""
    import torch
    from transformers import BitsAndBytesConfig

    if importlib.util.find_spec("bitsandbytes") is None:
        raise missing_extra("bitsandbytes", "qlora")
    gpu = torch.cuda.is_available()
    config = BitsAndBytesConfig(
        load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=torch.bfloat16 if gpu and torch.cuda.is_bf16_supported() else torch.float32,
    )  # fmt: skip
    return {"quantization_config": config, "device_map": {"": torch.cuda.current_device() if gpu else "cpu"}}


def build_trainer(
    recipe: Recipe, model: Any, tokenizer: Any, rows: list[Row], aside: list[Row], output: Path,
    callbacks: list[Any], target_modules: str = ALL, anchors: Sequence[Pool] = (), continued: Path | None = None,
) -> Any:  # fmt: skip
    """A TRL trainer over the rows of a dataset, LoRA on ``target_modules``; ``aside`` is evaluated on.

    The adapter begins as the one in the folder ``continued``, where there is one, and else as the base.

    Where there are pools of rows in ``anchors`` the adapter is held on them, to the base or to how it begins.

    Its ``too_long_rows`` says how many rows were left out for their length.

    Raises InputError where the base has no such modules, or every row is too long.
    """
    from datasets import Dataset
    from transformers import EarlyStoppingCallback

    plans: dict[str, Callable[[Recipe, Any, list[Row]], Plan]] = {
        "sft": _sft, "dpo": pairs.dpo, "kto": labelled.kto, "grpo": _grpo, "orpo": pairs.orpo, "simpo": pairs.simpo,
        "reward": pairs.reward,
    }  # fmt: skip
    plan = plans[recipe.method](recipe, tokenizer, rows)
    held = Dataset.from_list(plans[recipe.method](recipe, tokenizer, aside).rows) if aside else None
    callbacks = [*callbacks, *([last_evaluation()] if aside else [])]
    if recipe.early_stop:
        callbacks.append(EarlyStoppingCallback(early_stopping_patience=recipe.early_stop))
    trainer = plan.trainer
    if anchors:
        weight = WEIGHT if recipe.anchored is None else recipe.anchored
        trainer = anchored(trainer, tokenizer, anchors, weight, recipe.seed, recipe.max_length)
    adapter = (
        {"model": model, "peft_config": _lora(recipe, model, target_modules)}
        if continued is None
        else {"model": _adapted(model, continued, any(not pool.to_base for pool in anchors))}
    )
    built = trainer(
        **adapter,
        args=plan.config(**{**_arguments(recipe, output), **_evaluation(recipe), **plan.options}),
        train_dataset=Dataset.from_list(plan.rows),
        eval_dataset=held,
        processing_class=tokenizer,
        callbacks=callbacks,
        **plan.extra,
    )
    built.too_long_rows = plan.too_long
    if recipe.qlora:
        for weight in built.model.parameters():
            if weight.requires_grad:  # TRL makes them bfloat16, in which small steps are lost
                weight.data = weight.data.float()
    return built


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


def _lora(recipe: Recipe, model: Any, target_modules: str) -> Any:
    from peft import LoraConfig

    names = (name for name, _ in model.named_modules())
    if target_modules != ALL and not any(re.fullmatch(target_modules, name) for name in names):
        raise InputError(
            f"The base has no modules {target_modules!r}. Write an expression over their whole names."
        )
    return LoraConfig(
        r=recipe.rank,
        lora_alpha=recipe.alpha,
        lora_dropout=recipe.dropout,
        use_dora=recipe.dora,
        use_rslora=recipe.rslora,
        target_modules=target_modules,
        task_type="SEQ_CLS" if recipe.method == "reward" else "CAUSAL_LM",
    )


def _adapted(model: Any, folder: Path, twice: bool) -> Any:
    """The base with an adapter on it, to be trained; ``twice`` with it as it begins, too, named ``BEGUN``.

    TRL keeps a copy of its own as the reference of preference methods and GRPO.
    """
    from peft import PeftModel

    adapted = PeftModel.from_pretrained(model, folder, is_trainable=True)
    if twice:
        adapted.load_adapter(folder, BEGUN)
    return adapted


def _sft(recipe: Recipe, tokenizer: Any, rows: list[Row]) -> Plan:
    from trl import SFTConfig, SFTTrainer

    rendered = [chat for row in rows for chat in render_sft(tokenizer, row)]
    fit = fits(recipe, (len(chat["input_ids"]) for chat in rendered))
    options = {
        "max_length": recipe.max_length, "packing": False, "train_sampling_strategy": "group_by_length",
        "loss_type": loss_of(recipe),
    }  # fmt: skip
    return Plan(SFTTrainer, SFTConfig, list(compress(rendered, fit)), options, {}, fit.count(False))


def _grpo(recipe: Recipe, tokenizer: Any, rows: list[Row]) -> Plan:
    """Whole episodes over replayed tools, paid by the row's verifier; nothing is called."""
    from trl import GRPOConfig, GRPOTrainer

    if any("verifier" not in row for row in rows):
        raise InputError(
            "Recorded groups carry rewards but no verifier, so new answers cannot be paid. Train on them by "
            "SFT, DPO or KTO, or give the runs a verifier."
        )
    trainer = measured(GRPOTrainer) if recipe.beta == 0 else GRPOTrainer
    trainer = likely(trainer, tokenizer, rows, recipe) if recipe.nll else trainer
    rendered = [render_text(tokenizer, row["prompt"], row["tools"], prompt=True) for row in rows]
    fit = fits(recipe, with_an_answer(tokenizer, rendered))
    rows, prompts = list(compress(rows, fit)), list(compress(rendered, fit))
    examples = [
        {"prompt": prompt, "verifier": row["verifier"], "arguments": json.dumps(row["arguments"])}
        for prompt, row in zip(prompts, rows, strict=True)
    ]
    options = {
        "per_device_train_batch_size": max(recipe.batch_size, recipe.generations), "beta": recipe.beta,
        "num_generations": recipe.generations, "max_completion_length": recipe.answer_tokens,
        "loss_type": "grpo" if loss_of(recipe) == "gspo" else loss_of(recipe),
        "importance_sampling_level": "sequence" if loss_of(recipe) == "gspo" else "token",
        "temperature": recipe.temperature, "reward_weights": [1.0, 0.0],
    }  # fmt: skip
    extra = {"reward_funcs": [paid, guided], "rollout_func": Episodes(recipe, tokenizer, rows, prompts)}
    return Plan(trainer, GRPOConfig, examples, options, extra, fit.count(False))
