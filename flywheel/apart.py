"""Dataset builds in a process of their own, so that chats go on beside them: last in priority, on one thread."""

import asyncio
import os
import pickle
import sys
import threading
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal, TypeVar

import anyio
from anyio import CapacityLimiter
from sqlalchemy.ext.asyncio import AsyncEngine

from ..platform.database.session import create_engine, tenant_session
from ..platform.errors import UpstreamError
from .build import Format
from .datasets import Selection, create_dataset, find_dataset
from .tables import Dataset

T = TypeVar("T")
Priority = Literal["last", "normal"]
# The least priority of a process (nice(1)).
LAST = 19
_ONE = CapacityLimiter(1)
_COMMAND = [sys.executable, "-P", "-m", "whorl.flywheel.apart"]


async def create_apart(
    engine: AsyncEngine, url: str, tenant_id: uuid.UUID, folder: Path, format: Format, selection: Selection,
    priority: Priority = "last", **options: Any,
) -> Dataset:  # fmt: skip
    """As :func:`create_dataset`, in another process; one build at a time, the others wait.

    Raises what ``create_dataset`` raises, and UpstreamError where the process dies; then nothing is
    left of the build.
    """
    work = pickle.dumps((priority, (url, tenant_id, folder, format, selection, options)))
    async with _ONE:
        done = await anyio.run_process(_COMMAND, input=work, stderr=None, check=False)
    if done.returncode != 0:
        raise UpstreamError(
            "The process that built the dataset ended before the dataset was complete, most likely for want of "
            "memory. Nothing was kept of it: build it again, from fewer runs if it happens again."
        )
    built: uuid.UUID | Exception = pickle.loads(done.stdout)
    if isinstance(built, Exception):
        raise built
    async with tenant_session(engine, tenant_id) as session:
        return await find_dataset(session, built)


def main() -> None:
    """Build what standard input asks for when nobody else needs the processor; the id or what was raised is the output."""
    import torch

    priority, work = pickle.load(sys.stdin.buffer)
    step_back(priority)
    torch.set_num_threads(1)
    answer = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # for what a library prints
    with answer:
        pickle.dump(_outcome(work), answer)


def _outcome(work: tuple[Any, ...]) -> uuid.UUID | Exception:
    try:
        return asyncio.run(_build(*work))
    except Exception as error:  # noqa: BLE001 - whatever fails is raised where the build is waited for
        return error


def step_back(priority: Priority = "last") -> None:
    """Give this process, and what it starts from now on, the least priority; ``normal`` leaves it as it is.

    On Linux others preempt it at once, too (SCHED_IDLE, sched(7)): whoever wakes up beside a process that is
    merely nice may wait until a slice of its time is over, again at every step of a chat.
    """
    if priority == "normal":
        return
    if sys.platform != "linux":
        os.setpriority(os.PRIO_PROCESS, 0, LAST)
        return
    for task in Path("/proc/self/task").iterdir():
        with suppress(ProcessLookupError):  # it has ended since it was listed
            _put_last(int(task.name))


def _put_last(thread: int) -> None:
    os.setpriority(os.PRIO_PROCESS, thread, LAST)
    os.sched_setscheduler(thread, os.SCHED_IDLE, os.sched_param(0))


class Aside:
    """A thread that alone has the least priority: who computes in it may hold what others wait for in between.

    A process without any other work may not: where the processors are busy, it would have a lock for as long as they are.
    """

    def __init__(self, priority: Priority) -> None:
        self._thread = ThreadPoolExecutor(1, initializer=self._begin, initargs=(priority,))

    async def run(self, function: Callable[[], T]) -> T:
        """What the function returns, which has one thread for torch, too."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, function)

    @staticmethod
    def _begin(priority: Priority) -> None:
        if priority == "last" and sys.platform == "linux":
            _put_last(threading.get_native_id())
        else:
            step_back(priority)
        import torch

        torch.set_num_threads(1)


async def _build(
    url: str, tenant_id: uuid.UUID, folder: Path, format: Format, selection: Selection, options: dict[str, Any]
) -> uuid.UUID:  # fmt: skip
    engine = create_engine(url)
    try:
        return (await create_dataset(engine, tenant_id, folder, format, selection, **options)).id
    finally:
        await engine.dispose()


if __name__ == "__main__":
    main()
