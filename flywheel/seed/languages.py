"""Real text in other languages: the Debian handbook's translations, and translated messages of programs."""

import gettext
import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from .prose import HANDBOOK, paragraphs_of

# Places for values, and markup.
_VALUE = re.compile(r"%\(\w+\)[#0-9.]*[a-z]|%[#0-9.]*[sdif]|\{\w*\}")
_MARKUP = re.compile(r"<[^>]*>|&\w+;")


def read_messages(folder: Path, languages: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Each message of each language once; raises FileNotFoundError where the folder has none of any language."""
    messages = {language: tuple(dict.fromkeys(messages_of(folder, language))) for language in languages}
    if not any(messages.values()):
        raise FileNotFoundError(f"{folder} has no messages of programs (locale/de/LC_MESSAGES/*.mo).")
    return messages


def messages_of(folder: Path, language: str) -> Iterator[str]:
    """The messages of 8 to 300 characters below a folder, ``locale/LANGUAGE/LC_MESSAGES/*.mo``, with 12 for each value.

    Those of ``en`` are what was translated to German.
    """
    translated = "de" if language == "en" else language
    for file in sorted(folder.rglob(f"locale/{translated}/LC_MESSAGES/*.mo")):
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
    sources = (file.read_text(encoding="utf-8", errors="replace") for file in sorted(folder.glob("*.html")))
    return tuple(
        dict.fromkeys(" ".join(text.split()) for source in sources for text in paragraphs_of(source))
    )
