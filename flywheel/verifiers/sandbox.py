"""Run unit tests against code that nobody trusts: ``python -I -S sandbox.py`` with a task on standard input.

This process holds the tests and never executes the code; a second one, cut off and limited,
does, and answers calls. Values travel as Python literals. Only the standard library is used.

``python -I -S sandbox.py walls`` puts up the walls around nothing and says as JSON which stand here.
"""

import ast
import ctypes
import importlib
import json
import os
import resource
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

_NEW_USER, _NEW_PROCESSES, _NEW_NET = 0x10000000, 0x20000000, 0x40000000
# https://docs.kernel.org/userspace-api/landlock.html: system calls (the same on every architecture), rights by version.
_CREATE_RULESET, _RESTRICT_SELF, _ASK_VERSION = 444, 446, 1
_FILE_RIGHTS = {1: (1 << 13) - 1, 2: 1 << 13, 3: 1 << 14, 5: 1 << 15}
_NETWORK_RIGHTS, _SCOPES = {4: 0b11}, {6: 0b11}
_CAPABILITIES_3 = 0x20080522
_NOT_DUMPABLE, _NO_NEW_PRIVILEGES = 4, 38
_LONGEST = 1_000_000
_NOBODY = 65534


# Loaded before the process is cut off: its user may not read where Python is installed.
_READY = (
    "_strptime array base64 bisect calendar cmath collections copy dataclasses datetime decimal enum fractions functools "
    "hashlib heapq itertools json math operator random re statistics string textwrap time typing"
)


class _Numbers(ast.NodeTransformer):
    """``inf`` and ``nan``, as repr writes them."""

    def visit_Name(self, node: ast.Name) -> ast.AST:
        return ast.Constant(float(node.id)) if node.id in ("inf", "nan") else node


def value_of(text: str) -> Any:
    """The value of a Python literal; raises ValueError or SyntaxError for any other text."""
    return ast.literal_eval(_Numbers().visit(ast.parse(text, mode="eval")))


class Stopped(Exception):
    """The code gave no value: it raised, ended, or took too long."""


class NoWall(OSError):
    """The system does not allow what keeps the code apart."""


def leave(flags: int, what: str) -> None:
    """Leave namespaces that this process shares; raises NoWall."""
    if ctypes.CDLL(None, use_errno=True).unshare(flags) != 0:
        raise NoWall(f"{what}: {os.strerror(ctypes.get_errno())}")


def leave_processes() -> None:
    """What this process starts from now on sees and signals no process but its own."""
    if os.geteuid() == 0:
        leave(_NEW_PROCESSES, "a process namespace of its own")
        return
    user, group = os.geteuid(), os.getegid()
    leave(_NEW_USER | _NEW_PROCESSES, "user and process namespaces of its own")
    # Mapped to itself, so that it may leave once more.
    for name, text in (
        ("setgroups", "deny"),
        ("uid_map", f"{user} {user} 1"),
        ("gid_map", f"{group} {group} 1"),
    ):
        Path(f"/proc/self/{name}").write_text(text, encoding="ascii")


def cut_off(megabytes: int, seconds: int) -> list[str]:
    """No files, no network, no privileges, no other process, and limits; returns which walls stand. Raises NoWall."""
    root = os.geteuid() == 0
    leave(_NEW_NET if root else _NEW_NET | _NEW_USER, "a network namespace of its own")
    stay_in_nothing()
    limits = {
        resource.RLIMIT_CPU: seconds, resource.RLIMIT_AS: megabytes << 20, resource.RLIMIT_FSIZE: 1 << 20,
        resource.RLIMIT_NOFILE: 32, resource.RLIMIT_CORE: 0, resource.RLIMIT_NPROC: 0,
    }  # fmt: skip
    if root:
        os.setgroups([])
        os.setgid(_NOBODY)
        os.setuid(_NOBODY)
    for limit, value in limits.items():
        resource.setrlimit(limit, (value, value))
    drop_capabilities()
    version = restrict_files()
    walls = [
        "process and network namespaces",
        "an empty root folder",
        "no capabilities",
        "no further process",
    ]
    return [*walls, f"Landlock {version}"] if version else walls


def stay_in_nothing() -> None:
    """Make an empty folder that is gone the root: nothing can be opened or made there, no socket reached."""
    folder = Path("nothing").absolute()
    folder.mkdir(mode=0o500)
    os.chdir(folder)
    folder.rmdir()
    try:
        os.chroot(".")
    except OSError as error:
        raise NoWall(f"an empty root folder: {error.strerror}") from error


