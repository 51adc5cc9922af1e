"""Train the seed model from scratch: ``python -P -m whorl.flywheel.pretrain --out DIR``.

Dialogues are drawn from generators, so there is no data set: (seed, stage, shard) names some
thousand dialogues. On a CPU the state after every step is a function of the arguments, and a run that was
killed goes on from its last checkpoint and ends in the same weights; on a GPU sums are taken in
another order each time, and the weights differ in their last digits.
"""

import argparse
import json
import os
import time
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import torch
from torch.nn import functional
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast, Qwen2ForCausalLM

from .seed.encode import Batch, render
from .seed.mix import Mix, dialogue
from .seed.muon import Muon
from .seed.prose import read_paragraphs
from .seed.reading import Library
from .seed.start import Shape, build, pins
from .seed.stream import Plan, Progress, Stage, shards, stream
from .seed.tokenizer import train as train_tokenizer

GENTLE = ("layers.0.", "layers.2.self_attn", "o_proj", "down_proj")


MIX = Mix(
    search=20, prose=18, refuse=8, calculate=11, chain=20, tool=26, none_fits=5, talk=6, quotes=False
)  # fmt: skip
LATER = Mix(search=22, prose=18, refuse=6, calculate=10, chain=18, tool=40, none_fits=8, talk=6, bare=0.2)
LOOSE = Mix(
    search=24, prose=24, refuse=6, calculate=12, chain=36, tool=44, none_fits=7, talk=8, bare=0.2, loose=0.6
)
HARDER = replace(LOOSE, prose=30, chain=52, tool=60, talk=9, loose=0.5)
DESCRIBED = replace(HARDER, search=26, prose=34, none_fits=13, tool=80, described=0.5)
STAGES = (
    Stage("bare", 6_000_000, replace(MIX, bare=1.0), 256, 4096),
    Stage("full", 30_000_000, replace(MIX, bare=0.1), 768, 8192),
)


@dataclass(frozen=True)
class Round:
    """A part of the recipe with a rate of its own, which falls over the last ``decay`` of its tokens.

    ``shard`` dialogues are drawn at a time: enough of each length to fill a batch.
    """

    stages: tuple[Stage, ...]
    rate: float
    decay: float
    shard: int = 4096


# First all from the start; then more tools, and chains that quote before they calculate; then such
# chains in words at random, so that a number is found whatever stands around it; then all in such words;
# then the same, with more of the kinds that are still missed; then all of it again, many times as much, with
# functions described at length, in batches for a GPU.
ROUNDS = (
    Round(STAGES, 5e-3, 0.4),
    Round((Stage("second", 22_000_000, LATER, 768, 8192),), 2.5e-3, 1.0),
    Round(
        (Stage("third", 7_000_000, replace(LATER, chain=34, calculate=12, frames=0.7), 768, 8192),),
        1.5e-3,
        1.0,
    ),
    Round((Stage("fourth", 16_000_000, LOOSE, 768, 8192),), 2e-3, 1.0),
    Round((Stage("fifth", 14_000_000, HARDER, 768, 8192),), 2e-3, 1.0),
    Round((Stage("sixth", 507_000_000, DESCRIBED, 1024, 65536),), 4e-3, 0.8, shard=16384),
)


@dataclass(frozen=True)
class Config:
    """One run. ``rate`` is held after ``warmup`` steps and falls to a twentieth over the last ``decay``.

    ``start`` is a folder with the weights of the round before, to go on from, with its tokenizer.
    """

    seed: int = 1
    vocabulary: int = 5120
    shape: Shape = field(default_factory=Shape)
    stages: tuple[Stage, ...] = STAGES
    rate: float = 5e-3
    gentle: float = 0.1
    still: float = 0.02
    warmup: int = 30
    decay: float = 0.4
    weight_decay: float = 0.01
    save_every: int = 500
    log_every: int = 10
    shard: int = 4096
    prose: Path | None = Path("/")
    workers: int = 0
    compile: bool = True
    start: Path | None = None

    @property
    def tokens(self) -> int:
        return sum(stage.tokens for stage in self.stages)

    def rate_at(self, step: int, tokens: int) -> float:
        left = (self.tokens - tokens) / (self.tokens * self.decay)
        return self.rate * min(1.0, (step + 1) / self.warmup) * max(0.05, min(1.0, left))


