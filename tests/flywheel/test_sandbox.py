"""Code under test attacks the machine that it runs on: files, environment, processes, sockets; as root and as nobody."""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from whorl.flywheel.verifiers import code, sandbox
from whorl.flywheel.verifiers.base import Attempt
from whorl.flywheel.verifiers.code import unit_tests
from whorl.platform.errors import PrerequisiteError

NOBODY = 65534
# What an attack returns when it was stopped; whatever else it returns is what it got.
STOPPED = "stopped"


@dataclass(frozen=True)
class Sandbox:
    """The sandbox as a user runs it, from a folder that the user may read and write."""

    user: int
    folder: Path
    python: str

    def run(self, attack: str, argument: object = None) -> dict[str, Any]:
        """The verdict on code whose function does ``attack`` with ``given`` and must be stopped."""
        body = "".join(f"        {line}\n" for line in attack.splitlines())
        program = f"def attack(given):\n    try:\n{body}    except Exception as error:\n        return {STOPPED!r}\n"
        tests = f"def check(candidate):\n    got = candidate({argument!r})\n    assert got == {STOPPED!r}\n"
        task = {
            "code": program, "tests": tests, "entry_point": "attack", "helpers": "", "seconds": 5, "megabytes": 512,
        }  # fmt: skip
        done = subprocess.run(
            sandbox.command(self.python, self.folder), input=json.dumps(task), capture_output=True, text=True,
            cwd=self.folder, env={}, timeout=60, check=True, user=self.user, group=self.user, extra_groups=[],
        )  # fmt: skip
        verdict: dict[str, Any] = json.loads(done.stdout)
        return verdict


def python_for(user: int) -> str:
    """An interpreter that a user may run; root's own may lie where nobody else looks."""
    for python in (os.path.realpath(sys.executable), "/usr/bin/python3"):
        try:
            wanted = "import sys; sys.exit(sys.version_info < (3, 11))"
            subprocess.run(
                [python, "-I", "-S", "-c", wanted],
                user=user,
                group=user,
                extra_groups=[],
                cwd="/",
                check=True,
            )
        except (OSError, subprocess.CalledProcessError):
            continue
        return python
    pytest.skip("no Python that this user may run")


@pytest.fixture(params=["as this user", "as nobody"])
def box(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    root = os.geteuid() == 0
    if request.param == "as nobody" and not root:
        pytest.skip("only root can become nobody")
    folder = Path(tempfile.mkdtemp(prefix="whorl-sandbox-"))
    shutil.copytree(Path(sandbox.__file__).parent, folder / "sandbox")
    (folder / "secret.key").write_text("the key")
    user = NOBODY if request.param == "as nobody" else os.geteuid()
    os.chown(folder, user, -1)
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    yield Sandbox(user, folder, python_for(user))
    shutil.rmtree(folder)


def test_what_does_no_harm_is_let_through(box: Sandbox) -> None:
    got = box.run("import math, datetime\nreturn str(math.factorial(given))", 5)
    assert got == {"passed": False, "why": "a test failed"}, "the attacks below would show what they got"


@pytest.mark.parametrize(
    "path", ["secret.key", "/etc/passwd", "/proc/self/environ", "/proc/1/cmdline", "/dev/null"]
)
def test_files_of_the_machine_cannot_be_read(box: Sandbox, path: str) -> None:
    assert box.run("return open(given).read(1)", str(box.folder / path))["passed"]


def test_folders_cannot_be_listed_nor_walked_out_of(box: Sandbox) -> None:
    assert box.run("import os\nreturn os.listdir(given)", "/")["passed"]
    assert box.run("import os\nos.chdir('..')\nreturn open('../../../../../etc/passwd').read(1)")["passed"]
    escape = (
        "import os\nos.mkdir('x')\nos.chroot('x')\nfor _ in range(9): os.chdir('..')\nreturn os.listdir('.')"
    )
    assert box.run(escape)["passed"]


def test_nothing_can_be_written(box: Sandbox) -> None:
    for name in (str(box.folder / "planted"), "/tmp/planted-by-code-under-test", "here"):
        assert box.run("return open(given, 'w').write('x')", name)["passed"], name
    assert not (box.folder / "planted").exists()


def test_the_environment_is_empty(box: Sandbox) -> None:
    assert box.run("import os\nassert not os.environ\nraise ValueError")["passed"]


def test_no_further_process_is_started(box: Sandbox) -> None:
    assert box.run("import os\nos.fork()\nreturn 'forked'")["passed"]
    assert box.run("import _thread\n_thread.start_new_thread(print, ())\nreturn 'a thread'")["passed"]


def test_other_processes_are_out_of_reach(box: Sandbox) -> None:
    sleeper = subprocess.Popen(["sleep", "60"], user=box.user)
    try:
        assert box.run("import os\nos.kill(given, 9)\nreturn 'killed'", sleeper.pid)["passed"]
        # Of all that it may signal, it finds itself alone or nobody.
        box.run("import os\nos.kill(-1, 9)\nreturn 'killed'")
        assert sleeper.poll() is None
    finally:
        sleeper.kill()
        sleeper.wait()


def test_no_socket_reaches_anybody(box: Sandbox) -> None:
    with socket.socket() as listener, socket.socket(socket.AF_UNIX) as beside:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        beside.bind(str(box.folder / "socket"))
        beside.listen()
        (box.folder / "socket").chmod(0o777)
        connect = "import _socket\ns = _socket.socket(*given[0])\ns.connect(given[1])\nreturn 'connected'"
        assert box.run(connect, ((2, 1), listener.getsockname()))["passed"]
        assert box.run(connect, ((1, 1), str(box.folder / "socket")))["passed"]


def test_the_walls_are_told_and_without_them_nothing_is_run(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert {"an empty root folder", "no further process"} <= set(code.walls())
    broken = shutil.copytree(Path(sandbox.__file__).parent, tmp_path / "sandbox") / "walls.py"
    source = broken.read_text(encoding="utf-8")
    broken.write_text(source.replace(".unshare(flags) != 0", ".unshare(-1) != 0"), encoding="utf-8")
    monkeypatch.setattr(code, "__file__", str(tmp_path / "code.py"))
    with pytest.raises(
        PrerequisiteError, match=r"cannot be kept apart here \(.*namespace.*: Invalid argument"
    ):
        code.walls()
    with pytest.raises(PrerequisiteError, match=r"user\.max_user_namespaces"):
        unit_tests("def check(candidate):\n    assert candidate() == 1\n", "one", "def one():\n")(
            Attempt("    return 1\n")
        )
