"""Words of a text for the lexical index: lowercased, without stop words, stemmed."""

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

from ..platform.errors import missing_extra

_WORD = re.compile(r"\d+(?:[.,]\d+)+|\w+")
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
    """Lowercased words in order; digit groups join (``1,600`` is ``1600``), a possessive s goes."""
    folded = unicodedata.normalize("NFKC", text).lower().replace("’", "'").replace("'s", "")
    return [word.replace(",", "") for word in _WORD.findall(folded)]
