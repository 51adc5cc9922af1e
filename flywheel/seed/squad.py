"""Reading real text: does the quoted sentence hold the answer? ``python -P -m whorl.flywheel.seed.squad MODEL DATA``.

DATA is a folder with ``passages.jsonl`` and ``questions-v1.1.jsonl``. The right paragraph and
two others are split into sentences, BM25 ranks them against the question, and the best four are
shown. ``floor`` is what quoting the first one would give, ``ceiling`` any of the four.
"""

import argparse
import json
import re
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from rank_bm25 import BM25Okapi

from ...agents.prompt import REFUSAL, SYSTEM, Quoted, render_passages
from .dialogue import Dialogue, call, observation, user
from .encode import render
from .evaluate import Seed
from .tools import CALCULATOR, SEARCH

SHOWN = 4


@dataclass(frozen=True)
class Question:
    """A question, its admissible answers, and the passages shown, best first."""

    text: str
    answers: list[str]
    shown: list[Quoted]

    @property
    def prompt(self) -> str:
        messages = [
            {"role": "system", "content": SYSTEM},
            user(self.text),
            call("search", {"query": self.text}),
            observation(render_passages(self.shown)),
        ]
        return render(Dialogue("search", messages, [SEARCH, CALCULATOR]))[0] + "<|im_start|>assistant\n"


def contains(text: str, answers: list[str]) -> bool:
    return any(answer.lower() in text.lower() for answer in answers)


def split(text: str) -> list[str]:
    return [s for s in re.split(r"(?<=[.!?])\s+(?=[A-Z\"'(0-9])", text.strip()) if s]


def words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


def questions(folder: Path, count: int, seed: int = 7) -> list[Question]:
    """A fixed sample of questions with their ranked sentences."""
    passages = [json.loads(line) for line in (folder / "passages.jsonl").open(encoding="utf-8")]
    by_id = {passage["id"]: passage for passage in passages}
    rows = [json.loads(line) for line in (folder / "questions-v1.1.jsonl").open(encoding="utf-8")]
    rng = Random(seed)
    sample = []
    for row in rng.sample(rows, min(count, len(rows))):
        chosen = [by_id[row["passage_id"]], *rng.sample(passages, 2)]
        candidates = [Quoted(passage["title"], s) for passage in chosen for s in split(passage["text"])]
        scores = BM25Okapi([words(c.text) for c in candidates]).get_scores(words(row["question"]))
        best = sorted(range(len(candidates)), key=lambda i: -scores[i])[:SHOWN]
        sample.append(Question(row["question"], row["answers"], [candidates[i] for i in best]))
    return sample


def read(seed: Seed, asked: list[Question]) -> dict[str, Any]:
    replies = seed.continue_all([q.prompt for q in asked], batch=16)
    first = [contains(q.shown[0].text, q.answers) for q in asked]
    shares = {
        "contained": [contains(r, q.answers) for r, q in zip(replies, asked, strict=True)],
        "floor": first,
        "ceiling": [any(contains(p.text, q.answers) for p in q.shown) for q in asked],
        "refused": [r == REFUSAL for r in replies],
        "verbatim": [any(quote(r) in p.text for p in q.shown) for r, q in zip(replies, asked, strict=True)],
        "first": [quote(r) == q.shown[0].text for r, q in zip(replies, asked, strict=True)],
    }
    return {"count": len(asked), **{name: round(sum(v) / len(v), 4) for name, v in shares.items()}}


def quote(reply: str) -> str:
    """The reply without its citation."""
    return re.sub(r"^\[\d+\] ", "", reply)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("data", type=Path)
    parser.add_argument("--count", type=int, default=200)
    given = parser.parse_args()
    print(json.dumps(read(Seed.load(given.model), questions(given.data, given.count)), indent=2))


if __name__ == "__main__":
    main()
