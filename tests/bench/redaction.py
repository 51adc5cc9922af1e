"""Measure redaction on labelled sets: ``python -m tests.bench.redaction``.

Prints a table, writes ``build/bench/redaction.json`` and, for the administrator, the package's
``measured.json``. Two ways of scoring, both without regard to the kind (a place hidden as a name
is hidden), F2 weighing recall twice, as presidio-research does:

- by word: of the words of values, how many are hidden (recall), and of the words that are hidden,
  how many belong to a value (precision);
- by span: by presidio-evaluator's SpanEvaluator itself (``span_evaluator``), as the published numbers are.

Speed is characters by second of processor time in one process on one thread: the best of five
passes over the texts, for Whorl and for a plain Presidio (``presidio_peer``) in turn. Whorl's
memory of paragraphs is off; what it knows of single words is kept, as a server does that runs for
long. The first pass, when the words are new too, is reported beside it.

``--messages FOLDER`` also counts how many words of innocent texts in other languages are hidden: translated messages of
programs that the recognizer was not trained on, such as the unpacked packages djangorestframework and django-allauth.

``--records`` also counts in how many values of what AWS's operations answer (the examples of botocore) a name is hidden,
where hardly any is: ids, resources, states.
"""

import argparse
import gzip
import json
import random
import re
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from threadpoolctl import threadpool_limits

from whorl.flywheel.recognizer.tongues import read_tongues
from whorl.platform.telemetry.redaction.base import Finding, resolve
from whorl.platform.telemetry.redaction.measured import MEASURED, KindMeasured, Measured, SetMeasured
from whorl.platform.telemetry.redaction.names import NameDetector
from whorl.platform.telemetry.redaction.patterns import PatternDetector
from whorl.platform.telemetry.redaction.policy import RedactionPolicy
from whorl.platform.telemetry.redaction.redactor import Redactor
from whorl.platform.telemetry.redaction.walk import texts_of

from . import presidio_peer, span_evaluator
from .agents import cases
from .corpora import DATA
from .report import Row, bar, commit, show, write
from .span_evaluator import Labelled, SpanScores

SAMPLE = 1000
PASSES = 7
WORD = re.compile(r"\w+")
LETTERS = re.compile(r"[^\W\d_]+")
# Names of programs and companies, which messages of programs have.
BRANDS = re.compile(r"Django|OAuth|OpenID|Google|Apple|Facebook")
NAMES = {"PERSON", "LOCATION", "ORGANIZATION"}
# The sets' labels that are not claimed to be hidden; words that only they cover count for nothing.
NOT_CLAIMED = {"TERM", "TITLE", "PREFIX", "MISC", "GROUP", "PRODUCT", "CREATIVE_WORK"}
# The SEC set labels the parties of loan agreements as persons; their names as terms are nobody's.
TERMS = {"borrower", "lender"}
SETS = (
    "pii-presidio-research/generated_large_subset.jsonl",
    "pii-ner-real-text/sec-filings-train.jsonl",
    "pii-ner-real-text/wnut17-dev.jsonl",
    "pii-ner-real-text/broad-twitter-abegh.jsonl.gz",
)
Text = dict[str, Any]
Find = Callable[[list[str]], list[list[Finding]]]


class Scores(NamedTuple):
    """Recall, precision and F2, each between 0 and 1."""

    recall: float
    precision: float
    f2: float


def read(path: Path) -> list[Text]:
    """Up to SAMPLE texts, the same in every run."""
    raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    rows = [json.loads(line) for line in raw.splitlines()]
    for span in (span for row in rows for span in row["spans"]):
        if span["entity_value"].lower() in TERMS:
            span["entity_type"] = "TERM"
    return random.Random(0).sample(rows, min(SAMPLE, len(rows)))


def scores(found: float, there: float, right: float, hidden: float) -> Scores:
    recall, precision = found / max(there, 1), right / max(hidden, 1)
    return Scores(recall, precision, 5 * precision * recall / max(4 * precision + recall, 1e-9))


