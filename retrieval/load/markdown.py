"""Markdown and plain text files."""

import re
from collections.abc import Iterator
from pathlib import Path

from .base import LoadedDocument, LoadLimits, name_of, read_text, visible

_FRONT_MATTER = re.compile(r"---[ \t]*\n(.*?)\n(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_FRONT_TITLE = re.compile(r"^title:[ \t]*[\"']?(.+?)[\"']?[ \t]*$", re.MULTILINE)
_HEADING = re.compile(r"^#{1,2}[ \t]+(.+?)[ \t]*#*$", re.MULTILINE)


class MarkdownLoader:
    """The title is the front matter's, else the first heading, else the file's name."""

    media_type = "text/markdown"
    suffixes = (".md", ".markdown")

    def load(self, file: Path, source: str, limits: LoadLimits) -> Iterator[LoadedDocument]:
        text = read_text(file, source, limits)
        front = _FRONT_MATTER.match(text)
        titles = _FRONT_TITLE.search(front.group(1)) if front else None
        body = visible(text[front.end() :] if front else text, source)
        titles = titles or _HEADING.search(body)
        title = titles.group(1) if titles else name_of(source)
        yield LoadedDocument(source, title, body, self.media_type, "markdown")


class TextLoader:
    """Plain text; the title is the file's name."""

    media_type = "text/plain"
    suffixes = (".txt", ".text", ".log")

    def load(self, file: Path, source: str, limits: LoadLimits) -> Iterator[LoadedDocument]:
        text = read_text(file, source, limits)
        yield LoadedDocument(source, name_of(source), text, self.media_type)
