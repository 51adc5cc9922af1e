"""Arithmetic turns: alone, and with a number that a search finds first."""

import re
from random import Random
from typing import NamedTuple

from ...agents.tools import calculator
from ...agents.tools.calculator import render_number
from . import names
from .dialogue import Kind, Message, answer, call, observation, user
from .facts import TOPICS, Attribute, Topic
from .search import Fact, Loose, find, typed
from .wordings import DERIVED, LONGER, NUMBERS_OF, OPERATIONS, PRICED, wording
from .words import Words

ANSWERS = "The result is {}."
NUMERIC = ("population", "number of employees", "price", "weight", "height", "duration", "area", "battery life",
           "maximum speed", "warranty period", "length", "monthly fee", "number of members", "storage limit",
           "number of pages", "notice period", "discount", "annual revenue", "yearly budget")  # fmt: skip


class Sum(NamedTuple):
    question: str
    expression: str


def evaluate(expression: str) -> str:
    """What the calculator answers."""
    return render_number(calculator.evaluate(expression))


def operand(rng: Random) -> str:
    roll = rng.random()
    if roll < 0.2:
        return f"{rng.randint(0, 99)}.{rng.randint(1, 9)}"
    return str(rng.choice((rng.randint(2, 20), rng.randint(10, 999), rng.randint(100, 99_999))))


def a_sum(rng: Random, held_out: bool, longer: bool = False) -> Sum:
    operation = rng.choice(LONGER if longer else OPERATIONS)
    template = wording(operation.phrases, operation.orders, operation.kept, rng, held_out)
    a, b, c = operand(rng), operand(rng), operand(rng)
    if float(b) == 0 or names.is_held_out(f"{a} {b}") != held_out:
        return a_sum(rng, held_out, longer)
    return Sum(template.format(a=a, b=b, c=c), operation.expression.format(a=a, b=b, c=c))


def calculate_turn(
    rng: Random, held_out: bool, first: int, loose: Words | None = None
) -> tuple[Kind, list[Message]]:
    """A sum; where ``loose`` is given, at times one of two operations after another."""
    longer = loose is not None and rng.random() < 0.5
    question, expression = a_sum(rng, held_out, longer)
    result = evaluate(expression)
    return "calculate", [
        user(question),
        call("calculator", {"expression": expression}),
        observation(result),
        answer(ANSWERS.format(result)),
    ]


def numeric_fact(rng: Random, held_out: bool) -> tuple[Fact, str]:
    """A fact whose value is a number with a unit, and the bare number."""
    choices: list[tuple[Topic, Attribute]] = [
        (topic, attribute) for topic in TOPICS for attribute in topic.attributes if attribute.name in NUMERIC
    ]
    topic, attribute = rng.choice(choices)
    value = attribute.value(rng)
    return Fact(topic, names.draw(topic.entity, rng, held_out), attribute, value), bare_number(value)


def bare_number(value: str) -> str:
    """The number of a value as it is written there.

    >>> bare_number("€1,250.50"), bare_number("42 GB")
    ('1,250.50', '42')
    """
    found = re.search(r"\d[\d,.]*\d|\d", value)
    if found is None:
        raise ValueError(f"{value!r} holds no number.")
    return found.group()


def chain_turn(
    rng: Random,
    held_out: bool,
    first: int,
    quotes: bool = True,
    frames: Words | None = None,
    loose: Words | None = None,
) -> tuple[Kind, list[Message]]:
    """Search for a number, calculate with it, answer with the result and the citation.

    With ``quotes`` the call to calculate comes after the passage that its number is taken from;
    ``frames`` words that passage at random, ``loose`` the others too.
    """
    known, bare = numeric_fact(rng, held_out)
    factor = rng.choice((str(rng.randint(2, 12)), str(rng.randint(2, 99))))
    template, form = _derived(known, rng, held_out)
    question = template.format(a=known.attribute.name, e=known.entity, b=factor)
    question = typed(question[0].upper() + question[1:], rng, held_out)
    expression = form.format(n=bare, b=factor)
    result = evaluate(expression)
    found = find(known, rng, held_out, first, frames, Loose.of(rng, loose) if loose else None)
    return "chain", [
        user(question),
        call("search", {"query": question}),
        observation(found.text),
        call("calculator", {"expression": expression}, after=found.answer if quotes else ""),
        observation(result),
        answer(f"{ANSWERS.format(result)} [{found.number}]"),
    ]


def _derived(known: Fact, rng: Random, held_out: bool) -> tuple[str, str]:
    """A template over {a}, {e} and {b}, and the expression."""
    if known.attribute.name == "price" and rng.random() < 0.4:
        return PRICED[-1] if held_out else rng.choice(PRICED[:-1]), "{n} * {b}"
    chosen = rng.choice([d for d in DERIVED if d.kept] if held_out else DERIVED)
    spoken = rng.choice(NUMBERS_OF)

    def said(forms: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(form.replace("{N}", spoken) for form in forms)

    return wording(said(chosen.phrases), said(chosen.orders), chosen.kept, rng, held_out), chosen.expression
