"""Real text in other languages: the Debian handbook's translations, and translated messages of programs."""

import gettext
import html
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from .prose import HANDBOOK

# Places for values, and markup.
_VALUE = re.compile(r"%\(\w+\)[#0-9.]*[a-z]|%[#0-9.]*[sdif]|\{\w*\}")
_MARKUP = re.compile(r"<[^>]*>|&\w+;")
_PARAGRAPH = re.compile(r'<div class="para">(.*?)</div>|<p[^>]*>(.*?)</p>', re.DOTALL)
_TAG = re.compile(r"<[^>]+>")


def messages_of(folder: Path, language: str, name: str = "*.mo") -> Iterator[str]:
    """The messages of 8 to 300 characters below a folder, ``locale/LANGUAGE/LC_MESSAGES/NAME``, with 12 for each value.

    Those of ``en`` are what was translated to German.
    """
    translated = "de" if language == "en" else language
    for file in sorted(folder.rglob(f"locale/{translated}/LC_MESSAGES/{name}")):
        with file.open("rb") as stream:
            catalogue = gettext.GNUTranslations(stream)._catalog  # type: ignore[attr-defined]
        for key, value in catalogue.items():
            original = key if isinstance(key, str) else key[0]
            if not original or value == original:
                continue
            shown = original if language == "en" else value
            text = " ".join(_MARKUP.sub(" ", _VALUE.sub("12", shown)).split())
            if 8 <= len(text) <= 300:
                yield text


def handbook_of(language: str, root: Path = Path("/")) -> list[str]:
    """The translated paragraphs of 40 to 600 characters of the Debian handbook in a language, such as ``de-DE``."""
    english = set(_paragraphs(root / HANDBOOK))
    found = _paragraphs((root / HANDBOOK).with_name(language))
    return [text for text in found if 40 <= len(text) <= 600 and text not in english]


@cache
def _paragraphs(folder: Path) -> tuple[str, ...]:
    texts: dict[str, None] = {}
    for file in sorted(folder.glob("*.html")):
        source = file.read_text(encoding="utf-8", errors="replace")
        for parts in _PARAGRAPH.findall(source):
            texts[" ".join(html.unescape(_TAG.sub("", "".join(parts))).split())] = None
    return tuple(texts)
