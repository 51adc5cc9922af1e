"""What a loader takes and gives, and the checks that all formats share."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Protocol, TypeAlias

from ...platform.errors import InputError
from ..blocks import Markup

MetadataValue: TypeAlias = str | int | float | bool
Metadata: TypeAlias = Mapping[str, MetadataValue]


@dataclass(frozen=True)
class LoadLimits:
    """Bytes: of one JSON line, of a file that is read whole, and of an archive once unpacked; characters of a document's text."""

    record_bytes: int = 8 * 2**20
    file_bytes: int = 100 * 2**20
    unpacked_bytes: int = 500 * 2**20
    text_characters: int = 50_000_000


@dataclass(frozen=True)
class LoadedDocument:
    """``source`` names it within a collection; ``text`` is what offsets of chunks point into.

    ``file`` is the source of a file that has several documents, of each of which the source begins with it and ``#``.
    """

    source: str
    title: str
    text: str
    media_type: str
    markup: Markup = "plain"
    metadata: Metadata = field(default_factory=dict)
    file: str = ""


class Loader(Protocol):
    """One format. Raises InputError with a sentence that names ``source``."""

    @property
    def media_type(self) -> str: ...

    @property
    def suffixes(self) -> tuple[str, ...]: ...

    def load(self, file: Path, source: str, limits: LoadLimits) -> Iterator[LoadedDocument]: ...


def within(pieces: Iterable[str], source: str, limits: LoadLimits) -> Iterator[str]:
    """The pieces of a text as they come; raises InputError where they are more together than a document may have."""
    size = 0
    for piece in pieces:
        size += len(piece)
        if size > limits.text_characters:
            raise InputError(
                f"{source} has more than {limits.text_characters:,} characters of text. Split the file."
            )
        yield piece


def name_of(source: str) -> str:
    """What a document is called whose content says nothing: an upload lies under another name than it came with.

    >>> name_of("guides/opening-hours.txt")
    'opening-hours'
    """
    return PurePosixPath(source).stem


def read_bytes(file: Path, source: str, limits: LoadLimits) -> bytes:
    """The whole file; empty and oversized ones are refused."""
    size = file.stat().st_size
    if size == 0:
        raise InputError(f"{source} is empty.")
    if size > limits.file_bytes:
        raise InputError(f"{source} has {size:,} bytes; the limit is {limits.file_bytes:,}. Split the file.")
    return file.read_bytes()


def read_text(file: Path, source: str, limits: LoadLimits) -> str:
    """The whole file as UTF-8 text with visible characters."""
    return visible(decode(read_bytes(file, source, limits), source), source)


def decode(data: bytes, source: str, encoding: str = "utf-8-sig") -> str:
    """Strictly decoded and cleaned; binary data is refused."""
    if b"\0" in data[:65536] and not encoding.lower().startswith(("utf-16", "utf-32", "utf_16")):
        raise InputError(f"{source} is binary, not text.")
    try:
        return clean(data.decode(encoding))
    except UnicodeDecodeError as error:
        name = "UTF-8" if encoding == "utf-8-sig" else encoding
        raise InputError(
            f"{source} is not valid {name}: byte 0x{data[error.start]:02x} at offset "
            f"{error.start:,}. Save the file as UTF-8."
        ) from error


def clean(text: str) -> str:
    """Line feeds only, and nothing that PostgreSQL refuses: no NUL, no lone surrogate."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")
    return text.encode("utf-8", "replace").decode() if _has_surrogate(text) else text


def visible(text: str, source: str) -> str:
    """``text``, refused where it shows nothing."""
    if not text.strip():
        raise InputError(f"{source} has no text.")
    return text


def _has_surrogate(text: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in text) if not text.isascii() else False
