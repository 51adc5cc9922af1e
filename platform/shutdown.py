"""Stopping without breaking an answer off: what is open goes on for a while, then ends with an error."""

import asyncio
import gc
import logging
import signal
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from types import FrameType
from typing import Any, Protocol

import anyio
import uvicorn

_log = logging.getLogger(__name__)
# New objects after which Python looks for cycles among them.
GARBAGE = 5000
# Seconds between two looks at what is open, and for streams to send their last event.
LOOK, LAST_WORDS = 0.1, 5.0


@dataclass
class Shutdown:
    """Whether a process is being stopped, and how many requests it is answering."""

    begun: bool = False
    open: int = 0


class Runs(Protocol):
    """The runs of a process."""

    @property
    def active(self) -> int: ...

    def stop(self) -> None: ...


async def drain(shutdown: Shutdown, runs: Runs, seconds: float) -> None:
    """Let what is open come to its end within ``seconds``, then end it."""
    shutdown.begun = True
    with anyio.move_on_after(seconds):
        await _until(lambda: not shutdown.open and not runs.active)
    runs.stop()
    with anyio.move_on_after(LAST_WORDS):
        await _until(lambda: not shutdown.open)


async def _until(over: Callable[[], bool]) -> None:
    while not over():  # noqa: ASYNC110 - requests end in many places
        await anyio.sleep(LOOK)


async def until_stopped(work: Coroutine[Any, Any, None]) -> None:
    """Do ``work``, which SIGTERM cancels; a second one ends the process."""
    loop, task, own = asyncio.get_running_loop(), asyncio.ensure_future(work), asyncio.current_task()

    def stop() -> None:
        loop.remove_signal_handler(signal.SIGTERM)
        _log.info("Told to stop: what is under way is brought to its end")
        task.cancel()

    loop.add_signal_handler(signal.SIGTERM, stop)
    try:
        await task
    except asyncio.CancelledError:
        if own is not None and own.cancelling():  # Ctrl-C
            raise


class Server(uvicorn.Server):
    """Answers on while it drains when it is asked to end (SIGTERM); a second signal, or Ctrl-C, ends it sooner."""

    def __init__(self, config: uvicorn.Config, state: Any, seconds: float) -> None:
        super().__init__(config)
        self._state, self._seconds = state, seconds
        self._draining: asyncio.Future[None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    async def startup(self, sockets: Any = None) -> None:
        """Begin to answer."""
        self._loop = asyncio.get_running_loop()
        await super().startup(sockets)
        # What is there now stays: a collector that looked through all of it would take a quarter of the time.
        gc.collect()
        gc.freeze()
        gc.set_threshold(GARBAGE)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Take a signal."""
        whorl = getattr(self._state, "whorl", None)
        if sig != signal.SIGTERM or self._loop is None or whorl is None or self._state.shutdown.begun:
            super().handle_exit(sig, frame)
            return
        self._state.shutdown.begun = True
        self._loop.call_soon_threadsafe(self._drain, whorl.agents)

    def _drain(self, runs: Runs) -> None:
        self._draining = asyncio.ensure_future(drain(self._state.shutdown, runs, self._seconds))
        self._draining.add_done_callback(lambda _: super(Server, self).handle_exit(signal.SIGTERM, None))
