"""The write-ahead log of redacted spans: appended and synced before a run is acknowledged.

A log is a folder of segments, owned by one process through a file lock. A record is a 4-byte
length and a 4-byte CRC-32 (both little-endian) before its payload; a torn record at the end of a
segment, left by a crash, is not read, and what a disk has damaged is read around. ``stored`` holds how far the
span store has everything.
"""

import errno
import fcntl
import os
import struct
import threading
import time
import zlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO, NamedTuple

from ..database.base import new_id
from ..errors import PrerequisiteError

_HEAD = struct.Struct("<II")
# Seconds after which what a full disk did not take may be sent again.
FULL_RETRY = 30.0
# Read at once: each read lets other threads go on, and takes a while to come back.
_READ_BYTES = 1 << 18
SEGMENT_BYTES = 16 * 1024 * 1024


class Position(NamedTuple):
    """A place in a log: segment number and byte offset."""

    segment: int
    offset: int


class Entry(NamedTuple):
    """A payload and the position behind it; ``damaged``: what stands where records were that cannot be read any more."""

    payload: bytes
    after: Position
    damaged: bool = False


class WriteAheadLog:
    """One process's log below ``folder``; ``open`` takes over a log whose process has died."""

    def __init__(self, folder: Path, lock: IO[bytes]) -> None:
        self.folder = folder
        self._lock = lock
        self._stored = self._read_stored()
        # Bytes of each segment: asked for at every request, so the disk is not.
        self._sizes = {int(path.stem): path.stat().st_size for path in folder.glob("*.log")}
        self._segment = max(self._sizes, default=self._stored.segment - 1) + 1
        self._file: IO[bytes] | None = None
        # Threads append: that of a process's own runs, and that of spans from outside.
        self._appending = threading.Lock()
        self._waiting_since: float | None = None
        # Bytes that could not be appended, 0 after some that could.
        self._refused = 0

    @classmethod
    def create(cls, root: Path) -> "WriteAheadLog":
        """A new log below ``root``."""
        folder = root / new_id().hex
        try:
            folder.mkdir(parents=True)
            _sync_folder(root)
            lock = _try_lock(folder)
        except OSError as error:
            raise PrerequisiteError(f"{folder} cannot be made: {error.strerror}. Free some disk.") from error
        if lock is None:
            raise PrerequisiteError(f"{folder} is locked by another process.")
        return cls(folder, lock)

    @classmethod
    def orphans(cls, root: Path) -> Iterator["WriteAheadLog"]:
        """The logs below ``root`` whose processes have died, one at a time."""
        if not root.is_dir():
            return
        for folder in sorted(path for path in root.iterdir() if path.is_dir()):
            lock = _try_lock(folder)
            if lock is not None:
                yield cls(folder, lock)

    def append(self, payloads: list[bytes]) -> None:
        """Append records and wait until the disk has them.

        Raises PrerequisiteError when the disk is full; a half-written record is cut off again.
        """
        data = b"".join(_HEAD.pack(len(p), zlib.crc32(p)) + p for p in payloads)
        with self._appending:
            try:
                self._append(data)
                self._refused = 0
            except OSError as error:
                self._refused = len(data)
                raise PrerequisiteError(
                    f"The write-ahead log {self.folder} cannot be written: {error.strerror}. "
                    "Runs are not acknowledged until it can; free some disk.",
                    retry_after=FULL_RETRY,
                ).told_as(
                    f"The log of spans cannot be written: {error.strerror}. Runs are not acknowledged until it can."
                ) from error

    def _append(self, data: bytes) -> None:
        file = self._open()
        start = os.fstat(file.fileno()).st_size
        try:
            _write(file, data)
            os.fsync(file.fileno())
        except OSError:
            # Where even that fails, a torn record is left, which nobody reads.
            with suppress(OSError):
                file.truncate(start)
            self._sizes[self._segment] = os.fstat(file.fileno()).st_size
            # What is stored of a segment that nothing is appended to any more is removed, which gives room.
            self._roll()
            raise
        self._sizes[self._segment] = start + len(data)
        self._waiting_since = self._waiting_since or time.monotonic()
        if start + len(data) >= SEGMENT_BYTES:
            self._roll()

    def writable(self) -> bool:
        """Whether records can be appended: the last ones were, or the disk now takes as many bytes beside the log."""
        with self._appending:
            if self._refused and self._takes(bytes(self._refused)):
                self._refused = 0
            return not self._refused

    def _takes(self, data: bytes) -> bool:
        trial = self.folder / "trial"
        try:
            with trial.open("wb", buffering=0) as file:
                _write(file, data)
                os.fsync(file.fileno())
        except OSError:
            return False
        finally:
            trial.unlink(missing_ok=True)
        return True

    def read(self, limit: int = 1000) -> list[Entry]:
        """Up to ``limit`` entries that the span store does not have yet, oldest first."""
        entries: list[Entry] = []
        for segment in self._segments():
            if segment < self._stored.segment:
                continue
            start = self._stored.offset if segment == self._stored.segment else 0
            for entry in _entries(self._path(segment), segment, start, over=segment != self._segment):
                entries.append(entry)
                if len(entries) >= limit:
                    return entries
        return entries

    def mark_stored(self, position: Position) -> None:
        """Remember that everything up to ``position`` is in the store; whole segments are removed.

        So is the one that is appended to, once all of it is stored: a log keeps nothing that was erased from the store.
        They go first, for on a full disk the position cannot be noted before. Raises OSError where it still
        cannot: the next process stores what it finds again, which is harmless.
        """
        self._roll_at(position)
        rolled = position.segment != self._segment
        if rolled and position.offset >= self._sizes[position.segment]:
            position = Position(position.segment + 1, 0)
        self._stored = position
        for segment in self._segments():
            if segment < position.segment:
                self._path(segment).unlink()
                del self._sizes[segment]
        note = self.folder / "stored.new"
        note.write_text(f"{position.segment} {position.offset}")
        note.replace(self.folder / "stored")
        self._waiting_since = time.monotonic() if self.pending_bytes() else None

    def _roll_at(self, position: Position) -> None:
        """Begin another segment where nothing lies behind ``position``; whoever appends meanwhile puts something there."""
        if self._file is None or not self._appending.acquire(blocking=False):
            return
        try:
            if self._file is not None and position == (self._segment, self._sizes[self._segment]):
                self._roll()
        finally:
            self._appending.release()

    def pending_bytes(self) -> int:
        """Bytes that the span store does not have yet."""
        stored = self._stored
        sizes = {s: size for s, size in self._sizes.copy().items() if s >= stored.segment}
        return max(0, sum(sizes.values()) - (stored.offset if stored.segment in sizes else 0))

    def age(self) -> float:
        """Seconds for which the oldest entry has waited to be stored; 0 where none waits."""
        since = self._waiting_since
        return 0.0 if since is None else time.monotonic() - since

    def close(self) -> None:
        """Give the log up; its folder goes when nothing is left to store."""
        if self._file is not None:
            self._roll()
        if not self.read(limit=1):
            for path in self.folder.iterdir():
                path.unlink()
            try:
                self.folder.rmdir()
            except OSError as error:
                # A process that begins has just taken the log for an orphan, and removes the folder.
                if error.errno != errno.ENOTEMPTY:
                    raise
        self._lock.close()

    def _open(self) -> IO[bytes]:
        if self._file is None:
            self._file = self._path(self._segment).open("ab", buffering=0)
            _sync_folder(self.folder)
        return self._file

    def _roll(self) -> None:
        assert self._file is not None
        self._file.close()
        self._file = None
        self._segment += 1

    def _path(self, segment: int) -> Path:
        return self.folder / f"{segment:08d}.log"

    def _segments(self) -> list[int]:
        return sorted(self._sizes.copy())

    def _read_stored(self) -> Position:
        """What was noted last; where the note was lost or cut, all that is there is stored once more, which is harmless."""
        try:
            segment, offset = (self.folder / "stored").read_text().split()
            return Position(int(segment), int(offset))
        except (FileNotFoundError, ValueError):
            return Position(0, 0)


