"""PDF text layers."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ...platform.errors import InputError, missing_extra
from .base import LoadedDocument, LoadLimits, clean, name_of, read_bytes, within


class PdfLoader:
    """Pages joined by blank lines. Scanned pages have no text layer and are refused."""

    media_type = "application/pdf"
    suffixes = (".pdf",)

    def load(self, file: Path, source: str, limits: LoadLimits) -> Iterator[LoadedDocument]:
        data = read_bytes(file, source, limits)
        if b"%PDF-" not in data[:1024]:
            raise InputError(f"{source} is not a PDF: it does not start with %PDF-.")
        title, pages = _read(file, source, limits)
        text = clean("\n\n".join(page.strip() for page in pages if page.strip()))
        if not text:
            raise InputError(f"{source} has no text layer; run OCR on it first.")
        yield LoadedDocument(
            source, title or name_of(source), text, self.media_type, metadata={"pages": len(pages)}
        )


def _read(file: Path, source: str, limits: LoadLimits) -> tuple[str, list[str]]:
    reader_class, password_error = _pypdf()
    try:
        reader = reader_class(file)
        if reader.is_encrypted and not reader.decrypt(""):
            raise InputError(f"{source} is encrypted; remove its password first.")
        title = str(reader.metadata.title or "") if reader.metadata else ""
        return clean(" ".join(title.split())), list(
            within((page.extract_text() for page in reader.pages), source, limits)
        )
    except InputError:
        raise
    except password_error as error:
        raise InputError(f"{source} is encrypted; remove its password first.") from error
    # A damaged file makes pypdf fail in any of its layers, with any exception.
    except Exception as error:
        raise InputError(f"{source} is a damaged PDF: {error or type(error).__name__}.") from error


def _pypdf() -> tuple[Any, Any]:
    try:
        from pypdf import PdfReader
        from pypdf.errors import DependencyError, FileNotDecryptedError, WrongPasswordError
    except ImportError as error:
        raise missing_extra("pypdf", "cpu") from error
    return PdfReader, (FileNotDecryptedError, WrongPasswordError, DependencyError)
