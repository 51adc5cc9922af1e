"""How both processes begin: a task on standard input, "walls", or the names that the code is to define."""

import ctypes
import json
import os
import resource
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from . import command
from .candidate import serve
from .trial import run_tests
from .walls import NoWall, cut_off, leave_processes
from .wire import Wire

_NOT_DUMPABLE, _TESTS_MAY_TAKE = 4, 2 << 30


def start(task: dict[str, Any]) -> tuple[subprocess.Popen[bytes], int, int]:
    """The second process in a new interpreter, which never held the tests; where to ask, where to read."""
    asked_from, asked = os.pipe()
    answers, answers_to = os.pipe()
    names = ",".join([str(task["entry_point"]), *task.get("others", [])])
    started = command(
        sys.executable, Path(__file__).parents[1], names, str(task["megabytes"]), str(task["seconds"])
    )

    def place() -> None:
        os.dup2(asked_from, 30)
        os.dup2(answers_to, 31)
        os.dup2(30, 3)
        os.dup2(31, 4)

    process = subprocess.Popen(
        started, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={},
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
    wire = Wire(asked, answers, time.monotonic() + task["seconds"])
    sys.path += task.get("installed", [])
    for limit, value in (
        (resource.RLIMIT_AS, _TESTS_MAY_TAKE),
        (resource.RLIMIT_CPU, 3 * task["seconds"] + 5),
    ):
        with suppress(OSError, ValueError):
            resource.setrlimit(limit, (value, value))
    try:
        with suppress(BrokenPipeError):
            os.write(asked, (ascii(task["code"]) + "\n").encode())
        passed, why = run_tests(task, wire)
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


def begin() -> None:
    """With a task: its verdict as JSON. With "walls": put them up around nothing and say which stand here."""
    try:
        if len(sys.argv) == 4:
            serve(sys.argv[1].split(","), int(sys.argv[2]), int(sys.argv[3]))
        elif sys.argv[1:] == ["walls"]:
            show_walls()
        else:
            main()
    except NoWall as error:
        sys.stderr.write(str(error))
        sys.exit(3)