def _write(file: IO[bytes], data: bytes) -> None:
    """Write all of ``data`` to an unbuffered file, which may take it in parts."""
    rest = memoryview(data)
    while rest:
        rest = rest[file.write(rest) :]


def _entries(path: Path, segment: int, start: int, *, over: bool) -> Iterator[Entry]:
    """What a segment has from ``start`` on; nothing is appended any more to one that is ``over``."""
    with path.open("rb", buffering=_READ_BYTES) as file:
        file.seek(start)
        while True:
            payload = _next(file)
            damaged = payload is None
            if payload is None:
                file.seek(start)
                payload = _unreadable(file.read(), over)
                if not payload:
                    return
                file.seek(start + len(payload))
            start += len(payload) if damaged else _HEAD.size + len(payload)
            yield Entry(payload, Position(segment, start), damaged)


def _next(file: IO[bytes]) -> bytes | None:
    """The record that begins here; None where there is none, or not as it was written."""
    head = file.read(_HEAD.size)
    if len(head) < _HEAD.size:
        return None
    length, checksum = _HEAD.unpack(head)
    # No more than there is: room for all that a damaged length asks for would be made first.
    payload = file.read(min(length, os.fstat(file.fileno()).st_size))
    return payload if len(payload) == length and zlib.crc32(payload) == checksum else None


def _unreadable(rest: bytes, over: bool) -> bytes:
    """What lies before the next whole record; all where there is none, but nothing of what is torn or still being written."""
    torn = len(rest) < _HEAD.size or _HEAD.unpack_from(rest)[0] > len(rest) - _HEAD.size
    if torn and not over:
        return b""
    for offset in range(1, len(rest) - _HEAD.size):
        length, checksum = _HEAD.unpack_from(rest, offset)
        begin = offset + _HEAD.size
        if 0 < length <= len(rest) - begin and zlib.crc32(rest[begin : begin + length]) == checksum:
            return rest[:offset]
    return rest if over and not torn else b""


def _try_lock(folder: Path) -> IO[bytes] | None:
    """The lock of a log; None where a process holds it, or has ended meanwhile and taken the log away."""
    try:
        lock = (folder / "lock").open("ab")
    except FileNotFoundError:
        return None
    with suppress(BlockingIOError):
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.fstat(lock.fileno()).st_nlink:
            return lock
    lock.close()
    return None


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
