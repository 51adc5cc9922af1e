"""What judges are worth: ``python -m tests.bench.judge``, on JudgeBench in both orders.

Judges without a model show what each bias alone would score. With WHORL_JUDGE_URL the model of
WHORL_JUDGE_MODEL judges, too. Beside them stand published numbers.
"""

import asyncio
import gzip
import json
from pathlib import Path

from whorl.flywheel.judging.base import Judge, Pair
from whorl.flywheel.judging.commands import outside_judge
from whorl.flywheel.judging.pairwise import judge_pairs, measure
from whorl.flywheel.judging.reference import AlikeJudge, FirstJudge, LongerJudge
from whorl.platform.settings import Settings, load_settings
from whorl.retrieval.embed.choose import choose_embedder

from .corpora import DATA
from .report import Row, bar, commit, show, write

# Accuracy in both orders as the paper has it (arXiv 2410.12784), and of a reward model (the data's README).
PUBLISHED = {"Claude-3.5-Sonnet": 0.64, "o1-preview": 0.7543, "Skywork-Reward-Gemma-2-27B": 0.6379}


def read_pairs(file: Path) -> list[Pair]:
    """The pairs of JudgeBench."""
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        values = [json.loads(line) for line in lines]
    return [
        Pair(v["question"], v["response_A"], v["response_B"], "first" if v["label"] == "A>B" else "second")
        for v in values
    ]


async def row_of(judge: Judge, pairs: list[Pair]) -> Row:
    """What the judge's verdicts say of it, as shares."""
    report = measure(pairs, await judge_pairs(judge, pairs))
    position, length = report["position"], report["length"]
    return {
        "judge": judge.name, "pairs": len(pairs), "accuracy": report["accuracy"]["share"],
        "accuracy_95": report["accuracy"]["interval"], "undecided": report["undecided"]["share"],
        "unreadable": report["unreadable"], "consistent": position["consistent"]["share"],
        "position_bias": position["bias"], "prefers_longer": length["prefers_longer"]["share"],
        "length_bias": length["bias"],
    }  # fmt: skip


async def rows_of(settings: Settings, pairs: list[Pair]) -> list[Row]:
    judges: list[Judge] = [FirstJudge(), LongerJudge(), AlikeJudge(choose_embedder("minilm").embed_texts)]
    rows = [await row_of(judge, pairs) for judge in judges]
    if settings.judge_url:
        async with outside_judge(settings, settings.judge_url) as judge:
            rows.append(await row_of(judge, pairs))
    return rows


def main() -> None:
    measured_at = commit()
    file = DATA / "pref-judgebench" / "judgebench.jsonl.gz"
    if not file.exists():
        print(f"Not measured: {file} is missing.")
        return
    rows = asyncio.run(rows_of(load_settings(), read_pairs(file)))
    show(rows)
    print("published:", *(f"{name} {share}" for name, share in PUBLISHED.items()))
    first, longer = rows[:2]
    write("judge", measured_at, [*rows, {"published": PUBLISHED}], [
        bar("position bias of the judge that takes the first (1 if measured rightly)", 1.0, first["position_bias"]),
        bar("length bias of the judge that takes the longer (1 if measured rightly)", 1.0, longer["length_bias"]),
    ])  # fmt: skip


if __name__ == "__main__":
    main()
