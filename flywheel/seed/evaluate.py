"""Exact match on held-out generated dialogues, kind by kind: ``python -P -m whorl.flywheel.seed.evaluate MODEL``.

The model plays every assistant turn of the last question itself, greedily, given the recorded
observations; a dialogue is right when each of its calls and its final answer are exact, token by token.
"""

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any, get_args

import torch
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    PreTrainedModel,
    PreTrainedTokenizerBase,
    PreTrainedTokenizerFast,
)

from .dialogue import Dialogue, Kind
from .encode import render
from .mix import Mix, dialogue
from .prose import MissingPackages, read_paragraphs
from .reading import Library


@dataclass(frozen=True)
class Seed:
    """A loaded model with its tokenizer."""

    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerFast

    @classmethod
    def load(cls, folder: Path, adapter: Path | None = None) -> "Seed":
        """The model in ``folder``, with the LoRA adapter of a folder where one is given."""
        model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
        if adapter is not None:
            from peft import PeftModel

            model = PeftModel.from_pretrained(model, adapter).merge_and_unload().to(torch.float32).eval()
        tokenizer: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(folder)
        return cls(model, tokenizer)

    def continue_all(self, prompts: Sequence[str], batch: int = 32, limit: int = 120) -> list[str]:
        """What the model says after each prompt, greedily; prompts of one length go together."""
        said = [""] * len(prompts)
        for chosen in _alike([len(prompt) for prompt in prompts], batch):
            for i, text in zip(chosen, self._continue([prompts[i] for i in chosen], limit), strict=True):
                said[i] = text
        return said

    def would_say(self, dialogues: Sequence[Sequence["Step"]], batch: int = 16) -> list[list[bool]]:
        """For each step of each dialogue, whether the model, greedily, says its words and ends.

        A greedy reply is right exactly where each of its tokens is the likeliest after the right ones before
        it, so one pass over the right words tells, and nothing is generated.
        """
        laid = [self._lay(taken) for taken in dialogues]
        right = [list[bool]()] * len(laid)
        for chosen in _alike([len(each.ids) for each in laid], batch):
            for i, flags in zip(chosen, self._would_say([laid[i] for i in chosen]), strict=True):
                right[i] = flags
        return right

    def _lay(self, taken: Sequence["Step"]) -> "_Laid":
        end = self.tokenizer.eos_token_id
        ids, targets, before = list[int](), dict[int, tuple[int, int]](), ""
        for number, step in enumerate(taken):
            ids += self._ids(step.prompt.removeprefix(before))
            said = self._ids(step.expected)
            targets |= {len(ids) - 1 + i: (number, token) for i, token in enumerate([*said, end])}
            ids += said
            before = step.prompt + step.expected
        return _Laid(ids, targets, len(taken))

    def _ids(self, text: str) -> list[int]:
        return list(self.tokenizer(text)["input_ids"])

    def _would_say(self, laid: list["_Laid"]) -> list[list[bool]]:
        width = max(len(each.ids) for each in laid)
        ids = torch.full((len(laid), width), self.tokenizer.pad_token_id)
        for row, each in enumerate(laid):
            ids[row, : len(each.ids)] = torch.tensor(each.ids)
        asked = [(row, at, *target) for row, each in enumerate(laid) for at, target in each.targets.items()]
        rows, places, _, wanted = torch.tensor(asked).T
        with torch.no_grad():
            hidden = self.model.get_decoder()(input_ids=ids).last_hidden_state[rows, places]
            same = self.model.get_output_embeddings()(hidden).argmax(-1) == wanted
        right = [[True] * each.steps for each in laid]
        for (row, _, number, _), ok in zip(asked, same.tolist(), strict=True):
            right[row][number] &= ok
        return right

    def _continue(self, prompts: list[str], limit: int) -> list[str]:
        encoded = self.tokenizer(prompts, padding=True, padding_side="left", return_tensors="pt")
        end = self.tokenizer.eos_token_id
        with torch.no_grad():
            output = self.model.generate(
                input_ids=encoded["input_ids"], attention_mask=encoded["attention_mask"], do_sample=False,
                max_new_tokens=limit, eos_token_id=end, pad_token_id=self.tokenizer.pad_token_id,
            )  # fmt: skip
        new = output[:, encoded["input_ids"].shape[1] :].tolist()
        return [self.tokenizer.decode(row[: row.index(end)] if end in row else row) for row in new]


