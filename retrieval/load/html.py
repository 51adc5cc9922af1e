"""HTML to Markdown, without what a reader would not see."""

import codecs
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ...platform.errors import InputError, missing_extra
from .base import LoadedDocument, LoadLimits, clean, decode, read_bytes, visible

_CHARSET = re.compile(rb"<meta[^>]{0,200}charset=[\"']?\s*([\w-]+)", re.IGNORECASE)
_DROPPED = ("script", "style", "noscript", "template", "svg", "iframe", "object", "nav", "head")
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_BLANK_LINES = re.compile(r"\n[ \t]*\n(?:[ \t]*\n)+")


class HtmlLoader:
    """Scripts, styles, navigation and hidden elements go; headings, lists and tables stay."""

    media_type = "text/html"
    suffixes = (".html", ".htm", ".xhtml")

    def load(self, file: Path, source: str, limits: LoadLimits) -> Iterator[LoadedDocument]:
        data = read_bytes(file, source, limits)
        declared = _CHARSET.search(data[:4096])
        markup = decode(data, source, _encoding(declared.group(1).decode()) if declared else "utf-8-sig")
        try:
            title, text = _to_markdown(markup)
        except RecursionError as error:
            raise InputError(f"{source} nests its elements too deeply to be read.") from error
        yield LoadedDocument(
            source, title or file.stem, visible(text, source), self.media_type, "markdown"
        )


def _encoding(name: str) -> str:
    """The codec a page declares; a page that declares one Python does not know is read as UTF-8."""
    try:
        codec = codecs.lookup(name).name
    except LookupError:
        return "utf-8-sig"
    return "utf-8-sig" if codec in {"utf-8", "utf-16", "utf-16-le", "utf-16-be"} else codec


def _to_markdown(markup: str) -> tuple[str, str]:
    soup, convert = _libraries(markup)
    heading = soup.find("title") or soup.find("h1")
    title = " ".join(heading.get_text().split()) if heading else ""
    for element in soup.find_all(_DROPPED):
        element.decompose()
    for element in soup.find_all(_is_hidden):
        element.decompose()
    converter = convert(
        heading_style="ATX",
        bullets="-",
        strip=["a", "img"],
        escape_asterisks=False,
        escape_underscores=False,
        escape_misc=False,
    )
    text = clean(converter.convert_soup(soup))
    return title, _BLANK_LINES.sub("\n\n", text).strip()


def _is_hidden(element: Any) -> bool:
    if element.decomposed or element.attrs is None:
        return False
    if element.has_attr("hidden") or element.get("aria-hidden") == "true":
        return True
    return bool(_HIDDEN.search(str(element.get("style", ""))))


def _libraries(markup: str) -> tuple[Any, Any]:
    try:
        from bs4 import BeautifulSoup
        from markdownify import MarkdownConverter
    except ImportError as error:
        raise missing_extra("beautifulsoup4 or markdownify", "load") from error
    return BeautifulSoup(markup, "html.parser"), MarkdownConverter