def by_word(texts: list[Text], found: list[list[Finding]]) -> tuple[Scores, tuple[KindMeasured, ...]]:
    """Scores over the words, and the recall of each kind."""
    hit: Counter[str] = Counter()
    there: Counter[str] = Counter()
    hidden_words = right_words = 0
    for text, findings in zip(texts, found, strict=True):
        for word in WORD.finditer(text["full_text"]):
            kinds = {
                s["entity_type"] for s in text["spans"] if _over(word, s["start_position"], s["end_position"])
            }
            hidden = any(_over(word, f.start, f.end) for f in findings)
            there.update(kinds)
            hit.update(kinds if hidden else ())
            if hidden and not (kinds and kinds <= NOT_CLAIMED):
                hidden_words += 1
                right_words += bool(kinds - NOT_CLAIMED)
    claimed = sorted(kind for kind in there if kind not in NOT_CLAIMED)
    whole = scores(sum(hit[k] for k in claimed), sum(there[k] for k in claimed), right_words, hidden_words)
    return whole, tuple(
        KindMeasured(kind=k, words=there[k], recall=round(hit[k] / there[k], 3)) for k in claimed
    )


def by_span(texts: list[Text], found: list[list[Finding]]) -> SpanScores:
    """Scores over spans, of the labels that are claimed."""
    return span_evaluator.of(
        [
            Labelled(
                text["full_text"],
                [
                    (s["start_position"], s["end_position"])
                    for s in text["spans"]
                    if s["entity_type"] not in NOT_CLAIMED
                ],
                [(finding.start, finding.end) for finding in findings],
            )
            for text, findings in zip(texts, found, strict=True)
        ]
    )


def _over(word: re.Match[str], start: int, end: int) -> bool:
    return word.start() < end and start < word.end()


class Timed(NamedTuple):
    """What was found, and seconds of processor time of each pass, on one thread."""

    found: list[list[Finding]]
    seconds: list[float]


def timed(finds: list[Find], texts: list[str]) -> list[Timed]:
    """Each of ``finds`` over the texts; pass by pass one after the other, for a machine is not equally fast at all times."""
    done = [Timed([], []) for _ in finds]
    with threadpool_limits(1):
        for _ in range(PASSES):
            for each, find in zip(done, finds, strict=True):
                started = time.process_time()
                found = find(texts)
                each.seconds.append(time.process_time() - started)
                each.found[:] = found
    return done


def ours() -> tuple[Find, str]:
    """Whorl's redactor under the default policy: what it hides; and its rules' version."""
    redactor, policy = Redactor([PatternDetector(), NameDetector(recent=0)]), RedactionPolicy()

    def find(texts: list[str]) -> list[list[Finding]]:
        return [
            [finding for finding in findings if policy.operator(finding.kind) != "keep"]
            for findings in redactor.find(texts, policy)
        ]

    return find, redactor.rules


def peer() -> Find:
    """The plain Presidio analyzer."""
    analyzer = presidio_peer.plain_analyzer()
    return lambda texts: presidio_peer.find(analyzer, texts)


def measure(name: str, texts: list[Text], timed: Timed) -> tuple[Row, SetMeasured]:
    """The row of a set and what the administrator is shown of it."""
    plain = [text["full_text"] for text in texts]
    found, seconds = timed
    if name.startswith("pii-ner"):
        found = [[finding for finding in findings if finding.kind in NAMES] for findings in found]
    found = [resolve(findings, text) for findings, text in zip(found, plain, strict=True)]
    words, kinds = by_word(texts, found)
    rounded = Scores(*(round(value, 3) for value in words))
    row: Row = {"set": name, "texts": len(texts), **rounded._asdict()}
    row |= {f"span_{key}": round(value, 3) for key, value in by_span(texts, found)._asdict().items()}
    row["characters_a_second"] = round(sum(map(len, plain)) / min(seconds))
    row["in_the_first_pass"] = round(sum(map(len, plain)) / seconds[0])
    return row, SetMeasured(name=name, texts=len(texts), kinds=kinds, **rounded._asdict())


