"""A verifier that runs unit tests: the reply's code in one process, the tests in another.

The process with the tests never executes what the reply says: it asks the other one to call the
function and gets back, as text, a plain value or the name of an exception. So patched asserts, objects that equal everything, early
exits and the like change nothing. Both have no network, no environment, no files but an empty
folder, and limits on time, memory, output and processes.
"""

import json
import re
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path
from typing import Any

from ...platform.errors import PrerequisiteError
from .base import Attempt, Example, Judge, Verdict, verifier
from .programs import called, code_of, defines, parsed
from .references import any_of
from .sandbox import command

SECONDS = 10
MEGABYTES = 512
# For libraries that tests import: the process that runs them can start no thread.
_ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
_CHECKED = re.compile(r"^check\((\w+)\)[ \t]*$", re.M)
_SETUP = 'def double_all(values: list) -> list:\n    """Each value times two."""\n'
_TESTS = (
    "def check(candidate):\n    assert candidate([1, 2]) == [2, 4]\n    assert candidate([]) == []\n"
    "    assert candidate([5]) == [10]\n    kept = [7]\n    candidate(kept)\n    assert kept == [7]\n"
    "    try:\n        candidate(None)\n    except TypeError:\n        pass\n"
    "    else:\n        raise AssertionError\n"
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
    refer=lambda reference: _of_tests(reference),
)
def unit_tests(
    tests: str | list[str], entry_point: str = "", setup: str = "", seconds: int = SECONDS
) -> Judge:
    """``tests`` defines ``check(candidate)``, or has asserts, functions or a TestCase that call the function by its name.

    ``entry_point`` is the function's name, by default the one that the tests call most. ``setup`` is what stands before
    the reply, such as a signature: a reply that does not define the function is taken as the body that follows it.
    """
    text = tests if isinstance(tests, str) else "\n".join(tests)
    names = _names(text, entry_point, setup)
    task = {"tests": text, "entry_point": names[0], "others": names[1:], "helpers": setup, "seconds": seconds}

    def judge(attempt: Attempt) -> Verdict:
        code = code_of(attempt.reply, names[0], setup)
        if not code.strip():
            return Verdict(0.0, "holds no code")
        return _checked({**task, "code": code}, seconds)

    return judge


def _names(tests: str, entry_point: str, setup: str) -> list[str]:
    """The function under test, then others that asserts call and nobody else defines.

    A ``check`` is given the function, and the reply may not bring along what it checks with.
    """
    tree = parsed(tests)
    if tree is None:
        raise ValueError("the tests are no Python program")
    if "assert" not in tests:
        raise ValueError("the tests assert nothing")
    names = called(tree)
    if not entry_point or (names and entry_point not in names and not defines(tests, "check")):
        entry_point = next(iter(names), "")
    if not entry_point:
        raise ValueError("the tests call no function by its name: give it as entry_point")
    if not entry_point.isidentifier():
        raise ValueError(f"{entry_point!r} is no name of a function")
    if defines(tests, "check"):
        return [entry_point]
    return [entry_point, *(name for name in names if name != entry_point and not defines(setup, name))]


_REFUSED = (
    "Code under test is not run, for it cannot be kept apart here ({}). Run as root, or let unprivileged users have "
    "user namespaces (sysctl user.max_user_namespaces, kernel.apparmor_restrict_unprivileged_userns=0; in a container "
    "a seccomp profile that allows unshare)."
)


def _of_tests(reference: Any) -> dict[str, Any]:
    """Arguments of tests, or a list of them, that may end by saying what they check: ``check(double_all)``."""
    if isinstance(reference, str) and reference.lstrip().startswith("["):
        try:
            reference = json.loads(reference)
        except json.JSONDecodeError as error:
            raise ValueError(f"the list of tests is no JSON: {error}") from error
    tests = "\n".join(any_of(reference))
    named = _CHECKED.findall(tests)
    return {"tests": _CHECKED.sub("", tests), **({"entry_point": named[-1]} if named else {})}


def _checked(task: dict[str, Any], seconds: int) -> Verdict:
    """Run the tests; the process that runs them tells the verdict as one JSON line. Tests may import what is installed."""
    installed = sorted({sysconfig.get_path("purelib"), sysconfig.get_path("platlib")})
    task = {**task, "megabytes": MEGABYTES, "installed": installed}
    with tempfile.TemporaryDirectory(prefix="whorl-tests-") as folder:
        try:
            done = subprocess.run(
                command(sys.executable, Path(__file__).parent), input=json.dumps(task), capture_output=True, text=True,
                cwd=folder, env=_ONE_THREAD, timeout=3 * seconds + 10, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return Verdict(0.0, f"ran longer than {seconds} s")
    lines = done.stdout.splitlines()
    if done.returncode == 3:
        raise PrerequisiteError(_REFUSED.format(done.stderr.strip()[-300:]))
    if done.returncode or len(lines) != 1:
        return Verdict(0.0, f"the tests did not end well ({done.returncode})")
    value = json.loads(lines[0])
    return Verdict.of(value["passed"] is True, str(value["why"])[:300])


def walls() -> list[str]:
    """What keeps code under test apart on this machine; raises PrerequisiteError where it would not be run."""
    with tempfile.TemporaryDirectory(prefix="whorl-tests-") as folder:
        done = subprocess.run(
            command(sys.executable, Path(__file__).parent, "walls"),
            capture_output=True,
            text=True,
            cwd=folder,
            env={},
            timeout=60,
            check=False,
        )
    if done.returncode:
        raise PrerequisiteError(_REFUSED.format(done.stderr.strip()[-300:]))
    found: list[str] = json.loads(done.stdout)
    return found
