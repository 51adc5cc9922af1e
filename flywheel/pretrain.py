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
from .seed.prose import read_paragraphs
from .seed.reading import Library
from .seed.start import Shape, build, pins
from .seed.tokenizer import train as train_tokenizer

SHARD = 4096


@dataclass(frozen=True)
class Stage:
    """``tokens`` of dialogues from ``mix``, each at most ``longest`` tokens."""

    name: str
    tokens: int
    mix: Mix
    longest: int


BARE = Mix(
    search=60, prose=25, refuse=0, tool=8, calculate=5, chain=0, none_fits=1, talk=1, bare=0.95, several=0
)
STAGES = (
    Stage("short", 150_000, BARE, 128),
    Stage("longer", 650_000, replace(BARE, refuse=3, tool=15, calculate=8), 256),
    Stage("full", 9_000_000, Mix(bare=0.2), 768),
    Stage("calls", 3_500_000, Mix(search=20, refuse=9, calculate=16, chain=10, tool=24), 768),
    Stage(
        "polish",
        4_700_000,
        Mix(search=20, prose=16, refuse=9, calculate=18, chain=12, tool=26, none_fits=6, talk=12),
        768,
    ),
)


@dataclass(frozen=True)
class Config:
    """One run. ``rate`` is held after ``warmup`` steps and falls to a twentieth over the last ``decay``."""

    seed: int = 1
    vocabulary: int = 4096
    shape: Shape = field(default_factory=Shape)
    stages: tuple[Stage, ...] = STAGES
    batch: int = 4096
    rate: float = 1.5e-3
    gentle: float = 0.1
    still: float = 0.02
    warmup: int = 100
    decay: float = 0.35
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
        ready = list(batches(rows, rng, config.batch, pad, stage.longest))
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


def optimizer_for(model: Qwen2ForCausalLM, config: Config) -> torch.optim.AdamW:
    """AdamW; what the start is built on learns ``gentle`` times as fast, embeddings ``still`` times."""
    groups: dict[float, list[torch.nn.Parameter]] = {config.still: [], config.gentle: [], 1.0: []}
    for name, parameter in model.named_parameters():
        built = any(part in name for part in ("layers.0.", "layers.2.self_attn"))
        share = config.still if "embed_tokens" in name else config.gentle if built else 1.0
        groups[share].append(parameter)
    return torch.optim.AdamW(
        [{"params": parameters, "share": share} for share, parameters in groups.items()],
        lr=config.rate, betas=(0.9, 0.95), weight_decay=config.weight_decay, fused=True,
    )  # fmt: skip


def loss_of(model: Qwen2ForCausalLM, trunk: Any, batch: Batch) -> torch.Tensor:
    """Weighted mean cross entropy of what the assistant says; the output layer sees those positions alone."""
    spoken = batch.weight > 0
    with torch.autocast(batch.ids.device.type, torch.bfloat16):
        hidden = trunk(input_ids=batch.ids, use_cache=False).last_hidden_state
        logits = functional.linear(hidden[spoken], model.model.embed_tokens.weight)
    losses = functional.cross_entropy(logits.float(), batch.ids.roll(-1, 1)[spoken], reduction="none")
    weight = batch.weight[spoken]
    return (losses * weight).sum() / weight.sum()


def save_checkpoint(
    out: Path, model: Qwen2ForCausalLM, optimizer: torch.optim.AdamW, progress: Progress
) -> None:
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
    optimizer = optimizer_for(model, config)
    progress = _resume(out, model, optimizer, device)
    held = {name: mask.to(device) for name, mask in pins(model, tokenizer).items()}
    fixed = {name: p.detach().clone() for name, p in model.named_parameters() if name in held}
    trunk = torch.compile(model.model, dynamic=False) if config.compile else model.model
    began, before, first = time.monotonic(), progress.seconds, progress.step
    model.train()
    for batch in stream(config, progress, tokenizer, library):
        for group in optimizer.param_groups:
            group["lr"] = config.rate_at(progress.step, progress.tokens) * group["share"]
        loss = loss_of(model, trunk, Batch(batch.ids.to(device), batch.weight.to(device)))
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        with torch.no_grad():
            for name, values in fixed.items():
                parameter = model.get_parameter(name)
                parameter.copy_(torch.where(held[name], values, parameter))
        optimizer.zero_grad(set_to_none=True)
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


def _resume(out: Path, model: Qwen2ForCausalLM, optimizer: torch.optim.AdamW, device: str) -> Progress:
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
    stages = tuple(Stage(s.name, int(s.tokens * given.scale), s.mix, s.longest) for s in STAGES)
    config = Config(seed=given.seed, stages=stages, rate=given.rate, compile=not given.no_compile)
    progress = pretrain(config, given.out, given.device, given.steps)
    print(json.dumps(asdict(progress)))


if __name__ == "__main__":
    main()
