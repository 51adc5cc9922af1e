"""What was found out about texts lately, so that a passage that many runs were shown is looked at once."""

from collections import OrderedDict
from collections.abc import Callable
from hashlib import blake2b
from threading import Lock
from typing import Generic, TypeVar

_Found = TypeVar("_Found")
# Texts of which one thing is kept: some ten megabytes.
REMEMBERED = 30_000


class Remembered(Generic[_Found]):
    """By text, of which only a digest is kept, the latest of a total ``weight`` of ``most``; any thread may ask.

    >>> known = Remembered[str](2)
    >>> [known.of(text, lambda: text.upper()) for text in "aba"], "b" in known, "c" in known
    (['A', 'B', 'A'], True, False)
    """

    def __init__(self, most: int, weight: Callable[[_Found], int] = lambda _: 1) -> None:
        self._most, self._weight = most, weight
        self._found: OrderedDict[bytes, _Found] = OrderedDict()
        self._held = 0
        self._lock = Lock()

    def __contains__(self, text: str) -> bool:
        with self._lock:
            return _key(text) in self._found

    def of(self, text: str, find: Callable[[], _Found]) -> _Found:
        """What is known of a text, or what ``find`` finds out."""
        key = _key(text)
        with self._lock:
            if key in self._found:
                self._found.move_to_end(key)
                return self._found[key]
        found = find()
        with self._lock:
            if key not in self._found:
                self._found[key] = found
                self._held += self._weight(found)
            while self._held > self._most and len(self._found) > 1:
                _, oldest = self._found.popitem(last=False)
                self._held -= self._weight(oldest)
        return found


def _key(text: str) -> bytes:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
