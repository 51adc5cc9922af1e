"""Training processes that begin with everything imported, which takes longer than the trainings of most tests.

A process imports what trainings need, once, and a copy of it (fork(2)) does each training. Whoever starts a training starts
a client, which stands for the copy: it has its input and output, ends as it ends, and takes it along when it is killed.
"""

import ctypes
import gc
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

_PR_SET_PDEATHSIG = 1
# Looks for the process that is only starting.
_TRIES = 500


class Warm:
    """The commands of training processes; the process that they are copies of is started with the first of a test's thread."""

    def __init__(self, folder: Path) -> None:
        self.address = folder / "training.socket"
        self._server: subprocess.Popen[bytes] | None = None

    def command(self, job_file: Path) -> list[str]:
        if self._server is None or self._server.poll() is not None:
            # It goes with the thread that started it.
            self.address.unlink(missing_ok=True)
            self._server = subprocess.Popen([sys.executable, "-P", __file__, "serve", str(self.address)])
        return [sys.executable, "-P", "-S", "-E", __file__, "ask", str(self.address), str(job_file)]

    def close(self) -> None:
        if self._server is not None:
            self._server.kill()
            self._server.wait()


def serve(address: str) -> NoReturn:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(address)
        server.listen(16)
        from peft import LoraConfig  # noqa: F401
        from transformers import AutoModelForCausalLM  # noqa: F401
        from trl import DPOTrainer, GRPOTrainer, KTOTrainer, RewardTrainer, SFTTrainer  # noqa: F401
        from trl.experimental.cpo import CPOTrainer  # noqa: F401
        from trl.experimental.orpo import ORPOTrainer  # noqa: F401

        from whorl.flywheel.training import process, trainers  # noqa: F401

        gc.freeze()
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        while True:
            connection, _ = server.accept()
            told, files, _, _ = socket.recv_fds(connection, 65536, 3)
            while not told.endswith(b"\n"):
                told += connection.recv(65536)
            if os.fork() == 0:
                server.close()
                _train(connection, files, json.loads(told), process.main)
            connection.close()
            for file in files:
                os.close(file)


def _train(
    connection: socket.socket, files: list[int], told: dict[str, Any], main: Callable[[str], int]
) -> None:
    """Be the process that a client stands for, to its end."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)
    os.environ.clear()
    os.environ.update(told["environment"])
    os.chdir(told["folder"])

    def end_with_client() -> None:
        connection.recv(1)
        os.kill(os.getpid(), signal.SIGKILL)

    threading.Thread(target=end_with_client, daemon=True).start()
    code = 1
    try:
        code = main(told["job"])
    except BaseException:  # noqa: BLE001 - what a process of its own would print
        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    connection.sendall(bytes([code]))
    os._exit(code)


def ask(address: str, job: str) -> None:
    with socket.socket(socket.AF_UNIX) as connection:
        for _ in range(_TRIES):
            with suppress(FileNotFoundError, ConnectionRefusedError):
                connection.connect(address)
                break
            time.sleep(0.02)
        else:
            sys.exit(f"nobody answers at {address}")
        told = {"job": job, "folder": str(Path.cwd()), "environment": dict(os.environ)}
        socket.send_fds(connection, [json.dumps(told).encode() + b"\n"], [0, 1, 2])
        code = connection.recv(1)
    if not code:
        os.kill(os.getpid(), signal.SIGKILL)
    sys.exit(code[0])


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve(sys.argv[2])
    ask(sys.argv[2], sys.argv[3])