def make_tokenizer(config: Config, library: Library | None) -> PreTrainedTokenizerFast:
    """The tokenizer, learned from the first dialogues of the full mix."""
    rng = Random(f"{config.seed}:tokenizer")
    mix = config.stages[-1].mix
    texts = (render(dialogue(mix, rng, library, held_out=False))[0] for _ in range(3 * config.shard))
    return train_tokenizer(texts, config.vocabulary)


class Optimizers:
    """Muon for the matrices of the layers, AdamW for embeddings, biases and norms, under one rate.

    Layer 0 and the attention of layer 2, which the start is built on, and what writes to the residual
    stream learn ``gentle`` times as fast, embeddings ``still`` times: the stream begins at a
    root mean square of 0.07, and what the built heads fetch would drown in larger writes.
    """

    def __init__(self, model: Qwen2ForCausalLM, config: Config) -> None:
        matrices: list[tuple[torch.nn.Parameter, float]] = []
        others: dict[float, list[torch.nn.Parameter]] = {}
        for name, parameter in model.named_parameters():
            built = any(part in name for part in GENTLE)
            share = config.still if "embed_tokens" in name else config.gentle if built else 1.0
            if not parameter.requires_grad:
                continue
            if parameter.ndim == 2 and "embed_tokens" not in name:
                matrices.append((parameter, share))
            else:
                others.setdefault(share, []).append(parameter)
        self.muon = Muon(matrices, config.weight_decay)
        self.adamw = torch.optim.AdamW(
            [{"params": given, "share": share} for share, given in others.items()],
            lr=config.rate, betas=(0.9, 0.95), weight_decay=config.weight_decay, fused=True,
        )  # fmt: skip

    def step(self, rate: float) -> None:
        self.muon.step(rate)
        for group in self.adamw.param_groups:
            group["lr"] = rate * group["share"]
        self.adamw.step()
        self.adamw.zero_grad(set_to_none=True)

    def skip(self) -> None:
        """Forget the gradients of a step."""
        self.muon.forget()
        self.adamw.zero_grad(set_to_none=True)

    def state_dict(self) -> dict[str, Any]:
        return {"muon": self.muon.state_dict(), "adamw": self.adamw.state_dict()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.muon.load_state_dict(state["muon"])
        self.adamw.load_state_dict(state["adamw"])


@dataclass(frozen=True)
class Lesson:
    """A batch on the device: ids (rows, length), where the assistant speaks, what it says there, and its weight."""

    ids: torch.Tensor
    places: torch.Tensor
    targets: torch.Tensor
    weight: torch.Tensor

    @classmethod
    def of(cls, batch: Batch, device: str) -> "Lesson":
        flat, weight = batch.ids.ravel(), batch.weight.ravel()
        places = np.flatnonzero(weight > 0)

        def sent(values: np.typing.NDArray[Any]) -> torch.Tensor:
            tensor = torch.from_numpy(values)
            return tensor.pin_memory().to(device, non_blocking=True) if device.startswith("cuda") else tensor

        targets = flat[places + 1].astype(np.int64)
        return cls(sent(batch.ids.astype(np.int64)), sent(places), sent(targets), sent(weight[places]))


def loss_of(model: Qwen2ForCausalLM, trunk: Any, lesson: Lesson) -> torch.Tensor:
    """Weighted mean cross entropy of what the assistant says; the output layer sees those positions alone."""
    with torch.autocast(lesson.ids.device.type, torch.bfloat16):
        hidden = trunk(input_ids=lesson.ids, use_cache=False).last_hidden_state
        said = hidden.flatten(0, 1).index_select(0, lesson.places)
        logits = functional.linear(said, model.model.embed_tokens.weight)
    losses = functional.cross_entropy(logits.float(), lesson.targets, reduction="none")
    return (losses * lesson.weight).sum() / lesson.weight.sum()


def save_checkpoint(out: Path, model: Qwen2ForCausalLM, optimizer: Optimizers, progress: Progress) -> None:
    """One file, replaced in one step, so that a kill leaves the last one whole."""
    state = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "progress": asdict(progress)}
    partial = out / "checkpoint.partial"
    torch.save(state, partial)
    partial.replace(out / "checkpoint.pt")


