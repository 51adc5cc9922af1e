"""Measure redaction on the development corpora: ``python -m tests.bench.redaction``.

Prints a table and writes ``build/bench/redaction.json``. By word: of the words of a value, how
many are hidden (recall), and of the words that are hidden, how many belong to a value
(precision); F2 weighs recall twice, as presidio-research does. The kinds may differ: a place
hidden as a name is hidden.
"""

import gzip
import json
import random
import re
import time
from collections import Counter
from pathlib import Path
from typing import Any

from whorl.platform.telemetry.redaction.base import Finding, resolve
from whorl.platform.telemetry.redaction.names import NameDetector
from whorl.platform.telemetry.redaction.patterns import PatternDetector

from .corpora import DATA
from .report import Row, bar, commit, show, write

SAMPLE = 1000
WORD = re.compile(r"\w+")
NAMES = {"PERSON", "LOCATION", "ORGANIZATION"}
# The sets' labels that are not claimed to be hidden; words that only they cover count for nothing.
NOT_CLAIMED = {"DATE_TIME", "TITLE", "PREFIX", "MISC", "GROUP", "PRODUCT", "CREATIVE_WORK"}
SETS = (
    "pii-presidio-research/generated_large_subset.jsonl",
    "pii-ner-real-text/sec-filings-train.jsonl",
    "pii-ner-real-text/wnut17-dev.jsonl",
    "pii-ner-real-text/broad-twitter-abegh.jsonl.gz",
)
Text = dict[str, Any]


def read(path: Path) -> list[Text]:
    """Up to SAMPLE texts, the same in every run."""
    raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    rows = [json.loads(line) for line in raw.splitlines()]
    return random.Random(0).sample(rows, min(SAMPLE, len(rows)))


def measure(name: str, texts: list[Text], found: list[list[Finding]]) -> list[Row]:
    """A row for each kind with its recall, and one for all with precision and F2."""
    hit: Counter[str] = Counter()
    there: Counter[str] = Counter()
    hidden_words = right_words = 0
    real_text = name.startswith("pii-ner")
    for text, findings in zip(texts, found, strict=True):
        kept = [f for f in findings if f.kind in NAMES] if real_text else findings
        for word in WORD.finditer(text["full_text"]):
            kinds = {
                s["entity_type"] for s in text["spans"] if _over(word, s["start_position"], s["end_position"])
            }
            hidden = any(_over(word, f.start, f.end) for f in kept)
            there.update(kinds)
            hit.update(kinds if hidden else ())
            if hidden and not (kinds and kinds <= NOT_CLAIMED):
                hidden_words += 1
                right_words += bool(kinds - NOT_CLAIMED)
    claimed = {kind: count for kind, count in there.items() if kind not in NOT_CLAIMED}
    recall = sum(hit[kind] for kind in claimed) / sum(claimed.values())
    precision = right_words / hidden_words
    f2 = 5 * precision * recall / (4 * precision + recall)
    rows = [
        {"set": name, "kind": kind, "words": claimed[kind], "recall": round(hit[kind] / claimed[kind], 3)}
        for kind in sorted(claimed)
    ]
    whole = {"recall": round(recall, 3), "precision": round(precision, 3), "f2": round(f2, 3)}
    return [*rows, {"set": name, "kind": "all", "words": sum(claimed.values()), **whole}]


def _over(word: re.Match[str], start: int, end: int) -> bool:
    return word.start() < end and start < word.end()


def main() -> None:
    began_at = commit()
    detectors = [PatternDetector(), NameDetector()]
    rows: list[Row] = []
    for each in SETS:
        path = DATA / each
        if not path.exists():
            print(f"{each}: not measured, {path} is missing.")
            continue
        texts = read(path)
        plain = [text["full_text"] for text in texts]
        started = time.perf_counter()
        findings = [detector.find(plain) for detector in detectors]
        found = [resolve(f for one in each_text for f in one) for each_text in zip(*findings, strict=True)]
        seconds = time.perf_counter() - started
        measured = measure(each.split("/")[0] + "/" + path.name.split(".")[0], texts, found)
        measured[-1]["characters_a_second"] = round(sum(map(len, plain)) / seconds)
        show(measured)
        rows += measured
    synthetic = [row["f2"] for row in rows if row["kind"] == "all" and "presidio" in row["set"]]
    # Published on a newer generation of the set: default Presidio 0.618, customised 0.845.
    write("redaction", began_at, rows, [bar("pii-presidio-research F2", 0.845, f2) for f2 in synthetic])


if __name__ == "__main__":
    main()
