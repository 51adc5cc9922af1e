"""Many things taken a portion at a time, so that no statement, transaction or memory grows with their number."""

from collections.abc import Iterable, Iterator
from typing import TypeVar

_Item = TypeVar("_Item")


def portions(items: Iterable[_Item], size: int) -> Iterator[list[_Item]]:
    """The items in their order, ``size`` at a time; an error of their source comes after what was read before it.

    >>> list(portions("abcde", 2))
    [['a', 'b'], ['c', 'd'], ['e']]
    """
    portion: list[_Item] = []
    try:
        for item in items:
            portion.append(item)
            if len(portion) == size:
                yield portion
                portion = []
    except Exception:
        if portion:
            yield portion
        raise
    if portion:
        yield portion