def save_model(out: Path, model: Qwen2ForCausalLM, tokenizer: PreTrainedTokenizerFast) -> None:
    """Weights in float16 with what is needed to load them."""
    served = as_llama(model).to(torch.float16)
    served.generation_config.eos_token_id = tokenizer.eos_token_id
    served.generation_config.pad_token_id = tokenizer.pad_token_id
    served.save_pretrained(out / "model")
    tokenizer.save_pretrained(out / "model")


def as_llama(model: Qwen2ForCausalLM) -> LlamaForCausalLM:
    """The same function as a Llama with biases.

    For a model of the type ``qwen2``, transformers replaces how the tokenizer splits text by Qwen's way.
    """
    given = model.config
    names = (
        "vocab_size", "hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads",
        "num_key_value_heads", "max_position_embeddings", "rope_parameters", "rms_norm_eps", "tie_word_embeddings",
        "bos_token_id", "eos_token_id", "pad_token_id",
    )  # fmt: skip
    config = LlamaConfig(**{name: getattr(given, name) for name in names}, attention_bias=True)
    llama = LlamaForCausalLM(config)
    state = {name: value.float().cpu() for name, value in model.state_dict().items()}
    for layer in range(config.num_hidden_layers):
        state[f"model.layers.{layer}.self_attn.o_proj.bias"] = torch.zeros(config.hidden_size)
    llama.load_state_dict(state)
    return llama


class Pinned:
    """Keeps the entries that training must leave as they are."""

    def __init__(self, model: Qwen2ForCausalLM, tokenizer: PreTrainedTokenizerFast, device: str) -> None:
        masks = {name: mask.to(device) for name, mask in pins(model, tokenizer).items()}
        for name, mask in masks.items():
            model.get_parameter(name).requires_grad_(not bool(mask.all()))
        self.parts = [(p, masks[name]) for name, p in model.named_parameters() if name in masks]
        self.values: list[torch.Tensor] = []

    def remember(self) -> None:
        self.values = [p.detach().clone() for p, _ in self.parts]

    def clear_gradients(self) -> None:
        for parameter, mask in self.parts:
            if parameter.grad is not None:
                parameter.grad.masked_fill_(mask, 0.0)

    def restore(self) -> None:
        with torch.no_grad():
            for (parameter, mask), value in zip(self.parts, self.values, strict=True):
                if parameter.requires_grad:
                    parameter.copy_(torch.where(mask, value, parameter))


def as_qwen2(model: LlamaForCausalLM) -> dict[str, torch.Tensor]:
    """The state of a model that :func:`as_llama` made, for the Qwen2 model that it was made of."""
    return {name: value for name, value in model.state_dict().items() if not name.endswith("o_proj.bias")}


