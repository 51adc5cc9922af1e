"""What a verifier is: a decorated factory that judges an attempt, and is attacked before it pays.

A factory takes the arguments of a task and gives a function from an :class:`Attempt` to a
:class:`Verdict`. It declares what it checks, and one example; the cheats of ``attacks`` are made
from the example, and a factory that pays one of them is refused.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from pydantic import ConfigDict, ValidationError, validate_call

from ...platform.errors import ConflictError, InputError

CONTROL = re.compile(r"<\|[a-z_]+\|>")
# A reply of more than so many characters is never paid, whatever it holds.
LONGEST = 20_000


@dataclass(frozen=True)
class Call:
    """One tool call of a run: the tool, its arguments, and what came back."""

    tool: str
    arguments: Mapping[str, Any]
    result: str = ""
    failed: bool = False


@dataclass(frozen=True)
class Attempt:
    """What is judged: the reply, and what the run was asked, shown, and did.

    ``passages`` are the texts by the number that a citation names; ``state`` is what a tool's
    world looks like after the run, where a task has one.
    """

    reply: str
    question: str = ""
    passages: Mapping[int, str] = field(default_factory=dict)
    calls: Sequence[Call] = ()
    state: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Verdict:
    """1.0 or 0.0, and why."""

    score: float
    why: str

    @classmethod
    def of(cls, right: bool, why: str) -> "Verdict":
        return cls(float(right), "right" if right else why)


Judge = Callable[[Attempt], Verdict]
# From a reference answer as data sets hold it, text or JSON, to a factory's arguments.
Refer = Callable[[Any], dict[str, Any]]


@dataclass(frozen=True)
class Example:
    """A task that the verifier judges, with what is right and what is wrong about it.

    ``right`` must be paid, ``wrong`` must not; ``options`` are the values that a guesser would
    list, ``plain`` is the bare right value that a cheat would hide or dress up.
    """

    arguments: Mapping[str, Any]
    right: Attempt
    wrong: Attempt
    plain: str = ""
    options: tuple[str, ...] = ()


@dataclass(frozen=True)
class Verifier:
    """A registered factory: ``checks`` says in a sentence what is judged and what is not."""

    name: str
    checks: str
    factory: Callable[..., Judge]
    example: Example
    alone: bool = True
    refer: Refer | None = None

    def judge(self, arguments: Mapping[str, Any]) -> Judge:
        """The judge of one task; raises InputError for arguments that the factory does not take, or lacks."""
        try:
            return self.factory(**arguments)
        except ValidationError as error:
            told = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
            instead = " A reference answer would do instead." if self.refer and not arguments else ""
            raise InputError(f"Arguments of the verifier {self.name!r}: {told}.{instead}") from error
        except (TypeError, re.error, ValueError) as error:
            raise InputError(
                f"The verifier {self.name!r} cannot be made of {dict(arguments)}: {error}."
            ) from error


_registered: dict[str, Verifier] = {}


def verifier(
    checks: str, example: Example, *, alone: bool = True, refer: Refer | None = None
) -> Callable[[Callable[..., Judge]], Callable[..., Judge]]:
    """Register a factory under its own name; its annotations say what arguments it takes.

    ``alone=False`` marks a check of form, such as length, that must not be a task's only verifier.
    ``refer`` makes the arguments of a reference answer, where one answer says all that is needed.
    """

    def register(factory: Callable[..., Judge]) -> Callable[..., Judge]:
        name = factory.__name__
        checked = validate_call(config=ConfigDict(coerce_numbers_to_str=True))(factory)
        _registered[name] = Verifier(name, checks, checked, example, alone, refer)
        cheats.cache_clear()
        return factory

    return register


def registered() -> list[Verifier]:
    """All verifiers by name."""
    return [_registered[name] for name in sorted(_registered)]


def find(name: str) -> Verifier:
    """A verifier by name; raises InputError for one that is not registered."""
    if name not in _registered:
        raise InputError(f"There is no verifier {name!r}. Verifiers are {', '.join(sorted(_registered))}.")
    return _registered[name]


@cache
def cheats(name: str) -> tuple[str, ...]:
    """What the verifier pays of the attack suite, shown; nothing is as it should be."""
    from .attacks import attack

    return tuple(f"{paid.name!r}, a reply of {paid.shown()}" for paid in attack(find(name)))


def admitted(name: str) -> Verifier:
    """A verifier that pays no cheat; raises ConflictError with the cheat that it pays."""
    found = find(name)
    if not found.alone:
        raise ConflictError(f"The verifier {name!r} checks form only: combine it with another by 'all_of'.")
    paid = cheats(name)
    if paid:
        raise ConflictError(f"The verifier {name!r} is refused: it pays the cheat {paid[0]}.")
    return found


def verify(name: str, attempt: Attempt, **arguments: Any) -> Verdict:
    """The verdict of an admitted verifier."""
    return judged(admitted(name).judge(arguments), attempt)


def judged(judge: Judge, attempt: Attempt) -> Verdict:
    """A verdict after what holds for every verifier: no control tokens, no flood."""
    if len(attempt.reply) > LONGEST:
        return Verdict(0.0, f"longer than {LONGEST} characters")
    reply = CONTROL.sub("", attempt.reply)
    return judge(Attempt(reply, attempt.question, attempt.passages, attempt.calls, attempt.state))
