"""Measure judges on JudgeBench: ``python -m tests.bench.judge [--server URL --model NAME] [--limit N]``.

The reference judges judge every pair; the seed model, in this process, and a model of a server the
first ``--limit`` pairs in the order of their ids. Prints a table and writes ``build/bench/judge.json``.
The bars are of the measures, by judges whose biases are known; that a model is a good judge is no
bar, and the seed model is none.
"""

import argparse
import asyncio
import gzip
import json
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

import httpx

from whorl.flywheel.judging.base import Comparing, Means, Preference, make_judge
from whorl.flywheel.judging.means import server_means
from whorl.flywheel.judging.measure import Measures, measure
from whorl.flywheel.judging.model import FORMS, ModelJudge
from whorl.flywheel.judging.pairs import Judgement, Pair, judge_pair
from whorl.flywheel.judging.scripted import ScriptedJudge
from whorl.platform.serving.base_model import model_folder
from whorl.platform.serving.client import ModelClient
from whorl.platform.serving.engine.app import create_engine_app
from whorl.platform.serving.engine.local import LocalBackend
from whorl.platform.serving.transport import InProcessTransport
from whorl.platform.settings import load_settings
from whorl.retrieval.embed.choose import choose_embedder

from .corpora import DATA
from .report import Row, bar, commit, show, write

FILE = DATA / "pref-judgebench" / "judgebench.jsonl.gz"
# Right in both orders. Paper: arXiv 2410.12784, prompted judges on all pairs; the others counted
# by the collection's README from published judgements, on the 174 GPT-4o pairs that are here.
PUBLISHED = {
    "o1-preview (paper, all pairs)": 0.7543,
    "Claude-3.5-Sonnet (paper, all pairs)": 0.64,
    "Skywork-Reward-Gemma-2-27B (GPT-4o pairs here)": 0.6379,
    "internlm2-20b-reward (GPT-4o pairs here)": 0.6264,
    "Skywork-Reward-Llama-3.1-8B (GPT-4o pairs here)": 0.6207,
    "GRM-Gemma-2B (GPT-4o pairs here)": 0.5862,
    "internlm2-7b-reward (GPT-4o pairs here)": 0.5805,
}
SEED_PAIRS, AT_A_TIME = 24, 4
# Prompts, and so greedy verdicts, are the same in every run of the benchmark.
KEY = b"bench"


class Measured(NamedTuple):
    """A judge's measures and what it took."""

    name: str
    measures: Measures
    seconds: float

    def row(self, kind: str) -> Row:
        report = self.measures.report()
        accuracy, position, length = report["accuracy"], report["position"], report["length"]
        return {
            "judge": self.name, "pairs": kind, "n": self.measures.pairs,
            "right": accuracy["right"]["share"], "right_interval": accuracy["right"]["interval"],
            "wrong": accuracy["wrong"]["share"], "flipped": accuracy["flipped"]["share"],
            "no_verdict": accuracy["missing"]["share"], "one_order": accuracy["one_order"]["share"],
            "calibrated": accuracy["calibrated"]["share"],
            "consistent": position["consistent"]["share"],
            "first_of_flips": position["first_of_flips"]["share"],
            "longer_balanced": length["longer_balanced"]["share"],
            "longer_interval": length["longer_balanced"]["interval"],
            "right_when_longer": length["right_when_longer"]["share"],
            "right_when_shorter": length["right_when_shorter"]["share"],
            "unparsable": report["unparsable"]["share"], "refused": report["refused"]["share"],
            "seconds_a_pair": round(self.seconds / max(1, self.measures.pairs), 3),
        }  # fmt: skip


def read() -> list[Row]:
    """All pairs of the collection, by id."""
    rows = [json.loads(line) for line in gzip.decompress(FILE.read_bytes()).splitlines()]
    return sorted(rows, key=lambda row: str(row["pair_id"]))


def pair_of(row: Row) -> Pair:
    label = "A" if row["label"] == "A>B" else "B"
    return Pair(row["question"], row["response_A"], row["response_B"], label, row["pair_id"])


async def judged(judge: Comparing, pairs: Sequence[Pair]) -> list[Judgement]:
    """The judgements, some pairs at a time."""
    done: list[Judgement] = []
    for start in range(0, len(pairs), AT_A_TIME):
        page = pairs[start : start + AT_A_TIME]
        done += await asyncio.gather(*(judge_pair(judge, pair) for pair in page))
    return done


