"""Train the seed model from scratch: ``python -P -m whorl.flywheel.pretrain --out DIR``.

Dialogues are drawn from generators, so there is no data set: (seed, stage, shard) names 4,096
dialogues. The state after every step is a function of the arguments; a run that was killed goes
on from its last checkpoint and ends in the same weights.
"""

import argparse
import json
import os
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Any

import torch
from torch.nn import functional
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast, Qwen2ForCausalLM

from .seed.encode import Batch, batches, encode, render
from .seed.mix import Mix, dialogue
from .seed.muon import Muon
from .seed.prose import read_paragraphs
from .seed.reading import Library
from .seed.start import Shape, build, pins
from .seed.tokenizer import train as train_tokenizer

SHARD = 4096
GENTLE = ("layers.0.", "layers.2.self_attn", "o_proj", "down_proj")


@dataclass(frozen=True)
class Stage:
    """``tokens`` of dialogues from ``mix``, each at most ``longest`` tokens, ``batch`` tokens to a step."""

    name: str
    tokens: int
    mix: Mix
    longest: int
    batch: int


MIX = Mix(search=22, prose=18, refuse=9, calculate=12, chain=14, tool=22, none_fits=5, talk=8)
STAGES = (
    Stage("bare", 2_000_000, replace(MIX, bare=1.0), 256, 4096),
    Stage("full", 10_500_000, replace(MIX, bare=0.15), 768, 8192),
)


@dataclass(frozen=True)
class Config:
    """One run. ``rate`` is held after ``warmup`` steps and falls to a twentieth over the last ``decay``."""

    seed: int = 1
    vocabulary: int = 5120
    shape: Shape = field(default_factory=Shape)
    stages: tuple[Stage, ...] = STAGES
    rate: float = 5e-3
    gentle: float = 0.1
    still: float = 0.02
    warmup: int = 30
    decay: float = 0.5
    weight_decay: float = 0.01
    save_every: int = 100
    prose: bool = True
    compile: bool = True

    @property
    def tokens(self) -> int:
        return sum(stage.tokens for stage in self.stages)

    def rate_at(self, step: int, tokens: int) -> float:
        left = (self.tokens - tokens) / (self.tokens * self.decay)
        return self.rate * min(1.0, (step + 1) / self.warmup) * max(0.05, min(1.0, left))


@dataclass
class Progress:
    """Where a run is: counts so far, and the next batch."""

    step: int = 0
    tokens: int = 0
    stage: int = 0
    stage_tokens: int = 0
    shard: int = 0
    batch: int = 0
    seconds: float = 0.0


def make_tokenizer(config: Config, library: Library | None) -> PreTrainedTokenizerFast:
    """The tokenizer, learned from the first dialogues of the full mix."""
    rng = Random(f"{config.seed}:tokenizer")
    mix = config.stages[-1].mix
    texts = (render(dialogue(mix, rng, library, held_out=False))[0] for _ in range(3 * SHARD))
    return train_tokenizer(texts, config.vocabulary)


