"""Ids of many runs in their order, sixteen bytes each: of a million, objects would take a tenth of a gigabyte and more."""

import uuid
from collections.abc import Iterable, Iterator, Sequence
from typing import overload

SIZE = 16
# Asked for at once.
AT_ONCE = 10_000


class RunIds(Sequence[uuid.UUID]):
    """A sequence of UUIDs that only grows.

    >>> ids = RunIds([uuid.UUID(int=7), uuid.UUID(int=1)])
    >>> ids[-1].int, len(ids[:1]), uuid.UUID(int=7) in ids, ids == RunIds(list(ids))
    (1, 1, True, True)
    """

    def __init__(self, ids: Iterable[uuid.UUID] = ()) -> None:
        self._bytes = bytearray()
        for run_id in ids:
            self.append(run_id)

    @property
    def packed(self) -> bytes:
        """The bytes of all ids, one after the other."""
        return bytes(self._bytes)

    def append(self, run_id: uuid.UUID) -> None:
        """Put an id after those that are there."""
        self._bytes += run_id.bytes

    def __len__(self) -> int:
        return len(self._bytes) // SIZE

    def __iter__(self) -> Iterator[uuid.UUID]:
        for number in range(len(self)):
            yield self[number]

    @overload
    def __getitem__(self, place: int) -> uuid.UUID: ...

    @overload
    def __getitem__(self, place: slice) -> "RunIds": ...

    def __getitem__(self, place: int | slice) -> "uuid.UUID | RunIds":
        if isinstance(place, slice):
            return RunIds(self[number] for number in range(*place.indices(len(self))))
        start = range(len(self))[place] * SIZE
        return uuid.UUID(bytes=bytes(self._bytes[start : start + SIZE]))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RunIds) and self._bytes == other._bytes

    __hash__ = None  # type: ignore[assignment]
