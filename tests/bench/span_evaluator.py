"""Score findings as presidio-evaluator's SpanEvaluator does, in that package's own environment.

``of`` is called from a benchmark; run as a program, this file reads texts as JSON from standard input
and prints the scores. All kinds count as one; spans with only skip words and punctuation between them
are joined, and a span counts where intersection over union in characters, without skip words, is at least 0.9.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

PACKAGE = "presidio-evaluator==0.3.2"


class Labelled(NamedTuple):
    """A text, the spans that are there and those that were found: (start, end) in characters."""

    text: str
    there: list[tuple[int, int]]
    found: list[tuple[int, int]]


class SpanScores(NamedTuple):
    """Recall, precision and F2, each between 0 and 1."""

    recall: float
    precision: float
    f2: float


def of(texts: list[Labelled]) -> SpanScores:
    """Scores over all texts. The package is installed the first time."""
    from .processes import environment

    python = environment("presidio-evaluator", PACKAGE) / "python"
    done = subprocess.run(
        [python, "-P", Path(__file__)],
        input=json.dumps(texts), capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"{PACKAGE} failed:\n{done.stderr[-2000:]}")
    return SpanScores(*json.loads(done.stdout.splitlines()[-1]))


def _rows(texts: list[Labelled]) -> Iterator[tuple[int, str, int, str, str]]:
    """A row for each token of spaCy's: text number, token, its start, and whether it is there and found."""
    import spacy

    tokens = spacy.blank("en")
    for number, text in enumerate(texts):
        for token in tokens(text.text):
            start, end = token.idx, token.idx + len(token.text)
            there, found = (
                "PII" if any(a < end and start < b for a, b in spans) else "O"
                for spans in (text.there, text.found)
            )
            yield number, token.text, start, there, found


def main() -> None:
    import pandas
    from presidio_evaluator.evaluation import SpanEvaluator

    texts = [Labelled(*each) for each in json.load(sys.stdin)]
    columns = ["sentence_id", "token", "start_indices", "annotation", "prediction"]
    frame = pandas.DataFrame(_rows(texts), columns=columns)
    scored = SpanEvaluator().calculate_score_on_df(frame, beta=2, level="pii")
    print(json.dumps([scored.pii_recall, scored.pii_precision, scored.pii_f]))


if __name__ == "__main__":
    main()
