"""Verifiers of form and of grounding: they check how a reply is made, and must not stand alone."""

import re
from typing import Any, NotRequired

from typing_extensions import TypedDict

from .base import Attempt, Example, Judge, Verdict, find, judged, verifier
from .numbers import NUMBER
from .text import CITATION, HEDGES, cited_in, hides, normalise, repeats, says, sentences


class Check(TypedDict):
    verifier: str
    arguments: NotRequired[dict[str, Any]]


_TOWN = {1: "The bridge of Arnby was built in 1912 by Ingrid Dahl.", 2: "Skarva has 4,100 inhabitants."}
_QUESTION = "When was the bridge of Arnby built?"
_CITED = CITATION.pattern.replace("(", "(?:", 1)
_NAME = re.compile(r"\b[A-Z][\w'-]+")


@verifier(
    "The number of words is within limits, and at least half of them differ.",
    Example(
        {"least": 3, "most": 12},
        Attempt("The bridge was built in 1912."),
        Attempt("In 1912."),
        "The bridge stands.",
    ),
    alone=False,
)
def length(least: int, most: int) -> Judge:
    def judge(attempt: Attempt) -> Verdict:
        words = normalise(says(attempt.reply)).split()
        if hides(attempt.reply) or repeats(attempt.reply):
            return Verdict(0.0, "is padded")
        return Verdict.of(least <= len(words) <= most, f"{len(words)} words")

    if not 0 < least <= most:
        raise ValueError("least must be at least 1 and at most most")
    return judge


@verifier(
    "Every sentence cites a shown passage that holds its key facts: its numbers, its names and most of its words. "
    "Whether the sentence answers the question is not checked.",
    Example(
        {},
        Attempt("The bridge of Arnby was built in 1912. [1]", _QUESTION, _TOWN),
        Attempt("The bridge of Arnby was built in 1921. [1]", _QUESTION, _TOWN),
        "The bridge of Arnby was built in 1912.",
    ),
    alone=False,
    refer=lambda reference: {},
)
def citation_grounding(share: float = 0.7) -> Judge:
    """``share`` of a sentence's words must stand in what it cites; numbers and names all must."""

    def judge(attempt: Attempt) -> Verdict:
        claims = cited_claims(attempt.reply)
        if not claims or hides(attempt.reply):
            return Verdict(0.0, "claims nothing, or hides something")
        for claim, numbers in claims:
            missing = ungrounded(claim, numbers, attempt, share)
            if missing:
                return Verdict(0.0, missing)
        return Verdict(1.0, "right")

    if not 0 < share <= 1:
        raise ValueError("share must be over 0 and at most 1")
    return judge


def cited_claims(reply: str) -> list[tuple[str, list[int]]]:
    """Each sentence with the citations before, in or after it."""
    moved = re.sub(rf"([.!?])((?:\s*{_CITED})+)(?=\s|$)", r"\2\1", reply.strip())
    claims = []
    for sentence in sentences(moved):
        text = says(sentence)
        if normalise(text):
            claims.append((text, cited_in(sentence)))
    return claims


def ungrounded(claim: str, numbers: list[int], attempt: Attempt, share: float) -> str:
    """What of a claim its citations do not hold; empty when they hold it."""
    if not numbers:
        return f"cites nothing for {claim[:60]!r}"
    if any(number not in attempt.passages for number in numbers):
        return "cites what was not shown"
    text = " ".join(attempt.passages[number] for number in numbers)
    words, known = normalise(claim).split(), set(normalise(text).split())
    facts = [*NUMBER.findall(claim), *_NAME.findall(claim)[:50]]
    strange = [fact for fact in facts if any(w not in known for w in normalise(fact).split())]
    # The first word of a sentence is written large without being a name.
    strange = [fact for fact in strange if not (claim.startswith(fact) and fact.isalpha())]
    if strange:
        return f"the passage does not hold {strange[0]!r}"
    if HEDGES.search(claim) and not HEDGES.search(text):
        return "takes back what the passage says"
    held = sum(word in known for word in words)
    return "" if held >= share * len(words) else f"most of {claim[:60]!r} is not in the passage"


@verifier(
    "Every one of several verifiers pays; at least one of them may stand alone.",
    Example(
        {"checks": [
            {"verifier": "answer_in_reply", "arguments": {"answers": ["1912"]}},
            {"verifier": "citation_grounding", "arguments": {}},
        ]},
        Attempt("The bridge of Arnby was built in 1912. [1]", _QUESTION, _TOWN),
        Attempt("Skarva has 4,100 inhabitants. [2]", _QUESTION, _TOWN),
        "1912", ("1912", "4,100"),
    ),
)  # fmt: skip
def all_of(checks: list[Check]) -> Judge:
    parts = [find(check["verifier"]) for check in checks]
    if not any(part.alone for part in parts):
        raise ValueError("none of these verifiers may stand alone")
    judges = [part.judge(check.get("arguments", {})) for part, check in zip(parts, checks, strict=True)]

    def judge(attempt: Attempt) -> Verdict:
        for one in judges:
            verdict = judged(one, attempt)
            if not verdict.score:
                return verdict
        return Verdict(1.0, "right")

    return judge
