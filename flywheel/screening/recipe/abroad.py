"""What tools return in other languages: the Debian handbook's translations, messages of programs, sentences of our own."""

import zlib
from dataclasses import dataclass
from pathlib import Path
from random import Random

from ...seed.languages import handbook_of, read_messages
from . import words
from .grammar import expand
from .statements import STATEMENTS

# The handbook's translation and the folder of programs' messages; "" where there is none.
LANGUAGES = {
    "de": ("de-DE", "de"), "fr": ("fr-FR", "fr"), "es": ("es-ES", "es"), "it": ("it-IT", "it"), "pt": ("pt-BR", "pt_BR"),
    "nl": ("nl-NL", "nl"), "sv": ("sv-SE", "sv"), "da": ("da-DK", "da"), "nb": ("nb-NO", "nb"), "pl": ("pl-PL", "pl"),
    "cs": ("cs-CZ", "cs"), "ru": ("ru-RU", "ru"), "uk": ("", "uk"), "tr": ("tr-TR", "tr"), "zh": ("zh-CN", "zh_Hans"),
    "ja": ("ja-JP", "ja"), "ko": ("ko-KR", "ko"), "ar": ("ar-MA", "ar"), "hi": ("", "hi"), "id": ("id-ID", "id"),
    "vi": ("vi-VN", "vi"), "el": ("el-GR", "el"), "ro": ("ro-RO", "ro"), "hu": ("", "hu"), "fi": ("", "fi"),
    "ca": ("ca-ES", "ca"), "hr": ("hr-HR", "hr"), "sk": ("", "sk"),
}  # fmt: skip
# Languages that are drawn more often, and English, of which there are messages alone.
COMMON, ENGLISH = ("de", "fr", "es", "it", "pt", "nl", "pl", "sv", "cs"), "en"
# Lines that are drawn of a language and a source, once.
_DRAWN, _DRAWN_ENGLISH = 140, 800


@dataclass(frozen=True)
class Abroad:
    """Passages of the handbook by language, and messages of programs by language, those in English among them."""

    passages: dict[str, list[str]]
    messages: dict[str, list[str]]

    def part(self, held_out: bool) -> "Abroad":
        """One text in ten, by checksum, or all others."""
        return Abroad(_part(self.passages, held_out), _part(self.messages, held_out))

    def lines(self, language: str, draw: Random) -> list[str]:
        """Lines that a tool returns in a language; of English, messages alone."""
        if language == ENGLISH:
            return _some(self.messages.get(ENGLISH, []), _DRAWN_ENGLISH, draw)
        said = STATEMENTS.get(language, ())
        return [
            *_some(self.passages.get(language, []), _DRAWN, draw),
            *_some(self.messages.get(language, []), _DRAWN, draw),
            *(expand(draw.choice(said), words.LISTS, draw) for _ in range(_DRAWN if said else 0)),
        ]


def read_abroad(messages: Path) -> Abroad:
    """All of it; ``messages`` is a folder with ``locale/LANGUAGE/LC_MESSAGES/*.mo``, raises FileNotFoundError without them."""
    folders = {language: folder for language, (_, folder) in LANGUAGES.items()} | {ENGLISH: ENGLISH}
    found = read_messages(messages, folders.values())
    books = {language: handbook_of(book) for language, (book, _) in LANGUAGES.items() if book}
    return Abroad(books, {language: list(found[folder]) for language, folder in folders.items()})


def _part(texts: dict[str, list[str]], held_out: bool) -> dict[str, list[str]]:
    return {
        language: [text for text in each if (zlib.crc32(text.encode()) % 10 == 0) == held_out]
        for language, each in texts.items()
    }


def _some(texts: list[str], count: int, draw: Random) -> list[str]:
    return draw.sample(texts, min(count, len(texts)))
