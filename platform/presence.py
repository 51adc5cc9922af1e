"""Whether the client of a request is still there: an answer that nobody waits for is not made."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from starlette.types import Receive

from .errors import ClientLeftError

# Seconds before anybody looks: most answers are there by then and cost no task that waits beside them.
UNWATCHED = 0.2


class Presence:
    """The client of a request whose body was read; None is one that need not wait for its answer."""

    def __init__(self, receive: Receive | None = None) -> None:
        self._receive = receive
        self._left = False

    @contextmanager
    def needed(self) -> Iterator[None]:
        """What is done inside is cancelled when the client closes its connection; then raises ClientLeftError."""
        own, receive = asyncio.current_task(), self._receive
        if own is None or receive is None:
            yield
            return
        watching: asyncio.Task[None] | None = None

        def watch() -> None:
            nonlocal watching
            watching = asyncio.create_task(self._watch(receive, own))

        begins = asyncio.get_running_loop().call_later(UNWATCHED, watch)
        try:
            yield
        except asyncio.CancelledError:
            if not self._left:
                raise
            own.uncancel()
            raise ClientLeftError from None
        finally:
            begins.cancel()
            if watching is not None:
                watching.cancel()

    async def _watch(self, receive: Receive, own: "asyncio.Task[object]") -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        self._left = True
        own.cancel()


ALWAYS_THERE = Presence()
