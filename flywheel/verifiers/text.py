"""Verifiers of what a reply says: text, choices, patterns, JSON."""

import json
import re
import string
from collections.abc import Iterable
from typing import Any

import jsonschema
from referencing import Registry, Resource, Specification
from referencing.exceptions import Unresolvable
from referencing.jsonschema import specification_with

from ...agents.prompt import REFUSAL
from ...platform.schemas import closed
from .base import Attempt, Example, Judge, Verdict, verifier
from .references import any_of, parsed, said
from .values import holds

MAX_WORDS = 80
# "[1]", or "[1, 2]".
CITATION = re.compile(r"\[(\d{1,3}(?:\s*[,;]\s*\d{1,3})*)\]")
_ARTICLES = re.compile(r"\b(a|an|the)\b")
_PUNCTUATION = str.maketrans("", "", string.punctuation)
_SENTENCE = re.compile(r"(?<=[.!?])\s+")
# Words that take back, or leave open, what a sentence says.
HEDGES = re.compile(
    r"\b(or|either|neither|nor|not|never|unless|except|maybe|perhaps|possibly|wrong|incorrect|false|untrue)\b",
    re.I,
)
# Words with which a reply may bind what it quotes.
_BINDING = frozenset(
    "is was are were it its has have had of in on at for to by and that this they he she".split()
)
# Mark-up in which a reply hides what its reader is not shown.
_HIDDEN = re.compile(r"<!--|</?[a-z_]+>|[\u200b-\u200f\u2060-\u2064\ufeff]", re.I)


def normalise(text: str) -> str:
    """Lower case, no punctuation, no articles, single spaces: SQuAD's answer normalisation.

    Rajpurkar et al. 2016, arXiv 1606.05250, official evaluation script.
    """
    return " ".join(_ARTICLES.sub(" ", text.lower().translate(_PUNCTUATION)).split())


def contains(reply: str, answers: Iterable[str]) -> bool:
    """Whether one of the answers stands in the reply as whole words, after normalisation."""
    padded = f" {normalise(CITATION.sub(' ', reply))} "
    return any(f" {normalise(answer)} " in padded for answer in answers if normalise(answer))


def cited_in(text: str) -> list[int]:
    """The numbers of the passages that a text cites.

    >>> cited_in("It was so [1, 2], and stayed so. [4][7]")
    [1, 2, 4, 7]
    """
    return [int(number) for group in CITATION.findall(text) for number in re.findall(r"\d+", group)]


def says(reply: str) -> str:
    """The reply without its citations."""
    return CITATION.sub(" ", reply).strip()


def sentences(text: str) -> list[str]:
    return [part for part in _SENTENCE.split(text.strip()) if part]


def hides(reply: str) -> bool:
    """Whether there is mark-up, or a character without width, in which something may be hidden."""
    return bool(_HIDDEN.search(reply))


def repeats(reply: str) -> bool:
    """Whether most words of the reply were said before."""
    words = normalise(says(reply)).split()
    return len(words) > 4 and len(set(words)) * 2 < len(words)


_HALDEN = "What is the capital of Halden?"
_TOWN = {1: "The capital of Halden is Arnby.", 2: "Skarva is the largest town of Halden."}


@verifier(
    "The reply is the answer, to the letter; white space around it does not count.",
    Example(
        {"answer": "Arnby"},
        Attempt("Arnby", _HALDEN),
        Attempt("Skarva", _HALDEN),
        "Arnby",
        ("Arnby", "Skarva"),
    ),
    refer=lambda reference: {"answer": said(reference)},
)
def exact(answer: str) -> Judge:
    return lambda attempt: Verdict.of(attempt.reply.strip() == answer.strip(), f"not {answer!r}")


@verifier(
    "The reply, citations aside, is one of the answers after SQuAD's normalisation, and nothing else.",
    Example(
        {"answers": ["Arnby"]}, Attempt("The Arnby. [1]", _HALDEN), Attempt("Skarva", _HALDEN), "Arnby",
        ("Arnby", "Skarva"),
    ),
    refer=lambda reference: {"answers": any_of(reference)},
)  # fmt: skip
def normalised(answers: list[str]) -> Judge:
    wanted = {normalise(answer) for answer in answers} - {""}

    def judge(attempt: Attempt) -> Verdict:
        # A list such as "[1, 2]" may be an answer, too.
        said = {normalise(says(attempt.reply)), normalise(attempt.reply)}
        return Verdict.of(bool(said & wanted) and attempt.reply.isascii(), "none of the answers")

    if not wanted:
        raise ValueError("no answer has a word")
    if any(not answer.isascii() for answer in answers):
        return lambda attempt: Verdict.of(normalise(says(attempt.reply)) in wanted, "none of the answers")
    return judge