def pretrain(config: Config, out: Path, device: str = "cpu", stop_after: int | None = None) -> Progress:
    """Train to the end of the stages, or for ``stop_after`` further steps, from the last checkpoint if any."""
    out.mkdir(parents=True, exist_ok=True)
    tokenizer = _tokenizer(config, out)
    plan = Plan(config.seed, config.stages, config.shard, config.prose, out / "tokenizer")
    with shards(plan, config.workers) as drawn:
        model = build(config.shape, tokenizer, config.seed).to(device)
        if not device.startswith("cuda"):
            model.set_attn_implementation("eager")  # a third faster: the fused kernels are slow on short rows
        if config.start:
            model.load_state_dict(
                as_qwen2(LlamaForCausalLM.from_pretrained(config.start, dtype=torch.float32))
            )
        pinned = Pinned(model, tokenizer, device)
        optimizer = Optimizers(model, config)
        progress = _resume(out, model, optimizer, device)
        pinned.remember()
        trunk = torch.compile(model.model, dynamic=True) if config.compile else model.model
        began, before, first = time.monotonic(), progress.seconds, progress.step
        losses: list[torch.Tensor] = []
        model.train()
        for batch in stream(config.stages, drawn, progress):
            loss = loss_of(model, trunk, Lesson.of(batch, device))
            loss.backward()
            pinned.clear_gradients()
            if torch.isfinite(torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)):
                optimizer.step(config.rate_at(progress.step, progress.tokens))
                pinned.restore()
                losses.append(loss.detach())
            else:
                optimizer.skip()
                progress.skipped += 1
            if progress.step % config.log_every == 0:
                progress.seconds = before + time.monotonic() - began
                if not losses:
                    raise FloatingPointError(
                        f"{config.log_every} steps without a finite gradient; see {out}."
                    )
                _log(out, progress, float(torch.stack(losses).mean()))
                losses = []
            if progress.step % config.save_every == 0:
                save_checkpoint(out, model, optimizer, progress)
                save_model(out, model, tokenizer)
            if stop_after is not None and progress.step - first >= stop_after:
                break
        progress.seconds = before + time.monotonic() - began
        save_checkpoint(out, model, optimizer, progress)
        save_model(out, model, tokenizer)
    return progress


def _tokenizer(config: Config, out: Path) -> PreTrainedTokenizerFast:
    folder = out / "tokenizer"
    if not folder.exists() and config.start:
        PreTrainedTokenizerFast.from_pretrained(config.start).save_pretrained(folder)
    if not folder.exists():
        library = Library(read_paragraphs(config.prose), held_out=False) if config.prose else None
        make_tokenizer(config, library).save_pretrained(folder)
    return PreTrainedTokenizerFast.from_pretrained(folder)


def _resume(out: Path, model: Qwen2ForCausalLM, optimizer: Optimizers, device: str) -> Progress:
    if not (out / "checkpoint.pt").exists():
        return Progress()
    state = torch.load(out / "checkpoint.pt", map_location=device, weights_only=True)
    model.load_state_dict(state["model"])
    optimizer.load_state_dict(state["optimizer"])
    return Progress(**state["progress"])


def _log(out: Path, progress: Progress, loss: float) -> None:
    with (out / "log.jsonl").open("a", encoding="utf-8") as log:
        log.write(json.dumps({**asdict(progress), "loss": round(loss, 4)}) + "\n")


def pretrain_all(seed: int, out: Path, device: str, given: argparse.Namespace) -> Progress:
    """Every round after the other, each in a folder of its own below ``out``; those that are complete are kept."""
    start: Path | None = None
    progress = Progress()
    for number, part in enumerate(ROUNDS):
        stages = tuple(replace(s, tokens=int(s.tokens * given.scale)) for s in part.stages)
        config = Config(
            seed=seed + number, stages=stages, rate=part.rate, decay=part.decay, prose=given.prose,
            workers=given.workers, compile=not given.no_compile, start=start, shard=part.shard,
        )  # fmt: skip
        folder = out / f"round{number + 1}"
        progress = pretrain(config, folder, device, given.steps)
        if progress.stage < len(stages):
            break
        start = folder / "model"
    return progress


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--out", type=Path, required=True, help="folder of the rounds; the last has the model"
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--steps", type=int, help="stop after so many further steps; a later call goes on")
    parser.add_argument("--scale", type=float, default=1.0, help="multiplies the tokens of every stage")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument(
        "--prose", type=Path, default=Path("/"), help="where the packages of prose are installed"
    )
    parser.add_argument("--workers", type=int, default=0, help="processes that draw dialogues ahead")
    parser.add_argument("--no-compile", action="store_true")
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    if given.device.startswith("cuda"):
        torch.set_float32_matmul_precision("high")
    print(json.dumps(asdict(pretrain_all(given.seed, given.out, given.device, given))))


if __name__ == "__main__":
    main()