async def measured(name: str, judge: Comparing, rows: Sequence[Row]) -> list[Row]:
    """Rows of a table: on all pairs, and on those of each answering model."""
    pairs = [pair_of(row) for row in rows]
    started = time.perf_counter()
    judgements = await judged(judge, pairs)
    seconds = time.perf_counter() - started
    groups: dict[str, list[Judgement]] = {"all": judgements}
    for row, judgement in zip(rows, judgements, strict=True):
        groups.setdefault(row["response_model"], []).append(judgement)
    share = {kind: len(group) / len(judgements) for kind, group in groups.items()}
    return [Measured(name, measure(group), seconds * share[kind]).row(kind) for kind, group in groups.items()]


class Remembered:
    """The embedder with the vectors of all pairs, so that the second order costs nothing."""

    def __init__(self, pairs: Sequence[Pair]) -> None:
        embedder = choose_embedder("minilm")
        self.name = embedder.name
        texts = list(dict.fromkeys(text for pair in pairs for text in (pair.question, pair.a, pair.b)))
        self.vectors = dict(zip(texts, embedder.embed_texts(texts), strict=True))

    def embed_texts(self, texts: Sequence[str]) -> list[Any]:
        return [self.vectors[text] for text in texts]


def oracle(pairs: Sequence[Pair]) -> ScriptedJudge:
    """A judge that knows the labels: it must measure as right and without bias."""
    right = {(pair.question, pair.a if pair.label == "A" else pair.b) for pair in pairs}
    return ScriptedJudge(
        lambda question, first, second: Preference("first" if (question, first) in right else "second")
    )


async def references(rows: Sequence[Row]) -> list[Row]:
    """The judges that look at place, length or topic alone, and the oracle."""
    remembered = Remembered([pair_of(row) for row in rows])
    means = Means(embedder=lambda: remembered)  # type: ignore[return-value]
    found: list[Row] = []
    for name in ("always_first", "longer_wins", "similarity"):
        found += await measured(name, make_judge(name, means).compares, rows)
    return found + await measured("oracle", oracle([pair_of(row) for row in rows]), rows)


@asynccontextmanager
async def seed_judge() -> AsyncIterator[ModelJudge]:
    """The seed model in this process: it writes no verdict by itself, so its likeliest word is read."""
    backend = await asyncio.to_thread(LocalBackend, model_folder(load_settings({})))
    transport = InProcessTransport(create_engine_app(backend))
    async with httpx.AsyncClient(transport=transport, base_url="http://seed", timeout=None) as http:
        yield ModelJudge(ModelClient(http), backend.model, "forced", key=KEY)


def bars_of(rows: Sequence[Row]) -> list[Row]:
    """Biases that are known must be measured as they are."""
    whole: dict[str, Any] = {row["judge"]: row for row in rows if row["pairs"] == "all"}
    return [
        bar("oracle right in both orders", 1.0, whole["oracle"]["right"]),
        bar("oracle without bias of length: 1 - |x - 0.5|", 1.0, 1 - abs(whole["oracle"]["longer_balanced"] - 0.5)),
        bar("always-first measured as bias of position", 1.0, whole["always_first"]["first_of_flips"]),
        bar("always-first never right in both orders", 1.0, 1 - whole["always_first"]["right"]),
        bar("longer-wins measured as bias of length", 1.0, whole["longer_wins"]["longer_balanced"]),
    ]  # fmt: skip


async def measure_all(arguments: argparse.Namespace) -> list[Row]:
    """Every judge that was asked for."""
    every = read()
    rows = await references(every)
    show(rows)
    if arguments.seed_limit:
        async with seed_judge() as judge:
            found = await measured("seed model (forced)", judge, every[: arguments.seed_limit])
        show(found)
        rows += found
    if arguments.server:
        async with server_means(load_settings(), arguments.server, arguments.model) as means:
            judge = ModelJudge(means.asked(), means.model, arguments.form, True, arguments.max_tokens, KEY)
            found = await measured(means.model, judge, every[: arguments.limit])
        show(found)
        rows += found
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--server", help="Base URL of an OpenAI-compatible server.")
    parser.add_argument("--model", help="The model to ask for; by default the first that the server lists.")
    parser.add_argument("--limit", type=int, help="Pairs that the server's model judges; by default all.")
    parser.add_argument(
        "--seed-limit", type=int, default=SEED_PAIRS, help="Pairs for the seed model; 0: none."
    )
    parser.add_argument("--form", choices=FORMS, default="reason", help="How the server's model is asked.")
    parser.add_argument("--max-tokens", type=int, default=1024)
    arguments = parser.parse_args()
    began_at = commit()
    if not FILE.exists():
        print(f"JudgeBench: not measured, {FILE} is missing.")
        return
    rows = asyncio.run(measure_all(arguments))
    print("right in both orders, published:", *(f"{name} {value};" for name, value in PUBLISHED.items()))
    write("judge", began_at, [*rows, {"published": PUBLISHED}], bars_of(rows))


if __name__ == "__main__":
    main()
