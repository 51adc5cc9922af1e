"""Servers that benchmarks start, each on one core: Whorl, and its peers in environments of their own."""

import os
import socket
import subprocess
import sys
import threading
import time
import venv
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import psutil

from .report import ROOT

# The core that is measured; whoever asks runs on the others.
CORE = 0
PEERS = ROOT / "build" / "peers"
_STARTS_WITHIN = 180.0
# Seconds for what a server still does when it answers for the first time.
SETTLE = 15


class Server:
    """A running server: its address, and the memory that its processes take at most, bytes."""

    def __init__(self, process: psutil.Popen, url: str) -> None:
        self.process, self.url = process, url
        self.peak = 0
        self._over = threading.Event()
        self._watch = threading.Thread(target=self._sample, daemon=True)
        self._watch.start()

    def _sample(self) -> None:
        while not self._over.wait(0.25):
            with suppress(psutil.NoSuchProcess):
                self.peak = max(self.peak, self.process.memory_info().rss)

    def stop(self) -> None:
        """End the server and whatever it started."""
        self._over.set()
        self._watch.join()
        children = self.process.children(recursive=True)
        self.process.terminate()
        try:
            self.process.wait(60)
        except psutil.TimeoutExpired:
            self.process.kill()
        for child in psutil.wait_procs(children, timeout=5)[1]:
            with suppress(psutil.NoSuchProcess):
                child.kill()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@contextmanager
def serving(
    command: Sequence[str | Path],
    port: int,
    healthy: str,
    environ: Mapping[str, str] | None = None,
    *,
    core: int = CORE,
) -> Iterator[Server]:
    """A server on one core, from when ``healthy`` (a path) answers; what it says goes to a file."""
    url = f"http://127.0.0.1:{port}"
    said = ROOT / "build" / "bench" / f"{Path(command[0]).name}-{port}.log"
    said.parent.mkdir(parents=True, exist_ok=True)
    with said.open("wb") as output:
        process = psutil.Popen(
            [str(word) for word in command], env={**os.environ, "OMP_NUM_THREADS": "1", **(environ or {})},
            stdout=output, stderr=subprocess.STDOUT, preexec_fn=lambda: os.sched_setaffinity(0, {core}),
        )  # fmt: skip
    server = Server(process, url)
    try:
        _wait(process, url + healthy, said)
        yield server
    finally:
        server.stop()


def _wait(process: psutil.Popen, url: str, said: Path) -> None:
    until = time.monotonic() + _STARTS_WITHIN
    while time.monotonic() < until:
        if process.poll() is not None:
            break
        with suppress(httpx.TransportError):
            if httpx.get(url, timeout=5).is_success:
                return
        time.sleep(0.2)
    raise RuntimeError(f"{url} does not answer; see {said}.")


@contextmanager
def whorl(folder: Path, **settings: str) -> Iterator[Server]:
    """``whorl serve`` on one core, its embedded database with it."""
    port = free_port()
    environ = {f"WHORL_{name.upper()}": value for name, value in settings.items()}
    environ |= {"WHORL_DATA_DIR": str(folder), "HF_HUB_OFFLINE": "1"}
    command = [sys.executable, "-P", "-m", "whorl.platform.cli", "serve", "--port", str(port)]
    with serving(command, port, "/readyz", environ) as server:
        yield server


@contextmanager
def instant(seconds: float = 0.0) -> Iterator[Server]:
    """The model that answers at once, or after so many seconds, off the measured core."""
    port = free_port()
    command = [
        sys.executable,
        "-m",
        "uvicorn",
        "tests.bench.instant_model:app",
        "--port",
        str(port),
        "--log-level",
        "error",
    ]
    with serving(command, port, "/v1/models", {"BENCH_MODEL_SECONDS": str(seconds)}, core=1) as server:
        yield server


def environment(name: str, *packages: str) -> Path:
    """The folder of a peer's programs; installed the first time."""
    folder = PEERS / name
    if not (folder / "installed").exists():
        print(f"Installing {' '.join(packages)} into {folder} …", flush=True)
        venv.create(folder, with_pip=True)
        subprocess.run([folder / "bin" / "pip", "install", "--quiet", *packages], check=True)
        (folder / "installed").touch()
    return folder / "bin"


def keep_off(core: int = CORE) -> None:
    """Run this process on the other cores."""
    others = os.sched_getaffinity(0) - {core}
    if not others:
        raise SystemExit("This benchmark needs two cores: one is measured, the other asks.")
    os.sched_setaffinity(0, others)