def _alike(lengths: Sequence[int], batch: int) -> list[list[int]]:
    """Places in ``lengths``, so many at a time, those of one length together."""
    order = sorted(range(len(lengths)), key=lambda place: lengths[place])
    return [order[at : at + batch] for at in range(0, len(order), batch)]


@dataclass(frozen=True)
class _Laid:
    """A dialogue's token ids; by place the step that is said there and the token that is to come next."""

    ids: list[int]
    targets: dict[int, tuple[int, int]]
    steps: int


@dataclass(frozen=True)
class Step:
    """One thing the assistant has to say: the text up to it, and the right words."""

    prompt: str
    expected: str


def steps(given: Dialogue) -> list[Step]:
    """The assistant turns of the last question of ``given``."""
    text, spans = render(given)
    last = max(i for i, message in enumerate(given.messages) if message["role"] == "user")
    wanted = sum(message["role"] == "assistant" for message in given.messages[last:])
    return [Step(text[:start], text[start:end].removesuffix("<|im_end|>")) for start, end in spans[-wanted:]]


def held_out_dialogues(kind: Kind, count: int, library: Library | None, seed: int = 7) -> list[Dialogue]:
    """Dialogues of one question with entities, templates and prose that training does not use."""
    rng = Random(f"{seed}:{kind}")
    drawn: list[Dialogue] = []
    while len(drawn) < count:
        made = dialogue(Mix(), rng, library, held_out=True, kind=kind)
        if made.kind == kind:
            drawn.append(made)
    return drawn


def evaluate(seed: Seed, count: int, library: Library | None) -> dict[str, Any]:
    """Per kind: share of dialogues all exact, of calls exact, of final answers exact; and some misses."""
    report: dict[str, Any] = {}
    for kind in get_args(Kind):
        if kind == "prose" and library is None:
            continue
        right = _play(seed, kind, count, library)
        calls = [ok for turn in right for ok in turn[:-1]]
        report[kind] = {
            "exact": _share([all(turn) for turn in right]),
            "calls": _share(calls) if calls else None,
            "answers": _share([turn[-1] for turn in right]),
            "count": count,
        }
    kinds = list(report.values())
    report["mean"] = {"exact": round(sum(k["exact"] for k in kinds) / len(kinds), 4)}
    return report


def whole_dialogues(seed: Seed, count: int, library: Library | None) -> list[float]:
    """1.0 for each dialogue that is exact from its first call to its answer, ``count`` of each kind, always the same."""
    kinds = [kind for kind in get_args(Kind) if kind != "prose" or library is not None]
    return [float(all(turn)) for kind in kinds for turn in _play(seed, kind, count, library)]


def _play(seed: Seed, kind: Kind, count: int, library: Library | None) -> list[list[bool]]:
    return seed.would_say([steps(d) for d in held_out_dialogues(kind, count, library)])


def _share(flags: list[bool]) -> float:
    return round(sum(flags) / len(flags), 4)


def held_out_library() -> Library | None:
    try:
        return Library(read_paragraphs(), held_out=True)
    except MissingPackages:
        return None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("--count", type=int, default=100, help="dialogues of each kind")
    parser.add_argument("--adapter", type=Path, help="a LoRA adapter's folder, to see what it forgot")
    given = parser.parse_args()
    report = evaluate(Seed.load(given.model, given.adapter), given.count, held_out_library())
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
