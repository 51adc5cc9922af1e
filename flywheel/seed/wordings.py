"""How people ask for sums: what a result is called, how an order is put, and what stays for evaluation."""

from random import Random
from typing import NamedTuple


class Operation(NamedTuple):
    """An expression over {a}, {b}, {c}, what it is called, the orders to do it, and wordings kept for evaluation."""

    expression: str
    phrases: tuple[str, ...]
    orders: tuple[str, ...]
    kept: tuple[str, ...]


class Derived(NamedTuple):
    """An expression over a number {n} of a passage and another {b}; {N} stands for "the price of X"."""

    expression: str
    phrases: tuple[str, ...]
    orders: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()


# How something is asked for that has a name ({x}), and how an order ({x}) is put.
ASKING = (
    "What is {x}?", "What is {x}?", "How much is {x}?", "Calculate {x}.", "Compute {x}.", "Work out {x}.", "Tell me {x}.",
    "What's {x}?", "Find {x}.", "I need {x}.", "Give me {x}.", "Can you calculate {x}?", "Please work out {x}.",
    "Do you know {x}?", "What does {x} come to?", "Determine {x}.", "Could you compute {x}?", "And {x}?",
)  # fmt: skip
ORDERING = ("{x}.", "{x}.", "Please {x}.", "Can you {x}?", "Could you {x}?", "I want you to {x}.", "Now {x}.")

