"""Runs put aside on disk while something is made of them, so that memory stays bounded whatever their number."""

import pickle
import sqlite3
from array import array
from collections.abc import Callable, Iterator
from contextlib import closing
from types import TracebackType
from typing import Generic, Self, TypeVar

_Run = TypeVar("_Run")


class Spool(Generic[_Run]):
    """Runs in the order in which they were added, to be read as often as needed; use as a context.

    A private database that SQLite keeps in a temporary file (https://www.sqlite.org/inmemorydb.html)
    and removes when it is closed. Of its pages some 30 MB are held in memory.
    """

    def __init__(self) -> None:
        self._base = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._base.execute("PRAGMA cache_size = -30000")
        self._base.execute("PRAGMA temp_store = FILE")
        self._base.execute("CREATE TABLE runs (n INTEGER PRIMARY KEY, body BLOB)")
        self._base.execute("BEGIN")

    def add(self, run: _Run) -> None:
        """Put a run after those that are there."""
        self._base.execute(
            "INSERT INTO runs (body) VALUES (?)", (pickle.dumps(run, pickle.HIGHEST_PROTOCOL),)
        )

    def __iter__(self) -> Iterator[_Run]:
        return (run for _, run in self._numbered())

    def __len__(self) -> int:
        return int(self._base.execute("SELECT count(*) FROM runs").fetchone()[0])

    def groups(self, key: Callable[[_Run], str | None]) -> Iterator[list[_Run]]:
        """The runs of one key together, keys in the order of their first run; those of key None are left out.

        One group at a time is in memory.
        """
        with closing(self._base.cursor()) as cursor:
            cursor.execute("CREATE TEMP TABLE keyed (key TEXT, n INTEGER)")
            try:
                keyed = ((key(run), n) for n, run in self._numbered())
                cursor.executemany(
                    "INSERT INTO keyed VALUES (?, ?)", (pair for pair in keyed if pair[0] is not None)
                )
                yield from self._together(cursor)
            finally:
                cursor.execute("DROP TABLE keyed")

    def _together(self, cursor: sqlite3.Cursor) -> Iterator[list[_Run]]:
        cursor.execute("SELECT min(n) OVER (PARTITION BY key) AS first, n FROM keyed ORDER BY first, n")
        group: list[_Run] = []
        before = None
        for first, n in cursor:
            if first != before and group:
                yield group
                group = []
            before = first
            group.append(self._read(n))
        if group:
            yield group

    def discard(self, unwanted: Callable[[_Run], bool]) -> int:
        """Drop runs, asked for in their order; returns how many went."""
        gone = array("q", (n for n, run in self._numbered() if unwanted(run)))
        self._base.executemany("DELETE FROM runs WHERE n = ?", ((n,) for n in gone))
        return len(gone)

    def _numbered(self) -> Iterator[tuple[int, _Run]]:
        with closing(self._base.cursor()) as cursor:
            for n, body in cursor.execute("SELECT n, body FROM runs ORDER BY n"):
                yield n, pickle.loads(body)

    def _read(self, n: int) -> _Run:
        (body,) = self._base.execute("SELECT body FROM runs WHERE n = ?", (n,)).fetchone()
        run: _Run = pickle.loads(body)
        return run

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._base.close()
