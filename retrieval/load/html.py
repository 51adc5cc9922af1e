"""HTML to Markdown, without what a reader would not see."""

import codecs
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ...platform.errors import InputError, missing_extra
from .base import LoadedDocument, LoadLimits, clean, decode, name_of, read_bytes, visible

_CHARSET = re.compile(rb"<meta[^>]{0,200}charset=[\"']?\s*([\w-]+)", re.IGNORECASE)
_DEEPEST = 200  # elements within each other; markdownify recurses
_DROPPED = frozenset({"script", "style", "noscript", "template", "svg", "iframe", "object", "nav", "head"})
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
        title, text = _to_markdown(markup, source)
        yield LoadedDocument(
            source, title or name_of(source), visible(text, source), self.media_type, "markdown"
        )


def _encoding(name: str) -> str:
    """The codec a page declares; a page that declares one Python does not know is read as UTF-8."""
    try:
        codec = codecs.lookup(name).name
    except LookupError:
        return "utf-8-sig"
    return "utf-8-sig" if codec in {"utf-8", "utf-16", "utf-16-le", "utf-16-be"} else codec


def _to_markdown(markup: str, source: str) -> tuple[str, str]:
    soup, convert = _parse(markup)
    unseen = _unseen(soup, source)
    heading = soup.find("title") or soup.find("h1")
    title = " ".join(heading.get_text().split()) if heading else ""
    for element in unseen:
        if not element.decomposed:
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


def _unseen(soup: Any, source: str) -> list[Any]:
    """What a reader does not see. One loop, because find_all takes time with the square of depth."""
    depth = {id(soup): 0}
    unseen = []
    for element in soup.descendants:
        if element.name is None:  # text
            continue
        depth[id(element)] = depth[id(element.parent)] + 1
        if depth[id(element)] > _DEEPEST:
            raise InputError(f"{source} nests more than {_DEEPEST} elements; flatten it first.")
        if element.name in _DROPPED or _is_hidden(element):
            unseen.append(element)
    return unseen


def _is_hidden(element: Any) -> bool:
    if element.has_attr("hidden") or element.get("aria-hidden") == "true":
        return True
    return bool(_HIDDEN.search(str(element.get("style", ""))))


def _parse(markup: str) -> tuple[Any, Any]:
    try:
        import lxml  # noqa: F401 (the parser that BeautifulSoup is told to use)
        from bs4 import BeautifulSoup
        from markdownify import MarkdownConverter
    except ImportError as error:
        raise missing_extra("beautifulsoup4, lxml or markdownify", "cpu") from error
    return BeautifulSoup(markup, "lxml"), MarkdownConverter
