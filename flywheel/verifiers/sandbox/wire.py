"""Calls of a function that lives in another process."""

import ast
import os
import select
import time
from collections import deque
from contextlib import suppress
from typing import Any

from .candidate import LONGEST
from .errors import STOPS, Stopped, error_of
from .values import text_of, value_of
from .walls import NoWall


class Wire:
    """Where calls are asked and answered; what once stopped stays so."""

    def __init__(self, asked: int, answers: int, deadline: float) -> None:
        self._asked, self._answers, self._deadline = asked, answers, deadline
        self._rest, self.calls = b"", 0
        self.missing: NoWall | None = None
        self.raised: Exception | None = None
        self.unseen = False
        self.errors: dict[str, Any] = {}

    def call(self, name: str, in_place: bool, arguments: tuple[Any, ...], named: dict[str, Any]) -> Any:
        """What the function returns; raises what it raises, or Stopped."""
        if STOPS:
            raise STOPS[0]
        self.calls += 1
        try:
            asked = text_of((self.calls, name, in_place, arguments, named))
        except (TypeError, RecursionError) as error:
            raise Stopped(f"cannot be given a {error} by a test") from None
        # Of a process that has ended, the reason may still be there to read.
        with suppress(BrokenPipeError):
            os.write(self._asked, (asked + "\n").encode())
        try:
            number, kind, text, after = ast.literal_eval(self._line())
        except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
            raise Stopped("answered what is no answer") from None
        if (number, kind) == (0, "no wall"):
            self.missing = NoWall(text)
            raise Stopped(str(text))
        if (number, kind) == (0, "undefined"):
            raise Stopped(str(text))
        if number != self.calls:
            raise Stopped("answered what was not asked")
        if kind == "unsent":
            raise Stopped(f"returned a {text}, which is no plain value")
        try:
            value = value_of(text)
            changed = value_of(after) if after else None
            if kind == "raised":
                kinds, given = value
                self.raised = error_of(kinds, given, self.errors)
        except Exception:  # noqa: BLE001 - whatever is wrong with it, it is no value
            raise Stopped("returned what is no plain value") from None
        if kind == "raised" and self.raised is not None:
            raise self.raised
        if changed is not None and in_place:
            become([*arguments, *named.values()], [*changed[0], *changed[1].values()])
        self.unseen |= changed is not None and not in_place
        return value

    def _line(self) -> str:
        while b"\n" not in self._rest:
            left = self._deadline - time.monotonic()
            if left <= 0 or not select.select([self._answers], [], [], left)[0]:
                raise Stopped("took too long")
            piece = os.read(self._answers, 1 << 16)
            if not piece or len(self._rest) > 3 * LONGEST:
                raise Stopped("ended early")
            self._rest += piece
        line, self._rest = self._rest.split(b"\n", 1)
        return line.decode("utf-8", "replace")


def become(old: Any, new: Any) -> None:
    """Make of an argument what the function made of it."""
    if isinstance(old, list) and isinstance(new, list):
        for index in range(min(len(old), len(new))):
            if type(old[index]) is type(new[index]) and isinstance(old[index], list | dict):
                become(old[index], new[index])
                new[index] = old[index]
        old[:] = new
    elif type(old) is type(new) and isinstance(old, dict | set):
        old.clear()
        old.update(new)
    elif type(old) is type(new) and isinstance(old, deque | bytearray):
        old.clear()
        old.extend(new)


class Candidate:
    """Stands for a function in the tests; calls it in the other process."""

    def __init__(self, name: str, wire: Wire) -> None:
        self.__name__ = self.__qualname__ = name
        self._wire = wire

    def __call__(self, *arguments: object, **named: object) -> object:
        return self._wire.call(self.__name__, False, arguments, named)

    def in_place(self, *arguments: object, **named: object) -> None:
        """A call for what it does to its arguments."""
        self._wire.call(self.__name__, True, arguments, named)
