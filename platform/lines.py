"""Text and JSON lines from a file or from standard input, for the commands that people script."""

import gzip
import io
import json
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

from .errors import InputError
from .storable import storable

LONGEST = 16_000_000
# One of these has every object that is not plain text itself.
_READ = frozenset({"text", "messages"})
STANDARD_INPUT = "-"
_PACKED = b"\x1f\x8b"  # how gzip begins, RFC 1952


class Record(NamedTuple):
    """One record and where it stands; of ``plain`` text there is one, ``{"text": …}``."""

    fields: dict[str, object]
    where: str
    plain: bool = False

    def text(self, name: str) -> str:
        """The field ``name`` as text; raises InputError where it is missing or no text."""
        value = self.fields.get(name)
        if not isinstance(value, str):
            seen = "is missing" if value is None else f"is {type(value).__name__}, not text"
            raise InputError(f"{self.where}: the field {name!r} {seen}.")
        return value


def read_records(source: str, *, plain: bool = True) -> Iterator[Record]:
    """The records of a file, or of standard input for ``-``, line by line.

    Where the first line with anything on it is a JSON object, every line is one. Other input is one JSON object, or a
    list of them, over as many lines as it likes; where ``plain``, it is that only if each has a text or messages,
    and else one record of plain text. What gzip has packed is unpacked.

    Raises:
        InputError: missing or empty input, no UTF-8, a broken gzip file, a line that is no JSON object, or a line or other
            input longer than 16 MB.
    """
    if source == STANDARD_INPUT:
        yield from _unpacked(sys.stdin.buffer, "standard input", plain)
        return
    path = Path(source)
    if not path.is_file():
        raise InputError(f"{source} is {'a folder' if path.is_dir() else 'not there'}; give a file, or - .")
    with path.open("rb") as handle:
        yield from _unpacked(handle, source, plain)


def _unpacked(handle: BinaryIO, source: str, plain: bool) -> Iterator[Record]:
    buffered = handle if isinstance(handle, io.BufferedReader) else io.BufferedReader(handle)  # type: ignore[type-var]
    if buffered.peek(len(_PACKED))[: len(_PACKED)] != _PACKED:
        yield from _records(buffered, source, plain)
        return
    try:
        with gzip.open(buffered) as unpacked:
            yield from _records(unpacked, source, plain)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise InputError(f"{source} is no whole gzip file ({error}); pack it again.") from error


def _records(handle: BinaryIO | gzip.GzipFile, source: str, plain: bool) -> Iterator[Record]:
    skipped, number, line = b"", 0, b""
    while not line.strip():
        skipped += line
        line, number = _line(handle, source, number)
        if not line:
            raise InputError(f"{source} is empty.")
    first = _object(line)
    if first is None and not plain and line.lstrip()[:1] in (b"[", b"{"):
        yield from _whole(skipped + line + handle.read(LONGEST + 1), source, number)
        return
    if first is None and plain:
        data = skipped + line + handle.read(LONGEST + 1)
        records = _told(data, source, number) if line.lstrip()[:1] in (b"[", b"{") else []
        if records:
            yield from records
        elif line.lstrip().startswith(b"{"):
            raise _refusal(line, f"{source}, line {number}")
        else:
            yield _text(data, source)
        return
    while line:
        if line.strip():
            where = f"{source}, line {number}"
            fields = _object(line)
            if fields is None:
                raise _refusal(line, where)
            yield Record(fields, where)
        line, number = _line(handle, source, number)


def _whole(data: bytes, source: str, number: int) -> Iterator[Record]:
    """Objects of a file that is one JSON value; ``number`` is the line that is none by itself."""
    value = _json(data) if len(data) <= LONGEST else None
    if isinstance(value, dict):
        yield Record(value, source)
    elif isinstance(value, list) and value:
        for at, fields in enumerate(value, 1):
            if not isinstance(fields, dict):
                raise InputError(f"{source}, entry {at} is not a JSON object.")
            yield Record(fields, f"{source}, entry {at}")
    elif len(data) > LONGEST:
        raise InputError(
            f"{source}, line {number} is not a JSON object, nor can the whole be one of more than {LONGEST:,} bytes; "
            "give a JSON object a line."
        )
    else:
        raise _refusal(data, f"{source}, line {number}")


def _told(data: bytes, source: str, number: int) -> list[Record]:
    """The records of a file that is one JSON object or a list of them, each with a field that is read; else none."""
    try:
        records = list(_whole(data, source, number))
    except InputError:
        return []
    return records if all(_READ & record.fields.keys() for record in records) else []


def _refusal(data: bytes, where: str) -> InputError:
    try:
        data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return InputError(f"{where} is not UTF-8 text (byte {error.start}); save it as UTF-8.")
    return InputError(f"{where} is not a JSON object.")


def _line(handle: BinaryIO | gzip.GzipFile, source: str, number: int) -> tuple[bytes, int]:
    line = handle.readline(LONGEST + 1)
    if len(line) > LONGEST:
        raise InputError(f"{source}, line {number + 1}: longer than {LONGEST:,} bytes.")
    return line, number + 1


def _text(data: bytes, source: str) -> Record:
    if len(data) > LONGEST:
        raise InputError(f"{source}: plain text of more than {LONGEST:,} bytes; give JSON lines.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{source} is not UTF-8 text (byte {error.start}).") from error
    if "\0" in text:
        raise InputError(f"{source} is binary, not text.")
    return Record({"text": text}, source, plain=True)


def _object(line: bytes) -> dict[str, object] | None:
    value = _json(line)
    return value if isinstance(value, dict) else None


def _json(data: bytes) -> object:
    """A value in which every text can be printed and stored, or None."""
    try:
        value = json.loads(data.decode("utf-8-sig"))
    except (json.JSONDecodeError, UnicodeDecodeError, RecursionError):
        return None
    return storable(value) if b"\\u" in data else value