@verifier(
    "A short reply that holds one of the answers as whole words, cites passages that hold it, and says nothing with "
    "words of its own. Without passages: one that holds an answer, cites, and takes nothing back.",
    Example(
        {"answers": ["Arnby"]},
        Attempt("[1] The capital of Halden is Arnby.", _HALDEN, _TOWN),
        Attempt("[2] Skarva is the largest town of Halden.", _HALDEN, _TOWN),
        "Arnby",
        ("Arnby", "Skarva"),
    ),
    refer=lambda reference: {"answers": any_of(reference)},
)
def answer_in_reply(answers: list[str], cited: bool = True) -> Judge:
    def judge(attempt: Attempt) -> Verdict:
        reply = attempt.reply
        if len(reply.split()) > MAX_WORDS:
            return Verdict(0.0, f"more than {MAX_WORDS} words")
        if not contains(reply, answers):
            return Verdict(0.0, "holds none of the answers")
        if hides(reply):
            return Verdict(0.0, "hides something in mark-up")
        if repeats(reply):
            return Verdict(0.0, "repeats itself")
        numbers = set(cited_in(reply))
        if cited and not numbers:
            return Verdict(0.0, "cites nothing")
        if not attempt.passages:
            return Verdict.of(not HEDGES.search(says(reply)), "takes back what it says")
        if any(number not in attempt.passages for number in numbers):
            return Verdict(0.0, "cites what was not shown")
        cites = [attempt.passages[number] for number in sorted(numbers)] or list(attempt.passages.values())
        held = [text for text in cites if contains(text, answers)]
        if not held or (numbers and len(held) < len(cites)):
            return Verdict(0.0, "cites a passage that does not hold the answer")
        return _only_says(says(reply), [*held, attempt.question])

    if not any(normalise(answer) for answer in answers):
        raise ValueError("no answer has a word")
    return judge


def _only_says(reply: str, sources: list[str]) -> Verdict:
    """Whether the reply says nothing with words that its sources do not have."""
    known = set(normalise(" ".join(sources)).split()) | _BINDING
    strange = [word for word in normalise(reply).split() if word not in known]
    return Verdict.of(not strange, f"says what the passage does not: {' '.join(strange[:5])}")


@verifier(
    "The whole reply matches a regular expression of ASCII characters.",
    Example(
        {"pattern": r"HAL-\d{4}"},
        Attempt("HAL-2041"),
        Attempt("HAL-20"),
        "HAL-2041",
        ("HAL-2041", "HAL-2042"),
    ),
    refer=lambda reference: {"pattern": said(reference)},
)
def regex(pattern: str) -> Judge:
    compiled = re.compile(pattern, re.ASCII)
    if compiled.fullmatch("") or compiled.fullmatch("unrelated words 17"):
        raise ValueError("the pattern matches anything")

    def judge(attempt: Attempt) -> Verdict:
        reply = attempt.reply.strip()
        return Verdict.of(len(reply) <= 2000 and bool(compiled.fullmatch(reply)), "does not match")

    return judge


_JSON_BLOCK = re.compile(
    r"(?P<before>[^`{\[]*)```[ \t]*(?:json)?[ \t]*\r?\n(?P<value>.*?)\s*```(?P<after>[^`{\[]*)", re.S | re.I
)
_UNSAID: Any = object()
_ANYTHING: tuple[Any, ...] = (None, True, 17, "words", [], [17], {}, {"words": 17})
_ORDER = {"type": "object", "properties": {"city": {"type": "string"}, "seats": {"type": "integer"}}}