def stream(
    config: Config, progress: Progress, tokenizer: PreTrainedTokenizerFast, library: Library | None
) -> Iterator[Batch]:
    """The batches from ``progress`` on; advances it past each batch as it is taken."""
    pad = int(tokenizer.pad_token_id)
    while progress.stage < len(config.stages):
        stage = config.stages[progress.stage]
        rng = Random(f"{config.seed}:{stage.name}:{progress.shard}")
        drawn = [dialogue(stage.mix, rng, library, held_out=False) for _ in range(SHARD)]
        rows = encode(drawn, tokenizer.backend_tokenizer)
        ready = list(batches(rows, rng, stage.batch, pad, stage.longest))
        for batch in ready[progress.batch :]:
            progress.batch += 1
            progress.step += 1
            progress.tokens += batch.ids.numel()
            progress.stage_tokens += batch.ids.numel()
            yield batch
            if progress.stage_tokens >= stage.tokens:
                break
        progress.shard, progress.batch = progress.shard + 1, 0
        if progress.stage_tokens >= stage.tokens:
            progress.stage, progress.stage_tokens, progress.shard = progress.stage + 1, 0, 0


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

    def state_dict(self) -> dict[str, Any]:
        return {"muon": self.muon.state_dict(), "adamw": self.adamw.state_dict()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.muon.load_state_dict(state["muon"])
        self.adamw.load_state_dict(state["adamw"])


def loss_of(model: Qwen2ForCausalLM, trunk: Any, batch: Batch) -> torch.Tensor:
    """Weighted mean cross entropy of what the assistant says; the output layer sees those positions alone."""
    spoken = batch.weight > 0
    with torch.autocast(batch.ids.device.type, torch.bfloat16):
        hidden = trunk(input_ids=batch.ids, use_cache=False).last_hidden_state
        logits = functional.linear(hidden[spoken], model.model.embed_tokens.weight)
    losses = functional.cross_entropy(logits.float(), batch.ids.roll(-1, 1)[spoken], reduction="none")
    weight = batch.weight[spoken]
    return (losses * weight).sum() / weight.sum()


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


def pretrain(config: Config, out: Path, device: str = "cpu", stop_after: int | None = None) -> Progress:
    """Train to the end of the stages, or for ``stop_after`` further steps, from the last checkpoint if any."""
    out.mkdir(parents=True, exist_ok=True)
    library = Library(read_paragraphs(), held_out=False) if config.prose else None
    tokenizer = _tokenizer(config, out, library)
    model = build(config.shape, tokenizer, config.seed).to(device)
    held = {name: mask.to(device) for name, mask in pins(model, tokenizer).items()}
    for name, mask in held.items():
        model.get_parameter(name).requires_grad_(not bool(mask.all()))
    optimizer = Optimizers(model, config)
    progress = _resume(out, model, optimizer, device)
    fixed = {name: p.detach().clone() for name, p in model.named_parameters() if name in held}
    trunk = torch.compile(model.model, dynamic=False) if config.compile else model.model
    began, before, first = time.monotonic(), progress.seconds, progress.step
    model.train()
    for batch in stream(config, progress, tokenizer, library):
        loss = loss_of(model, trunk, Batch(batch.ids.to(device), batch.weight.to(device)))
        loss.backward()
        for name, mask in held.items():
            gradient = model.get_parameter(name).grad
            if gradient is not None:
                gradient.masked_fill_(mask, 0.0)
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step(config.rate_at(progress.step, progress.tokens))
        with torch.no_grad():
            for name, values in fixed.items():
                parameter = model.get_parameter(name)
                parameter.copy_(torch.where(held[name], values, parameter))
        progress.seconds = before + time.monotonic() - began
        _log(out, progress, float(loss.detach()))
        if progress.step % config.save_every == 0:
            save_checkpoint(out, model, optimizer, progress)
        if stop_after is not None and progress.step - first >= stop_after:
            break
    save_checkpoint(out, model, optimizer, progress)
    save_model(out, model, tokenizer)
    return progress


def _tokenizer(config: Config, out: Path, library: Library | None) -> PreTrainedTokenizerFast:
    folder = out / "tokenizer"
    if not folder.exists():
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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--steps", type=int, help="stop after so many further steps; a later call goes on")
    parser.add_argument("--scale", type=float, default=1.0, help="multiplies the tokens of every stage")
    parser.add_argument("--rate", type=float, default=Config.rate)
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--no-compile", action="store_true")
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    stages = tuple(replace(s, tokens=int(s.tokens * given.scale)) for s in STAGES)
    config = Config(seed=given.seed, stages=stages, rate=given.rate, compile=not given.no_compile)
    progress = pretrain(config, given.out, given.device, given.steps)
    print(json.dumps(asdict(progress)))


if __name__ == "__main__":
    main()
