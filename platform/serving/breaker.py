"""A circuit breaker: a server that keeps failing is left alone for a while, longer each time."""

import time
from collections.abc import Callable

FAILURES = 3
FIRST_SECONDS, MOST_SECONDS = 2.0, 60.0


class Breaker:
    """Closed until ``FAILURES`` failures in a row; then open, and after a while one call tries.

    Nygard 2007, Release It!, chapter 5. ``clock`` gives seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failures = 0
        self._until = 0.0
        self._seconds = FIRST_SECONDS

    @property
    def closed(self) -> bool:
        """Whether calls may go to the server without a second thought."""
        return self._failures < FAILURES

    @property
    def ready(self) -> bool:
        """Whether a call may go to the server now: it is closed, or the while is over and nobody tries."""
        return self.closed or self._clock() >= self._until

    def begin(self) -> None:
        """A call goes to the server; where it is open, others are told to wait another while for what comes of it."""
        if not self.closed and self.ready:
            self._until = self._clock() + self._seconds

    def succeed(self) -> None:
        """The server answered."""
        self._failures, self._seconds = 0, FIRST_SECONDS

    def fail(self) -> None:
        """The server failed."""
        self._failures += 1
        if self._failures >= FAILURES:
            self._until = self._clock() + self._seconds
            self._seconds = min(2 * self._seconds, MOST_SECONDS)