@verifier(
    "The reply is one JSON value, by itself or in a single block, without doubled keys, that satisfies the schema and holds "
    "the expected values, where these are given.",
    Example(
        {"schema": {**_ORDER, "required": ["city", "seats"]}, "expected": {"city": "Arnby", "seats": 3}},
        Attempt('{"city": "Arnby", "seats": 3}'),
        Attempt('{"city": "Arnby", "seats": 4}'),
        '{"city": "Arnby", "seats": 3}',
        ('{"city": "Arnby", "seats": 3}', '{"city": "Arnby", "seats": 4}'),
    ),
    refer=lambda reference: {"schema": {}, "expected": parsed(reference)},
)
def json_value(schema: dict[str, Any] | None = None, expected: Any = _UNSAID) -> Judge:
    """``schema`` or ``expected`` or both; objects may have more than is expected, and 1.0 is 1."""
    try:
        validator = _validator(schema or {})
    except jsonschema.SchemaError as error:
        raise ValueError(f"the schema is none: {error.message}") from error
    except Unresolvable as error:
        raise ValueError(f"the schema refers to {error.ref!r}, which it does not have") from error
    except RecursionError as error:
        raise ValueError("the schema is too deep") from error
    if expected is _UNSAID and all(map(validator.is_valid, _ANYTHING)):
        raise ValueError("the schema accepts anything, and no value is expected")

    def judge(attempt: Attempt) -> Verdict:
        try:
            value = json.loads(
                _block(attempt.reply), object_pairs_hook=_no_doubles, parse_constant=_no_constant
            )
            problem = jsonschema.exceptions.best_match(validator.iter_errors(value))
        except (ValueError, RecursionError) as error:
            return Verdict(0.0, f"not JSON: {error}"[:200])
        if problem is not None:
            return Verdict(0.0, f"not of the schema: {problem.message}"[:200])
        # An empty object expected is any object: the schema says which.
        right = expected is _UNSAID or (expected == {} and isinstance(value, dict)) or holds(value, expected)
        return Verdict.of(right, "other values than expected")

    return judge


def _block(reply: str) -> str:
    """The only block of JSON of a reply, where nothing else in it looks like JSON; the reply itself where it has none."""
    found = _JSON_BLOCK.fullmatch(reply)
    if found is None or "```" in found["value"]:
        return reply
    beside = f"{found['before']} {found['after']}"
    if hides(beside) or HEDGES.search(beside):
        return reply
    return found["value"]


def _validator(schema: dict[str, Any]) -> Any:
    """The validator of a schema that is whole: what it refers to is its own, or a published dialect; nothing is fetched.

    Raises SchemaError for a schema that is none, Unresolvable for a reference to what is not there, and re.error for a
    pattern that is none.
    """
    dialect = jsonschema.validators.validator_for(schema)
    dialect.check_schema(schema)
    specification = specification_with(dialect.META_SCHEMA.get("$id") or dialect.META_SCHEMA.get("id"))
    registry: Registry[Any] = jsonschema.validators.SPECIFICATIONS
    whole = specification.create_resource(schema)
    _resolve(whole, registry.resolver_with_root(whole), specification, set())
    return closed(schema, dialect)


def _resolve(part: Resource[Any], resolver: Any, specification: Specification[Any], seen: set[int]) -> None:
    """Look up all that a part of a schema refers to, and what that refers to."""
    said = part.contents
    if not isinstance(said, dict) or id(said) in seen:
        return
    seen.add(id(said))
    for pattern in (said.get("pattern"), *(said.get("patternProperties") or ())):
        re.compile(pattern or "")
    for name in ("$ref", "$dynamicRef", "$recursiveRef"):
        if isinstance(reference := said.get(name), str):
            found = resolver.lookup(reference)
            there = specification.create_resource(found.contents)
            _resolve(there, found.resolver, specification, seen)
    for inner in part.subresources():
        _resolve(inner, resolver.in_subresource(inner), specification, seen)


def _no_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({key for key, _ in pairs}) < len(pairs):
        raise ValueError("a key stands twice")
    return dict(pairs)


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


@verifier(
    "The agreed sentence for questions that the documents do not answer, and nothing else.",
    Example(
        {}, Attempt(REFUSAL), Attempt("The capital is Arnby."), REFUSAL, (REFUSAL, "The capital is Arnby.")
    ),
    refer=lambda reference: {},
)
def refusal() -> Judge:
    def judge(attempt: Attempt) -> Verdict:
        right = attempt.reply.isascii() and normalise(attempt.reply) == normalise(REFUSAL)
        return Verdict.of(right, "not the agreed sentence")

    return judge
