"""A verifier that runs unit tests: the reply's code in one process, the tests in another.

The process with the tests never executes what the reply says: it asks the other one to call the
function and gets values back as text. So patched asserts, objects that equal everything, early
exits and the like change nothing. Both have no network, no environment, no files but an empty
folder, and limits on time, memory, output and processes.
"""

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from ...platform.errors import PrerequisiteError
from .base import Attempt, Example, Judge, Verdict, verifier
from .references import said

SECONDS = 10
MEGABYTES = 512
_FENCE = re.compile(r"```(?:python|py)?\n(.*?)```", re.S)
_CHECKED = re.compile(r"^check\((\w+)\)[ \t]*$", re.M)
_SETUP = 'def double_all(values: list) -> list:\n    """Each value times two."""\n'
_TESTS = (
    "def check(candidate):\n    assert candidate([1, 2]) == [2, 4]\n    assert candidate([]) == []\n"
    "    assert candidate([5]) == [10]\n"
)


@verifier(
    "The function that the reply defines passes the task's unit tests within its limits. How it is written, and "
    "what else the reply says, is not checked.",
    Example(
        # An endless loop is among the cheats that are tried before the verifier pays anything.
        {"tests": _TESTS, "entry_point": "double_all", "setup": _SETUP, "seconds": 5},
        Attempt("```python\ndef double_all(values: list) -> list:\n    return [2 * v for v in values]\n```"),
        Attempt("def double_all(values: list) -> list:\n    return values"),
        "def double_all(values):\n    return [2 * v for v in values]",
    ),
    refer=lambda reference: _of_tests(said(reference)),
)
def unit_tests(tests: str, entry_point: str, setup: str = "", seconds: int = SECONDS) -> Judge:
    """``tests`` defines ``check(candidate)``; ``setup`` is what stands before the reply, such as a signature.

    A reply that does not define ``entry_point`` is taken as the body that follows ``setup``.
    """
    if not entry_point.isidentifier():
        raise ValueError(f"{entry_point!r} is no name of a function")
    if "def check(" not in tests:
        raise ValueError("the tests define no check(candidate)")

    def judge(attempt: Attempt) -> Verdict:
        code = code_of(attempt.reply, entry_point, setup)
        if not code.strip():
            return Verdict(0.0, "holds no code")
        return _checked(code, tests, entry_point, setup, seconds)

    return judge


_REFUSED = (
    "Code under test is not run, for it cannot be kept apart here ({}). Run as root, or let unprivileged users have "
    "user namespaces (sysctl user.max_user_namespaces, kernel.apparmor_restrict_unprivileged_userns=0; in a container "
    "a seccomp profile that allows unshare)."
)


def _of_tests(tests: str) -> dict[str, str]:
    """Arguments of tests that may end by saying what they check: ``check(double_all)``."""
    named = _CHECKED.findall(tests)
    return {"tests": _CHECKED.sub("", tests), **({"entry_point": named[-1]} if named else {})}


def code_of(reply: str, entry_point: str, setup: str) -> str:
    """The program of a reply: its only fenced block, or all of it, after ``setup`` where it is a body."""
    blocks = _FENCE.findall(reply)
    code = blocks[0] if len(blocks) == 1 else reply
    if re.search(rf"^def {entry_point}\(", code, re.M):
        return f"{_without(setup, entry_point)}\n{code}"
    return setup + code


def _without(setup: str, entry_point: str) -> str:
    """What stands in ``setup`` before the function that the reply defines itself."""
    return setup[: setup.index(f"def {entry_point}(")] if f"def {entry_point}(" in setup else setup


def _checked(code: str, tests: str, entry_point: str, setup: str, seconds: int) -> Verdict:
    """Run the tests; the process that runs them tells the verdict as one JSON line."""
    task = {
        "code": code, "tests": tests, "entry_point": entry_point, "helpers": setup, "seconds": seconds,
        "megabytes": MEGABYTES,
    }  # fmt: skip
    with tempfile.TemporaryDirectory(prefix="whorl-tests-") as folder:
        command = [sys.executable, "-I", "-S", str(Path(__file__).with_name("sandbox.py"))]
        try:
            done = subprocess.run(
                command, input=json.dumps(task), capture_output=True, text=True, cwd=folder, env={},
                timeout=3 * seconds + 10, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return Verdict(0.0, f"ran longer than {seconds} s")
    lines = done.stdout.splitlines()
    if done.returncode == 3:
        raise PrerequisiteError(_REFUSED.format(done.stderr.strip()[-300:]))
    if done.returncode or len(lines) != 1:
        return Verdict(0.0, f"the tests did not end well ({done.returncode})")
    value = json.loads(lines[0])
    return Verdict.of(value["passed"] is True, str(value["why"])[:200])


def walls() -> list[str]:
    """What keeps code under test apart on this machine; raises PrerequisiteError where it would not be run."""
    with tempfile.TemporaryDirectory(prefix="whorl-tests-") as folder:
        command = [sys.executable, "-I", "-S", str(Path(__file__).with_name("sandbox.py")), "walls"]
        done = subprocess.run(
            command, capture_output=True, text=True, cwd=folder, env={}, timeout=60, check=False
        )
    if done.returncode:
        raise PrerequisiteError(_REFUSED.format(done.stderr.strip()[-300:]))
    found: list[str] = json.loads(done.stdout)
    return found
