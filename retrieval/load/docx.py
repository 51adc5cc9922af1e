"""Word documents to Markdown."""

import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

from ...platform.errors import InputError, missing_extra
from .base import LoadedDocument, LoadLimits, clean, name_of, read_bytes, visible, within

_MOST_COLUMNS = 1000
_LEVEL = re.compile(r"Heading ([1-6])")


class DocxLoader:
    """Headings, lists and tables by their Word styles; images and comments are left out."""

    media_type = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
    suffixes = (".docx",)

    def load(self, file: Path, source: str, limits: LoadLimits) -> Iterator[LoadedDocument]:
        read_bytes(file, source, limits)
        _check_archive(file, source, limits)
        document = _open(file, source)
        with _readable(source):
            parts = list(
                within((_part(item, source) for item in document.iter_inner_content()), source, limits)
            )
        text = visible(clean(_join([part for part in parts if part])), source)
        title = str(document.core_properties.title or "") or name_of(source)
        yield LoadedDocument(source, clean(title), text, self.media_type, "markdown")


def _check_archive(file: Path, source: str, limits: LoadLimits) -> None:
    """A small archive can unpack to an enormous one, so its directory is read first."""
    try:
        with zipfile.ZipFile(file) as archive:
            size = sum(entry.file_size for entry in archive.infolist())
    except zipfile.BadZipFile as error:
        raise InputError(f"{source} is not a DOCX, or is encrypted.") from error
    if size > limits.unpacked_bytes:
        raise InputError(f"{source} unpacks to {size:,} bytes; the limit is {limits.unpacked_bytes:,}.")


def _open(file: Path, source: str) -> Any:
    try:
        from docx import Document
    except ImportError as error:
        raise missing_extra("python-docx", "cpu") from error
    with _readable(source):
        return Document(str(file))


@contextmanager
def _readable(source: str) -> Iterator[None]:
    """A damaged archive makes python-docx fail in any of its layers, with any exception."""
    try:
        yield
    except InputError:
        raise
    except Exception as error:
        raise InputError(f"{source} is not a DOCX that can be read: {error}.") from error


def _part(item: Any, source: str) -> str:
    if hasattr(item, "rows"):
        return _table([_cells(row, source) for row in item.rows])
    text = item.text.strip()
    style = (item.style.name or "") if item.style is not None else ""
    level = _LEVEL.match(style)
    if not text:
        return ""
    if level or style == "Title":
        return f"{'#' * (int(level.group(1)) if level else 1)} {' '.join(text.split())}"
    return f"- {' '.join(text.split())}" if style.startswith("List") else text


def _cells(row: Any, source: str) -> list[str]:
    """The texts of a row's cells; one that spans columns stands in each of them, so how many it spans is looked at before."""
    if sum(cell.grid_span for cell in row._tr.tc_lst) > _MOST_COLUMNS:
        raise InputError(f"{source} has a table of more than {_MOST_COLUMNS:,} columns.")
    return [" ".join(cell.text.split()) for cell in row.cells]


def _table(rows: list[list[str]]) -> str:
    lines = [f"| {' | '.join(cell.replace('|', '/') for cell in row)} |" for row in rows]
    if not lines:
        return ""
    return "\n".join([lines[0], f"|{' --- |' * len(rows[0])}", *lines[1:]])


def _join(parts: list[str]) -> str:
    """List items follow one another on lines; all else is set off by a blank line."""
    text = parts[0] if parts else ""
    for before, part in pairwise(parts):
        tight = before.startswith("- ") and part.startswith("- ")
        text += ("\n" if tight else "\n\n") + part
    return text
