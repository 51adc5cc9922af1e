"""JSON lines: one object, one document."""

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ...platform.errors import InputError
from .base import LoadedDocument, LoadLimits, MetadataValue, clean, decode

TEXT_FIELDS = ("text", "content", "body", "contents", "passage")
ID_FIELDS = ("id", "_id", "doc_id")


class JsonlLoader:
    """``text`` (or another of TEXT_FIELDS), optionally ``title`` and ``id`` (or another of ID_FIELDS).

    Other fields that are strings, numbers or booleans, at the top or under ``metadata``, become
    metadata. Read line by line: a file of any length takes the memory of its longest line.
    """

    media_type = "application/jsonl"
    suffixes = (".jsonl", ".ndjson")

    def load(self, file: Path, source: str, limits: LoadLimits) -> Iterator[LoadedDocument]:
        seen: set[str] = set()
        for number, line in _lines(file, source, limits):
            document = _document(line, number, source)
            if document.source in seen:
                raise InputError(f"{source}, line {number}: {document.source!r} came before.")
            seen.add(document.source)
            yield document
        if not seen:
            raise InputError(f"{source} is empty.")


def _lines(file: Path, source: str, limits: LoadLimits) -> Iterator[tuple[int, bytes]]:
    with file.open("rb") as handle:
        number = 0
        while line := handle.readline(limits.record_bytes + 2):
            number += 1
            if len(line.rstrip(b"\r\n")) > limits.record_bytes:
                raise InputError(
                    f"{source}, line {number}: the record is longer than {limits.record_bytes:,} bytes."
                )
            if line.strip():
                yield number, line


def _document(line: bytes, number: int, source: str) -> LoadedDocument:
    where = f"{source}, line {number}"
    record = _record(line, where)
    field = next((name for name in TEXT_FIELDS if isinstance(record.get(name), str)), None)
    if field is None or not record[field].strip():
        raise InputError(f"{where}: no text; give it in one of {', '.join(TEXT_FIELDS)}.")
    key = next((name for name in ID_FIELDS if isinstance(record.get(name), str | int)), None)
    title = record.get("title")
    return LoadedDocument(
        source=f"{source}#{clean(str(record[key])) if key else number}",
        title=clean(title) if isinstance(title, str) else "",
        text=clean(record[field]),
        media_type="text/plain",
        metadata=_metadata(record, {field, key, "title", "metadata"}),
        file=source,
    )


def _record(line: bytes, where: str) -> dict[str, Any]:
    text = decode(line, where)
    try:
        record = json.loads(text)
    except json.JSONDecodeError as error:
        raise InputError(f"{where}: not JSON: {error.msg} at column {error.colno}.") from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"{where}: not JSON that can be read: {error}.") from error
    if not isinstance(record, dict):
        raise InputError(f"{where}: expected an object, got {type(record).__name__}.")
    return record


def _metadata(record: dict[str, Any], used: set[str | None]) -> dict[str, MetadataValue]:
    nested = record.get("metadata")
    fields = {name: value for name, value in record.items() if name not in used}
    fields = (nested if isinstance(nested, dict) else {}) | fields
    return {
        clean(name): clean(value) if isinstance(value, str) else value
        for name, value in fields.items()
        if isinstance(value, str | int | bool) or (isinstance(value, float) and math.isfinite(value))
    }