def drop_capabilities() -> None:
    """Those that a user namespace gave, too; raises NoWall."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    header, none = (ctypes.c_uint32 * 2)(_CAPABILITIES_3, 0), (ctypes.c_uint32 * 6)()
    if libc.capset(header, none) != 0:
        raise NoWall(f"no capabilities: {os.strerror(ctypes.get_errno())}")


def restrict_files() -> int:
    """Refuse every access to files, and to the network, by Landlock; returns its version, 0 where there is none."""
    libc = ctypes.CDLL(None, use_errno=True)
    version = int(libc.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), _ASK_VERSION))
    if version < 1:
        return 0
    known = [
        sum(bits for since, bits in rights.items() if since <= version)
        for rights in (_FILE_RIGHTS, _NETWORK_RIGHTS, _SCOPES)
    ]
    fields = 1 + (version >= 4) + (version >= 6)
    rules = libc.syscall(_CREATE_RULESET, (ctypes.c_uint64 * 3)(*known), ctypes.c_size_t(8 * fields), 0)
    if rules < 0 or libc.syscall(_RESTRICT_SELF, rules, 0) != 0:
        raise NoWall(f"Landlock {version}: {os.strerror(ctypes.get_errno())}")
    os.close(rules)
    return version


def answer_calls(code: str, entry_point: str, calls: Iterable[str], answers: int) -> None:
    """Define the function, then call it with what comes, for ever."""
    space: dict[str, Any] = {"__name__": "candidate"}
    exec(compile(code, "<reply>", "exec"), space)
    with os.fdopen(answers, "w", encoding="utf-8") as out:
        for line in calls:
            number, arguments, named = value_of(line)
            try:
                text = repr(space[entry_point](*arguments, **named))
                reply = (number, "value", text) if len(text) <= _LONGEST else (number, "error", "too long")
            except BaseException as error:  # noqa: BLE001 - whatever the code raises is its answer
                reply = (number, "error", type(error).__name__)
            out.write(ascii(reply) + "\n")
            out.flush()


class Candidate:
    """Stands for the function in the tests; calls it in the other process."""

    def __init__(self, asked: int, answers: int, deadline: float) -> None:
        self._asked, self._answers, self._deadline = asked, answers, deadline
        self._rest, self._number = b"", 0

    def __call__(self, *arguments: object, **named: object) -> object:
        self._number += 1
        try:
            os.write(self._asked, (ascii((self._number, arguments, named)) + "\n").encode())
        except BrokenPipeError:
            raise Stopped("ended early") from None
        try:
            number, kind, text = value_of(self._line())
        except (ValueError, SyntaxError, TypeError):
            raise Stopped("answered what is no answer") from None
        if (number, kind) == (0, "no wall"):
            raise NoWall(text)
        if number != self._number or kind != "value":
            raise Stopped(f"raised {text}")
        try:
            return value_of(text)
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            raise Stopped("returned what is no plain value") from None

    def _line(self) -> str:
        while b"\n" not in self._rest:
            left = self._deadline - time.monotonic()
            if left <= 0 or not select.select([self._answers], [], [], left)[0]:
                raise Stopped("took too long")
            piece = os.read(self._answers, 1 << 16)
            if not piece or len(self._rest) > 2 * _LONGEST:
                raise Stopped("ended early")
            self._rest += piece
        line, self._rest = self._rest.split(b"\n", 1)
        return line.decode("utf-8", "replace")


def run_tests(task: dict[str, Any], candidate: Candidate) -> tuple[bool, str]:
    """Whether ``check`` passes; helpers are what the task's own text defines."""
    space: dict[str, Any] = {"__name__": "tests"}
    try:
        exec(compile(str(task["helpers"]), "<setup>", "exec"), space)
    except SyntaxError:
        space = {"__name__": "tests"}
    exec(compile(str(task["tests"]), "<tests>", "exec"), space)
    try:
        space["check"](candidate)
    except AssertionError:
        return False, "a test failed"
    except Stopped as stopped:
        return False, f"the code {stopped}"
    except NoWall:
        raise
    except Exception as error:  # noqa: BLE001 - whatever a test raises, it did not pass
        return False, f"a test ended in {type(error).__name__}"
    return True, "right"


def serve(entry_point: str, megabytes: int, seconds: int) -> None:
    """The second process: read the code, be cut off, answer. Calls come on 3, answers go to 4."""
    with os.fdopen(3, "r", encoding="utf-8") as calls:
        code = ast.literal_eval(calls.readline())
        for module in _READY.split():
            importlib.import_module(module)
        try:
            cut_off(megabytes, seconds)
        except NoWall as error:
            os.write(4, (ascii((0, "no wall", str(error))) + "\n").encode())
            os._exit(3)
        answer_calls(code, entry_point, calls, 4)


def start(task: dict[str, Any]) -> tuple[subprocess.Popen[bytes], int, int]:
    """The second process in a new interpreter, which never held the tests; where to ask, where to read."""
    asked_from, asked = os.pipe()
    answers, answers_to = os.pipe()
    command = [sys.executable, "-I", "-S", str(Path(__file__).resolve()), str(task["entry_point"]),
               str(task["megabytes"]), str(task["seconds"])]  # fmt: skip

    def place() -> None:
        os.dup2(asked_from, 30)
        os.dup2(answers_to, 31)
        os.dup2(30, 3)
        os.dup2(31, 4)

    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={},
        pass_fds=(3, 4), preexec_fn=place, start_new_session=True,
    )  # fmt: skip
    os.close(asked_from)
    os.close(answers_to)
    return process, asked, answers


def main() -> None:
    task = json.load(sys.stdin)
    leave_processes()
    ctypes.CDLL(None).prctl(_NOT_DUMPABLE, 0, 0, 0, 0)
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    process, asked, answers = start(task)
    candidate = Candidate(asked, answers, time.monotonic() + task["seconds"])
    try:
        os.write(asked, (ascii(task["code"]) + "\n").encode())
        passed, why = run_tests(task, candidate)
    except BrokenPipeError:
        passed, why = False, "the code ended early"
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    print(json.dumps({"passed": passed, "why": why}))


def show_walls() -> None:
    """As they stand around code; the process that is cut off is another, as there."""
    leave_processes()
    child = os.fork()
    if child:
        sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    print(json.dumps(cut_off(512, 5)))


if __name__ == "__main__":
    try:
        if len(sys.argv) == 4:
            serve(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
        elif sys.argv[1:] == ["walls"]:
            show_walls()
        else:
            main()
    except NoWall as error:
        sys.stderr.write(str(error))
        sys.exit(3)
