"""Verifiers: decorated factories that judge an answer, re-creatable from a name and arguments.

A verifier gives 1.0 or 0.0; a reply of more than ``MAX_WORDS`` words is never paid.
"""

import re
import string
from collections.abc import Callable
from typing import Any

from ..agents.prompt import REFUSAL
from ..platform.errors import InputError

Verifier = Callable[[str], float]
_factories: dict[str, Callable[..., Verifier]] = {}
_ARTICLES = re.compile(r"\b(a|an|the)\b")
_CITATION = re.compile(r"\[\d{1,3}\]")
_NUMBER = re.compile(r"(?<![\w.])-?\d+(?:,\d{3})*(?:\.\d+)?")
_PUNCTUATION = str.maketrans("", "", string.punctuation)
_CONTROL = re.compile(r"<\|[a-z_]+\|>")
MAX_WORDS = 80


def verifier(factory: Callable[..., Verifier]) -> Callable[..., Verifier]:
    """Register a factory under its own name."""
    _factories[factory.__name__] = factory
    return factory


def verify(name: str, answer: str, **arguments: Any) -> float:
    """The verdict of a verifier; raises InputError for a name that is not registered."""
    if name not in _factories:
        raise InputError(f"There is no verifier {name!r}. Verifiers are {', '.join(sorted(_factories))}.")
    return _factories[name](**arguments)(_CONTROL.sub("", answer))


def normalise(text: str) -> str:
    """Lower case, no punctuation, no articles, single spaces: SQuAD's answer normalisation.

    Rajpurkar et al. 2016, arXiv 1606.05250, official evaluation script.
    """
    return " ".join(_ARTICLES.sub(" ", text.lower().translate(_PUNCTUATION)).split())


def contains(reply: str, answers: list[str]) -> bool:
    """Whether one of the answers stands in the reply as whole words, after normalisation."""
    padded = f" {normalise(_CITATION.sub(' ', reply))} "
    return any(f" {normalise(answer)} " in padded for answer in answers if normalise(answer))


@verifier
def answer_in_reply(answers: list[str], cited: bool = True) -> Verifier:
    """A short reply that holds one of ``answers`` and, with ``cited``, refers to a passage."""

    def judge(reply: str) -> float:
        if len(reply.split()) > MAX_WORDS or (cited and not _CITATION.search(reply)):
            return 0.0
        return float(contains(reply, answers))

    return judge


@verifier
def number_in_reply(value: float) -> Verifier:
    """A reply whose last number (citations aside) is ``value``."""

    def judge(reply: str) -> float:
        numbers = _NUMBER.findall(_CITATION.sub(" ", reply))
        if not numbers or len(set(numbers)) > 4 or len(reply.split()) > MAX_WORDS:
            return 0.0
        return float(abs(float(numbers[-1].replace(",", "")) - value) < 1e-6 * max(1.0, abs(value)))

    return judge


@verifier
def refusal() -> Verifier:
    """The agreed sentence for questions that the documents do not answer, and nothing else."""
    return lambda reply: float(normalise(reply) == normalise(REFUSAL))
