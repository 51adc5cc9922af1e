"""Arithmetic turns: alone, and with a number that a search finds first."""

import re
from random import Random
from typing import NamedTuple

from ...agents.tools import calculator
from ...agents.tools.calculator import render_number
from . import names
from .dialogue import Kind, Message, answer, call, observation, user
from .facts import TOPICS, Attribute, Topic
from .search import Fact, find

# Templates over {a} and {b}, and the expression that each means; the last of each list is held out.
SUMS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("{a} + {b}", (
        "What is {a} plus {b}?", "Add {a} and {b}.", "What is {a} + {b}?", "What is the sum of {a} and {b}?",
        "{a} plus {b}", "How much is {a} plus {b}?", "{a} + {b}", "Sum {a} and {b}.", "Calculate {a} plus {b}.",
        "Can you add {a} and {b}?", "Work out {a} + {b}.", "Please add {a} and {b}.",
    )),
    ("{b} + {a}", (
        "Add {a} to {b}.", "What do I get if I add {a} to {b}?", "Can you add {a} to {b}?", "Please add {a} to {b}.",
        "add {a} to {b}",
    )),
    ("{a} - {b}", (
        "What is {a} minus {b}?", "What is {a} - {b}?", "How much is {a} minus {b}?", "{a} less {b}", "{a} minus {b}",
        "{a} - {b}", "Work out {a} minus {b}.", "What is {a} less {b}?", "Compute {a} - {b}.", "Calculate {a} minus {b}.",
    )),
    ("{b} - {a}", (
        "Subtract {a} from {b}.", "Take {a} away from {b}.", "What do I get if I subtract {a} from {b}?",
        "Can you subtract {a} from {b}?", "Take {a} from {b}.", "Please take {a} away from {b}.",
        "Please subtract {a} from {b}.",
    )),
    ("{a} * {b}", (
        "What is {a} times {b}?", "{a} times {b}", "Multiply {a} by {b}.", "What is {a} * {b}?", "What is {a} x {b}?",
        "What is the product of {a} and {b}?", "How much is {a} times {b}?", "{a} * {b}", "Please multiply {a} by {b}.",
        "Calculate {a} times {b}.", "Multiply {a} and {b}.", "Work out {a} times {b}.",
    )),
    ("{a} / {b}", (
        "What is {a} divided by {b}?", "Divide {a} by {b}.", "What is {a} / {b}?", "{a} over {b}", "{a} divided by {b}",
        "Please divide {a} by {b}.", "Work out {a} divided by {b}.", "{a} / {b}", "How much is {a} divided by {b}?",
    )),
    ("{b} * {a} / 100", (
        "What is {a} % of {b}?", "What is {a}% of {b}?", "How much is {a} percent of {b}?", "{a} percent of {b}",
        "Calculate {a}% of {b}.", "{a}% of {b}", "Work out {a} percent of {b}.", "What is {a} percent of {b}?",
    )),
    ("{a} ** 2", (
        "What is {a} squared?", "Square {a}.", "{a} squared", "How much is {a} squared?", "Please square {a}.",
        "The square of {a}?", "Calculate the square of {a}.", "What is the square of {a}?",
    )),
    ("({a} + {b}) / 2", (
        "What is the average of {a} and {b}?", "The mean of {a} and {b}?", "Calculate the average of {a} and {b}.",
        "What is the mean of {a} and {b}?", "average of {a} and {b}", "Please average {a} and {b}.",
        "Average {a} and {b}.",
    )),
)  # fmt: skip
ANSWERS = "The result is {}."

# What to do with a number of a passage, and the expression over that number {n} and another {b}.
CHAINS: tuple[tuple[str, str], ...] = (
    ("What is twice the {a} of {e}?", "{n} * 2"),
    ("How much is twice the {a} of {e}?", "{n} * 2"),
    ("Double the {a} of {e}.", "{n} * 2"),
    ("What is half the {a} of {e}?", "{n} / 2"),
    ("How much is half the {a} of {e}?", "{n} / 2"),
    ("What is {b} times the {a} of {e}?", "{n} * {b}"),
    ("How much is {b} times the {a} of {e}?", "{n} * {b}"),
    ("What is the {a} of {e} times {b}?", "{n} * {b}"),
    ("What is {e}'s {a} multiplied by {b}?", "{n} * {b}"),
    ("What is {b}% of the {a} of {e}?", "{n} * {b} / 100"),
    ("How much is {b} percent of the {a} of {e}?", "{n} * {b} / 100"),
    ("What is the {a} of {e} plus {b}?", "{n} + {b}"),
    ("Add {b} to the {a} of {e}.", "{n} + {b}"),
    ("What is {e}'s {a} plus {b}?", "{n} + {b}"),
    ("What is the {a} of {e} minus {b}?", "{n} - {b}"),
    ("Subtract {b} from the {a} of {e}.", "{n} - {b}"),
    ("Divide the {a} of {e} by {b}.", "{n} / {b}"),
    ("How much is the {a} of {e} divided by {b}?", "{n} / {b}"),
    ("Please multiply the {a} of {e} by {b}.", "{n} * {b}"),
    ("What is the {a} of {e} divided by {b}?", "{n} / {b}"),
    ("Multiply the {a} of {e} by {b}.", "{n} * {b}"),
)
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


def a_sum(rng: Random, held_out: bool) -> Sum:
    expression, templates = rng.choice(SUMS)
    template = templates[-1] if held_out else rng.choice(templates[:-1])
    a, b = operand(rng), operand(rng)
    if float(b) == 0 or names.is_held_out(f"{a} {b}") != held_out:
        return a_sum(rng, held_out)
    return Sum(template.format(a=a, b=b), expression.format(a=a, b=b))


def calculate_turn(rng: Random, held_out: bool, first: int) -> tuple[Kind, list[Message]]:
    question, expression = a_sum(rng, held_out)
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


def chain_turn(rng: Random, held_out: bool, first: int) -> tuple[Kind, list[Message]]:
    """Search for a number, calculate with it, answer with the result and the citation."""
    known, bare = numeric_fact(rng, held_out)
    template, form = rng.choice(CHAINS[-2:] if held_out else CHAINS[:-2])
    factor = rng.choice((str(rng.randint(2, 12)), str(rng.randint(2, 99))))
    question = template.format(a=known.attribute.name, e=known.entity, b=factor)
    expression = form.format(n=bare, b=factor)
    result = evaluate(expression)
    found = find(known, rng, held_out, first)
    return "chain", [
        user(question),
        call("search", {"query": question}),
        observation(found.text),
        call("calculator", {"expression": expression}),
        observation(result),
        answer(f"{ANSWERS.format(result)} [{found.number}]"),
    ]
