"""Looks for words in every file below a folder and in every table of a database."""

import re
from collections.abc import Iterable
from pathlib import Path

import psycopg


def found_in(text: str, needles: Iterable[str]) -> list[str]:
    """Those of the needles that stand in ``text``, without regard to case and white space.

    Or as they are in the hexadecimal digits that PostgreSQL writes bytes in.
    """
    folded = re.sub(r"\s+", " ", text).casefold()
    return [needle for needle in needles if needle.casefold() in folded or needle.encode().hex() in folded]


def in_files(folder: Path, needles: Iterable[str]) -> list[str]:
    """``path: needle`` for each needle in a file below ``folder``."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert files
    return [
        f"{path}: {needle}"
        for path in files
        for needle in found_in(path.read_bytes().decode("utf-8", "replace"), needles)
    ]


def in_tables(url: str, needles: Iterable[str], *, but: Iterable[str] = ()) -> list[str]:
    """``table: needle`` for each row that holds a needle, in every table ``but`` some."""
    with psycopg.connect(url) as connection:
        query = """SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND NOT relispartition
                   AND relnamespace = 'public'::regnamespace"""
        every = {name for (name,) in connection.execute(query)}
        assert {"spans", "outcomes", "procrastinate_jobs"} <= every
        names = sorted(every - set(but))
        rows = [(name, connection.execute(f'SELECT t::text FROM "{name}" t').fetchall()) for name in names]
    return [
        f"{name}: {needle}" for name, found in rows for (row,) in found for needle in found_in(row, needles)
    ]