OPERATIONS: tuple[Operation, ...] = (
    Operation("{a} + {b}", (
        "{a} plus {b}", "{a} + {b}", "the sum of {a} and {b}", "the total of {a} and {b}", "{a} and {b} together",
        "{a} added to {b}", "{a} increased by {b}",
    ), ("add {a} and {b}", "sum {a} and {b}", "add up {a} and {b}", "increase {a} by {b}"), ("Please add {a} and {b}.",)),
    Operation("{b} + {a}", (), ("add {a} to {b}", "put {a} on top of {b}"), ("add {a} to {b}",)),
    Operation("{a} - {b}", (
        "{a} minus {b}", "{a} - {b}", "{a} less {b}", "{a} reduced by {b}", "the difference of {a} and {b}",
        "the difference between {a} and {b}",
    ), ("decrease {a} by {b}", "reduce {a} by {b}"), ("Calculate {a} minus {b}.",)),
    Operation("{b} - {a}", ("{a} subtracted from {b}",), (
        "subtract {a} from {b}", "take {a} away from {b}", "take {a} from {b}", "deduct {a} from {b}",
    ), ("Please subtract {a} from {b}.",)),
    Operation("{a} * {b}", (
        "{a} times {b}", "{a} * {b}", "{a} x {b}", "the product of {a} and {b}", "{a} multiplied by {b}",
    ), ("multiply {a} by {b}", "multiply {a} and {b}", "multiply {a} with {b}"), ("Work out {a} times {b}.",)),
    Operation("{a} / {b}", (
        "{a} divided by {b}", "{a} / {b}", "{a} over {b}", "the quotient of {a} and {b}", "the ratio of {a} to {b}",
    ), ("divide {a} by {b}", "split {a} into {b} parts"), ("How much is {a} divided by {b}?",)),
    Operation("{b} * {a} / 100", (
        "{a}% of {b}", "{a} % of {b}", "{a} percent of {b}", "{a} per cent of {b}",
    ), ("take {a}% of {b}", "take {a} percent of {b}"), ("What is {a} percent of {b}?",)),
    Operation("{a} ** 2", ("{a} squared", "the square of {a}", "{a} to the power of 2", "the second power of {a}"), (
        "square {a}", "square the number {a}",
    ), ("What is the square of {a}?",)),
    Operation("{a} ** 3", ("{a} cubed", "the cube of {a}", "{a} to the power of 3"), ("cube {a}",), ("The cube of {a}?",)),
    Operation("({a} + {b}) / 2", (
        "the average of {a} and {b}", "the mean of {a} and {b}", "the average between {a} and {b}", "average of {a} and {b}",
        "the arithmetic mean of {a} and {b}", "the number halfway between {a} and {b}", "the mean value of {a} and {b}",
    ), ("average {a} with {b}", "take the average of {a} and {b}", "average the numbers {a} and {b}",
        "take the mean of {a} and {b}"), ("Average {a} and {b}.",)),
    Operation("{a} + {b} + {c}", ("{a} plus {b} plus {c}", "{a} + {b} + {c}", "the sum of {a}, {b} and {c}"), (
        "add {a}, {b} and {c}", "add up {a}, {b} and {c}",
    ), ("The sum of {a}, {b} and {c}?",)),
    Operation("({a} + {b} + {c}) / 3", ("the average of {a}, {b} and {c}", "the mean of {a}, {b} and {c}"), (
        "average {a}, {b} and {c}",
    ), ("The mean of {a}, {b} and {c}?",)),
    Operation("({a} + {b}) * {c}", ("{c} times the sum of {a} and {b}", "({a} + {b}) * {c}"), (
        "add {a} and {b}, then multiply by {c}", "multiply the sum of {a} and {b} by {c}",
    ), ("Add {a} to {b} and multiply by {c}.",)),
    Operation("{a} * {b} + {c}", ("{a} times {b} plus {c}", "{a} * {b} + {c}"), ("multiply {a} by {b} and add {c}",), (
        "How much is {a} times {b} plus {c}?",
    )),
    Operation("{a} - {b} - {c}", ("{a} minus {b} minus {c}", "{a} - {b} - {c}"), ("take {b} and {c} from {a}",), (
        "How much is {a} minus {b} minus {c}?",
    )),
    Operation("{a} * 2", ("twice {a}", "double {a}", "two times {a}"), ("double {a}",), ("How much is twice {a}?",)),
    Operation("{a} / 2", ("half of {a}", "half {a}", "one half of {a}"), ("halve {a}",), ("How much is half of {a}?",)),
)  # fmt: skip
# One operation after another, for training alone.
LONGER: tuple[Operation, ...] = (
    Operation("({a} + {b}) / {c}", ("the sum of {a} and {b} divided by {c}",), (
        "add {a} to {b} and divide by {c}", "add {a} to {b}, then divide by {c}", "sum {a} and {b}, then divide by {c}",
    ), ()),
    Operation("({a} + {b}) * {c}", ("the sum of {a} and {b} times {c}",), (
        "add {a} to {b}, then multiply the result by {c}", "sum {a} and {b} and multiply that by {c}",
    ), ()),
    Operation("{a} + {b} - {c}", ("{a} plus {b} minus {c}",), (
        "add {a} to {b} and take away {c}", "add {a} to {b} and subtract {c}", "sum {a} and {b}, then subtract {c}",
    ), ()),
    Operation("{a} + {b} + {c}", ("{a} plus {b} and {c}",), ("add {a} to {b} and add {c}", "add {a} to {b}, then {c}"), ()),
    Operation("{b} - {a} + {c}", (), (
        "subtract {a} from {b} and add {c}", "take {a} from {b} and add {c}", "deduct {a} from {b}, then add {c}",
    ), ()),
    Operation("({b} - {a}) * {c}", (), (
        "subtract {a} from {b} and multiply by {c}", "take {a} away from {b}, then multiply by {c}",
    ), ()),
    Operation("({a} - {b}) / {c}", ("the difference of {a} and {b} divided by {c}",), (
        "reduce {a} by {b}, then divide by {c}", "decrease {a} by {b} and divide by {c}",
    ), ()),
    Operation("{a} * {b} - {c}", ("{a} times {b} minus {c}",), (
        "multiply {a} by {b} and take away {c}", "multiply {a} with {b}, then subtract {c}",
    ), ()),
    Operation("{a} * {b} / {c}", ("{a} times {b} divided by {c}",), (
        "multiply {a} by {b} and divide by {c}", "multiply {a} and {b}, then divide by {c}",
    ), ()),
    Operation("{a} / {b} + {c}", ("{a} divided by {b} plus {c}",), ("divide {a} by {b} and add {c}",), ()),
    Operation("{a} / {b} * {c}", ("{a} divided by {b} times {c}",), ("divide {a} by {b} and multiply by {c}",), ()),
)  # fmt: skip
DERIVED: tuple[Derived, ...] = (
    Derived("{n} * 2", ("twice {N}", "double {N}", "two times {N}"), ("double {N}",)),
    Derived("{n} * 3", ("three times {N}",), ("triple {N}",)),
    Derived("{n} / 2", ("half {N}", "half of {N}", "one half of {N}"), ("halve {N}",)),
    Derived("{n} / 3", ("a third of {N}", "one third of {N}")),
    Derived("{n} / 4", ("a quarter of {N}", "one quarter of {N}")),
    Derived("{n} * {b}", ("{b} times {N}", "{N} times {b}", "{N} multiplied by {b}", "the product of {N} and {b}"), (
        "multiply {N} by {b}", "multiply {N} with {b}",
    ), ("Multiply the {a} of {e} by {b}.",)),
    Derived("{n} * {b} / 100", ("{b}% of {N}", "{b} % of {N}", "{b} percent of {N}"), ("take {b} percent of {N}",)),
    Derived("{n} + {b}", ("{N} plus {b}", "{N} increased by {b}", "the sum of {N} and {b}"), (
        "add {b} to {N}", "increase {N} by {b}",
    )),
    Derived("{n} - {b}", ("{N} minus {b}", "{N} reduced by {b}", "{N} less {b}", "{b} less than {N}"), (
        "subtract {b} from {N}", "take {b} from {N}", "reduce {N} by {b}", "take {b} away from {N}",
    )),
    Derived("{n} / {b}", ("{N} divided by {b}", "the quotient of {N} and {b}", "{N} over {b}"), (
        "divide {N} by {b}", "split {N} into {b} parts",
    ), ("What is the {a} of {e} divided by {b}?",)),
)  # fmt: skip
NUMBERS_OF = ("the {a} of {e}", "the {a} of {e}", "{e}'s {a}", "the {a} for {e}")
# Of what has a price, how several are asked for; the last is kept for evaluation.
PRICED = (
    "How much do {b} of {e} cost?", "What is the price of {b} times {e}?", "How much would {b} pieces of {e} cost?",
    "What do I pay for {b} of {e}?", "How much are {b} pieces of {e}?", "What does it cost to buy {b} of {e}?",
    "What do {b} of {e} cost together?",
)  # fmt: skip


def wording(
    phrases: tuple[str, ...], orders: tuple[str, ...], kept: tuple[str, ...], rng: Random, held_out: bool
) -> str:
    """A template: one that is ``kept``, or a phrase asked for or an order put in a way that is not."""
    if held_out:
        return rng.choice(kept)
    while True:
        if orders and (not phrases or rng.random() < 0.35):
            text = rng.choice(ORDERING).format(x=rng.choice(orders))
            text = text[0].upper() + text[1:] if rng.random() < 0.85 else text.removesuffix(".")
        else:
            text = rng.choice(phrases)
            text = (
                rng.choice(ASKING).format(x=text)
                if rng.random() < 0.8
                else text + rng.choice(("", "?", " ="))
            )
        if text not in kept:
            return text
