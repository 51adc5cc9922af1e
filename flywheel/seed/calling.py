"""Turns that call any other tool, and turns for which no tool fits."""

import json
from random import Random

from . import names
from .described import Described
from .dialogue import Kind, Message, answer, call, observation, user
from .functions import Function
from .words import Words

AnyFunction = Function | Described
CANNOT = "I have no tool for that."
KEYS = [
    "status",
    "price",
    "total",
    "result",
    "area",
    "distance",
    "temperature",
    "rate",
    "date",
    "name",
    "owner",
    "count",
    "score",
    "id",
]


def outcome(rng: Random) -> tuple[str, str]:
    """What a tool gives back and the answer made of it.

    A text is repeated, a bare number is the result, a JSON object is read out.
    """
    roll = rng.random()
    if roll < 0.1:
        number = rng.choice(
            (names.small(rng), names.number(rng), f"{rng.randint(0, 99)}.{rng.randint(1, 99)}")
        )
        return number, f"The result is {number}."
    if roll < 0.45:
        text = rng.choice((
            f"Done: {names.code(rng)}.", f"It was saved as {names.code(rng)}.", f"{names.coined(rng)} was found.",
            f"The request {names.code(rng)} is confirmed.", f"The total is {names.price(rng)}.",
            f"There are {names.small(rng)} results.",
        ))  # fmt: skip
        return text, text
    makers = (names.code, names.person, names.number, names.price, names.date, names.coined)
    keys = rng.sample(KEYS, rng.choice((1, 1, 2)))
    values = {key: rng.choice(makers)(rng) for key in keys}
    said = [f"the {key} is {value}" for key, value in values.items()]
    text = " and ".join(said)
    return json.dumps(values, ensure_ascii=False), f"{text[0].upper()}{text[1:]}."


def tool_turn(
    made: AnyFunction, rng: Random, held_out: bool, loose: Words | None = None
) -> tuple[Kind, list[Message]]:
    """A request for ``made``, the call, what it gave and the answer; ``loose`` words what is asked at random."""
    question, arguments = made.ask(rng, held_out, loose)
    result, said = outcome(rng)
    return "tool", [user(question), call(made.name, arguments), observation(result), answer(said)]


def none_fits_turn(missing: AnyFunction, rng: Random, held_out: bool) -> tuple[Kind, list[Message]]:
    """A request for ``missing``, which is not among the tools on offer."""
    question, _ = missing.ask(rng, held_out)
    return "none_fits", [user(question), answer(CANNOT)]