def innocent(folder: Path, find: Find) -> list[Row]:
    """Of the words of innocent texts in each language, how many are hidden as names."""
    rows = []
    for language, messages in read_tongues(folder).messages.items():
        texts = [text for text in messages if not BRANDS.search(text)]
        words = hidden = 0
        for text, findings in zip(texts, find(texts), strict=True):
            names = [finding for finding in findings if finding.kind in NAMES]
            for word in LETTERS.finditer(text):
                words += 1
                hidden += any(_over(word, finding.start, finding.end) for finding in names)
        if words:
            rows.append(
                {
                    "language": language,
                    "texts": len(texts),
                    "words": words,
                    "hidden": round(hidden / words, 4),
                }
            )
    return rows


def records(find: Find) -> Row:
    """Of the texts in what AWS's operations answer, the share in which something is taken for a name."""
    values = [
        text
        for case in cases()
        if case["set"] == "aws"
        for text in texts_of(json.loads(case["text"]))
        if text
    ]
    named = sum(any(finding.kind in NAMES for finding in findings) for findings in find(values))
    return {"set": "answers of AWS", "texts": len(values), "with_a_name": round(named / len(values), 4)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--messages", type=Path, help="folder with locale/LANGUAGE/LC_MESSAGES/*.mo of other programs"
    )
    parser.add_argument("--records", action="store_true", help="also what AWS's operations answer")
    given = parser.parse_args()
    began_at = commit()
    find, rules = ours()
    plain_find = peer()
    for each in (find, plain_find):
        each(["Mr. Otto Bell of Leeds called 020 7946 0958 about bell@leeds.example."])
    rows: list[Row] = []
    sets: list[SetMeasured] = []
    for path in (DATA / each for each in SETS):
        if not path.exists():
            print(f"{path.name}: not measured, it is missing.")
            continue
        name, texts = f"{path.parent.name}/{path.name.split('.')[0]}", read(path)
        beside = [plain_find] if "presidio" in name else []
        own, *others_timed = timed([find, *beside], [text["full_text"] for text in texts])
        row, shown = measure(name, texts, own)
        sets.append(shown)
        show([row, *({"set": name, **kind.model_dump()} for kind in shown.kinds)])
        rows += [row, *({"set": name, **kind.model_dump()} for kind in shown.kinds)]
        for theirs in others_timed:
            peer_row = measure(name, texts, theirs)[0]
            slower = [there / here for here, there in zip(own.seconds, theirs.seconds, strict=True)]
            peer_row |= {
                "by": presidio_peer.NAME,
                "times_slower": round(median(slower), 1),
                "times_slower_by_pass": [round(each, 1) for each in slower],
            }
            show([peer_row])
            rows.append(peer_row)
    if given.messages:
        others = innocent(given.messages, find)
        show(others)
        rows += others
    if given.records:
        rows.append(records(find))
        show(rows[-1:])
    today = datetime.now(UTC).date().isoformat()
    MEASURED.write_text(
        Measured(date=today, rules=rules, sets=tuple(sets)).model_dump_json(indent=1) + "\n", encoding="utf-8"
    )
    bars = [
        # Published on a newer generation of the set: default Presidio 0.618, customised 0.845.
        *(bar("pii-presidio-research F2 by span", 0.9, row["span_f2"]) for row in rows[:1]),
        *(bar("pii-presidio-research F2 by word", 0.9, row["f2"]) for row in rows[:1]),
        *(bar("times the speed of plain Presidio", 10, row["times_slower"]) for row in rows if "by" in row),
    ]
    write("redaction", began_at, rows, bars)


if __name__ == "__main__":
    main()
