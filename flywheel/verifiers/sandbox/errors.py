"""What may go wrong with code under test, and its errors as the tests get them."""

import builtins
from contextlib import suppress
from typing import Any

# All that were made in this process: after one of them nothing passes, whatever the tests catch.
STOPS: list["Stopped"] = []


class Stopped(BaseException):
    """The code gave no value: it ended, took too long, or gave what does not travel. No test can take that for an error."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        STOPS.append(self)


def kinds_of(error: BaseException) -> list[str]:
    """The names of an error's class and of those that it descends from, nearest first."""
    return [kind.__name__ for kind in type(error).__mro__ if issubclass(kind, BaseException)]


def error_of(kinds: list[str], arguments: list[Any], known: dict[str, Any]) -> Exception:
    """The error that the code raised, as the nearest kind that Python or the task defines.

    Raises Stopped for what is no error, or would end an iteration of the tests.
    """
    if {"StopIteration", "StopAsyncIteration"} & set(kinds):
        raise Stopped(f"raised {kinds[0]}")
    for name in kinds:
        kind = known.get(name, getattr(builtins, name, None))
        if isinstance(kind, type) and issubclass(kind, Exception):
            with suppress(TypeError):
                return kind(*arguments)
            return kind()
    raise Stopped(f"raised {kinds[0][:60]}")
