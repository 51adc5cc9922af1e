"""Verifiers of what a run did: its tool calls, and the state that they left; its words do not count."""

import re
from collections.abc import Mapping
from typing import Any

from typing_extensions import TypedDict

from . import references
from .base import Attempt, Call, Example, Judge, Verdict, verifier
from .values import holds

_SIGNS = re.compile(r"[ ,./\-_*^]")
_BOOKED = Call("book_table", {"city": "Arnby", "people": 4}, '{"booking": "B-17"}')
_OTHER = Call("book_table", {"city": "Arnby", "people": 5}, '{"booking": "B-18"}')
_SAID = "I booked a table for 4 in Arnby: B-17."


class ExpectedCall(TypedDict):
    tool: str
    arguments: dict[str, Any]


@verifier(
    "Of the tools that matter, the run made exactly the expected calls, each once and none failed. Other tools do "
    "not count, nor does what the reply says.",
    Example(
        {"calls": [{"tool": "book_table", "arguments": {"city": "Arnby", "people": 4}}]},
        Attempt(_SAID, calls=(_BOOKED,)),
        Attempt(_SAID, calls=(_BOOKED, _OTHER)),
        _SAID,
    ),
    refer=lambda reference: {"calls": references.parsed(reference)},
)
def tool_calls(calls: list[ExpectedCall], tools: list[str] | None = None) -> Judge:
    """``tools`` that matter are by default those of ``calls``."""
    wanted = [(call["tool"], call["arguments"]) for call in calls]
    matter = set(tools) if tools is not None else {tool for tool, _ in wanted}
    if not matter:
        raise ValueError("no tool matters")

    def judge(attempt: Attempt) -> Verdict:
        made = [call for call in attempt.calls if call.tool in matter]
        if any(call.failed for call in made):
            return Verdict(0.0, "a call failed")
        left = [(call.tool, dict(call.arguments)) for call in made]
        for call in wanted:
            if call not in left:
                return Verdict(0.0, f"did not call {call[0]} as expected")
            left.remove(call)
        return Verdict.of(not left, f"called {left[0][0] if left else ''} more often than expected")

    return judge


@verifier(
    "The run called the tool once and did not fail, with every argument among its admissible values and none besides. "
    "Other tools do not count, nor does what the reply says.",
    Example(
        {"tool": "book_table", "arguments": {"city": ["Arnby"], "people": [4], "terrace": [False, ""]}},
        Attempt(_SAID, calls=(_BOOKED,)),
        Attempt(_SAID, calls=(_OTHER,)),
        _SAID,
    ),
    refer=references.an_object,
)
def admissible_call(tool: str, arguments: dict[str, list[Any]]) -> Judge:
    """``arguments``: admissible values by name; an empty text among them says that it may be left out.

    The match of BFCL's simple calls (https://gorilla.cs.berkeley.edu/leaderboard.html): texts are
    compared without case, spaces and punctuation.
    """
    if not all(isinstance(values, list) for values in arguments.values()):
        raise ValueError("each argument needs a list of its admissible values")

    def judge(attempt: Attempt) -> Verdict:
        made = [call for call in attempt.calls if call.tool == tool]
        if len(made) != 1:
            return Verdict(0.0, f"called {tool} {len(made)} times")
        if made[0].failed:
            return Verdict(0.0, "the call failed")
        wrong = misfit(made[0].arguments, arguments)
        return Verdict.of(wrong is None, f"{tool}: {wrong}")

    return judge


def misfit(given: Mapping[str, Any], admissible: Mapping[str, list[Any]]) -> str | None:
    """What is wrong with the arguments of a call, or None.

    >>> misfit({"base": 10}, {"base": [10], "unit": ["cm", ""]}), misfit({}, {"base": [10]})
    (None, 'base is missing')
    """
    unknown = sorted(set(given) - set(admissible))
    if unknown:
        return f"{unknown[0]} is not expected"
    for name, values in admissible.items():
        if name not in given and "" not in values:
            return f"{name} is missing"
        if name in given and not any(_same(given[name], value) for value in values):
            return f"{name} is {given[name]!r}"
    return None


def _same(given: Any, allowed: Any) -> bool:
    if isinstance(given, str) and isinstance(allowed, str):
        return _bare(given) == _bare(allowed)
    if isinstance(given, bool) or isinstance(allowed, bool):
        return given is allowed
    return bool(given == allowed)


def _bare(text: str) -> str:
    return _SIGNS.sub("", text).lower().replace("'", '"')


@verifier(
    "The state after the run holds the expected values at the expected paths, whatever the reply says; an expected object "
    "may have fewer keys than the state's, an empty one none.",
    Example(
        {"expected": {"orders.17.status": "cancelled"}},
        Attempt("Done.", state={"orders": {"17": {"status": "cancelled"}}}),
        Attempt("I cancelled order 17.", state={"orders": {"17": {"status": "open"}}}),
        "I cancelled order 17.",
    ),
    refer=lambda reference: {"expected": references.parsed(reference)},
)
def end_state(expected: dict[str, Any]) -> Judge:
    """``expected``: values by dotted path, or nested as the state is."""
    if not expected:
        raise ValueError("nothing is expected")

    def judge(attempt: Attempt) -> Verdict:
        for path, value in expected.items():
            found = at(attempt.state, path)
            if not holds(found, value):
                return Verdict(0.0, f"{path} is {found!r}")
        return Verdict(1.0, "right")

    return judge


def at(state: Mapping[str, Any], path: str) -> Any:
    """The value at a dotted path; ``...`` (Ellipsis) where there is none."""
    value: Any = state
    for part in path.split("."):
        if isinstance(value, Mapping) and part in value:
            value = value[part]
        elif isinstance(value, list) and part.isdigit() and int(part) < len(value):
            value = value[int(part)]
        else:
            return ...
    return value
