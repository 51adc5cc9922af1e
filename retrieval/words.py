"""Words of a text for the lexical index: lowercased, without stop words, stemmed."""

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import regex

from ..platform.errors import missing_extra

_ASCII_WORD = re.compile(r"\d+(?:[.,]\d+)+|\w+")
# Letters and digits as ``\w`` of ``re`` has them, with the signs that combine with them, as the vowels of Hindi do.
_WORD = r"[\p{L}\p{N}_](?:[\p{L}\p{N}_]|(?![\ufe00-\ufe0f])[\p{Mn}\p{Mc}])*+"
WORD = regex.compile(_WORD)
_NUMBER_OR_WORD = regex.compile(rf"\d+(?:[.,]\d+)+|{_WORD}")
# Scripts that set no blanks between words.
_UNPARTED = regex.compile(r"([\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\u30fc]+)")
# The English stop words of Lucene's EnglishAnalyzer
# (https://lucene.apache.org/core/9_0_0/analysis/common/org/apache/lucene/analysis/en/EnglishAnalyzer.html)
# and the auxiliaries, pronouns and question words that carry no topic.
_LISTED = """
a an and are as at be but by for if in into is it no not of on or such that the their then there
these they this to was will with
am been being did do does had has have he her hers him his how i its me my our she than them those
us we were what when where which who whom whose why would you your
"""
STOP_WORDS = frozenset(_LISTED.split())


@dataclass(frozen=True)
class WordRules:
    """Which words count: ``stem`` names a Snowball language, or is empty for none."""

    stop_words: frozenset[str] = STOP_WORDS
    stem: str = "english"

    @cached_property
    def _stem(self) -> Callable[[Sequence[str]], list[str]]:
        if not self.stem:
            return list
        try:
            import Stemmer
        except ImportError as error:
            raise missing_extra("PyStemmer", "cpu") from error
        return Stemmer.Stemmer(self.stem).stemWords  # type: ignore[no-any-return]

    def __call__(self, text: str) -> list[str]:
        """
        >>> WordRules()("The boiler's 1,600 valves were leaking")
        ['boiler', '1600', 'valv', 'leak']
        """
        return self._stem([word for word in plain_words(text) if word not in self.stop_words])


def plain_words(text: str) -> list[str]:
    """Lowercased words in order; digit groups join (``1,600`` is ``1600``), a possessive s goes.

    Of a run of Chinese, Japanese or Thai characters every two neighbours are a word.

    >>> plain_words("東京都の Tower")
    ['東京', '京都', '都の', 'tower']
    """
    folded = unicodedata.normalize("NFKC", text).lower().replace("’", "'").replace("'s", "")
    if folded.isascii():
        return [word.replace(",", "") for word in _ASCII_WORD.findall(folded)]
    words = (word.replace(",", "") for word in _NUMBER_OR_WORD.findall(folded))
    return [part for word in words for part in _parts(word)]


def _parts(word: str) -> Iterator[str]:
    for number, part in enumerate(_UNPARTED.split(word)):
        if number % 2 and len(part) > 1:
            yield from (part[at : at + 2] for at in range(len(part) - 1))
        elif part:
            yield part
