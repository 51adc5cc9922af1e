"""The process that holds the tests: it never executes the code, and says whether they pass."""

import ast
import inspect
import sys
import types
from typing import Any

from .errors import STOPS
from .wire import Candidate, Wire


class _Statements(ast.NodeTransformer):
    """Calls that stand alone, and so are made for what they do to their arguments.

    Only there are arguments changed: a function that emptied what a test computes with, in the same expression, would
    choose what is expected of it.
    """

    def visit_Expr(self, node: ast.Expr) -> ast.AST:
        if isinstance(node.value, ast.Call) and isinstance(node.value.func, ast.Name):
            node.value.func = ast.Call(ast.Name("__in_place__", ast.Load()), [node.value.func], [])
        return ast.fix_missing_locations(node)


def _in_place(function: Any) -> Any:
    return function.in_place if isinstance(function, Candidate) else function


def run_tests(task: dict[str, Any], wire: Wire) -> tuple[bool, str]:
    """Whether the tests pass; helpers are what the task's own text defines."""
    space: dict[str, Any] = {"__name__": "tests"}
    try:
        exec(compile(str(task["helpers"]), "<setup>", "exec"), space)
    except Exception:  # noqa: BLE001 - a signature alone, or prose
        space = {"__name__": "tests"}
    wire.errors = {
        name: each for name, each in space.items() if isinstance(each, type) and issubclass(each, Exception)
    }
    names = [str(task["entry_point"]), *task.get("others", [])]
    space |= {name: Candidate(name, wire) for name in names} | {"__in_place__": _in_place}
    try:
        exec(compile(_Statements().visit(ast.parse(str(task["tests"]))), "<tests>", "exec"), space)
        _run(space, space[names[0]])
    except BaseException as error:  # noqa: BLE001 - whatever a test raises, it did not pass
        failed = _why(error, wire)
    else:
        failed = ""
    if wire.missing:
        raise wire.missing
    if STOPS:
        return False, f"the code {STOPS[0]}"
    if failed:
        return False, failed
    return (True, "right") if wire.calls else (False, f"the tests never call {names[0]}")


def _run(space: dict[str, Any], candidate: Any) -> None:
    """``check(candidate)``, or every function and TestCase of tests."""
    if isinstance(space.get("check"), types.FunctionType):
        space["check"](candidate)
        return
    for name, each in list(space.items()):
        if isinstance(each, types.FunctionType) and name.startswith("test"):
            wanted = [p for p in inspect.signature(each).parameters.values() if p.default is p.empty]
            each(*[candidate] * len(wanted))
    if "unittest" not in sys.modules:
        return
    import unittest

    result = unittest.TestResult()
    for each in list(space.values()):
        if isinstance(each, type) and issubclass(each, unittest.TestCase):
            unittest.defaultTestLoader.loadTestsFromTestCase(each).run(result)
    for _, told in [*result.errors, *result.failures]:
        raise AssertionError(told.strip().rsplit("\n", 1)[-1])


def _why(error: BaseException, wire: Wire) -> str:
    if error is wire.raised:
        return f"the code raised {type(error).__name__}: {error}"[:200]
    if not isinstance(error, AssertionError):
        return f"a test ended in {type(error).__name__}: {error}"[:200]
    unseen = "; it changed an argument, which tests see only where its call is a statement of its own"
    return f"a test failed{unseen if wire.unseen else ''}"
