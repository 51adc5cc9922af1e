"""Load a file or a folder, each file by the loader of its suffix."""

from collections.abc import Iterator
from pathlib import Path

from ...platform.errors import InputError
from .base import LoadedDocument, Loader, LoadLimits
from .docx import DocxLoader
from .html import HtmlLoader
from .jsonl import JsonlLoader
from .markdown import MarkdownLoader, TextLoader
from .pdf import PdfLoader

LOADERS: tuple[Loader, ...] = (
    MarkdownLoader(),
    TextLoader(),
    HtmlLoader(),
    PdfLoader(),
    DocxLoader(),
    JsonlLoader(),
)
_BY_SUFFIX = {suffix: loader for loader in LOADERS for suffix in loader.suffixes}


def load_path(
    path: Path, limits: LoadLimits = LoadLimits(), failed: dict[str, str] | None = None
) -> Iterator[LoadedDocument]:
    """Documents of a file or, recursively, of a folder; sources are relative to the folder.

    In a folder, hidden files, links and files of other formats are passed over. One that cannot be read is noted in
    ``failed``, by its source with the reason, and the next is read; without ``failed`` it raises InputError.
    """
    if path.is_dir():
        for file in find_files(path):
            source = file.relative_to(path).as_posix()
            try:
                yield from load_file(file, source, limits)
            except InputError as error:
                if failed is None:
                    raise
                failed[source] = error.message
        return
    yield from load_file(path, path.name, limits)


def find_files(folder: Path) -> list[Path]:
    """The loadable files below ``folder``, sorted; InputError where there is none."""
    files = sorted(
        file
        for file in folder.rglob("*")
        if file.suffix.lower() in _BY_SUFFIX
        and file.is_file()
        and not file.is_symlink()
        and not any(part.startswith(".") for part in file.relative_to(folder).parts)
    )
    if not files:
        raise InputError(f"{folder} holds no file of a known format ({_known()}).")
    return files


def load_file(
    file: Path,
    source: str,
    limits: LoadLimits = LoadLimits(),
) -> Iterator[LoadedDocument]:
    """Documents of one file, called ``source`` in errors and results; an upload has such a name."""
    if not file.exists():
        raise InputError(f"{file} does not exist.")
    if not file.is_file():
        raise InputError(f"{file} is not a file.")
    loader = _BY_SUFFIX.get(Path(source).suffix.lower()) or _BY_SUFFIX.get(file.suffix.lower())
    if loader is None:
        raise InputError(f"{source} is of no known format ({_known()}).")
    yield from loader.load(file, source, limits)


def _known() -> str:
    return ", ".join(sorted(_BY_SUFFIX))
