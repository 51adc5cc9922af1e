"""Identity numbers of many countries, by Presidio's recognizers, where a policy asks for their kinds.

https://microsoft.github.io/presidio/supported_entities/
"""

import re
from collections.abc import Collection
from functools import cache
from typing import Any

from .base import Finding

MIN_SCORE = 0.4
# What a text needs to hold one of these numbers.
_WORTH_A_LOOK = re.compile(r"\d")
# The prefix of a country before the rest of a telephone number, such as "+1 (", which is surer to be one than this.
_DIALLED = re.compile(r"(?:\+|(?<![\w.])00)\d{1,3}\)?[ .\u00a0/-]{0,2}\(?$")
_LONGEST_PREFIX, _UNSURE = 10, 0.7
_PREFIX = re.compile(
    r"^(?:AU|CA|DE|ES|FI|IN|IT|KR|NG|PH|PL|SE|SG|TH|TR|UK|US|ZA)_|^(?:ABA_ROUTING_NUMBER|MEDICAL_LICENSE)$"
)


@cache
def recognizers() -> dict[str, Any]:
    """Presidio's pattern recognizers of national numbers, by kind: ``UK_NHS``, ``ES_NIF``, ``IN_PAN`` …"""
    import presidio_analyzer.predefined_recognizers as predefined
    from presidio_analyzer import PatternRecognizer

    found: dict[str, Any] = {}
    for name in predefined.__all__:
        made = getattr(predefined, name, None)
        if not isinstance(made, type) or not issubclass(made, PatternRecognizer) or made is PatternRecognizer:
            continue
        recognizer = made()
        for kind in recognizer.supported_entities:
            if _PREFIX.match(kind):
                found.setdefault(kind, recognizer)
    return found


def _score(text: str, result: Any) -> float:
    """How sure a result is: behind a country's prefix less than that it is a part of a telephone number."""
    before = text[max(0, result.start - _LONGEST_PREFIX) : result.start]
    most = _UNSURE if _DIALLED.search(before) else 1.0
    return min(float(result.score), most)


def find_national(texts: list[str], kinds: Collection[str]) -> list[list[Finding]]:
    """Findings of each text of those of ``kinds`` that Presidio knows; others are left out."""
    known = recognizers() if kinds else {}
    wanted = [(kind, known[kind]) for kind in kinds if kind in known]
    return [
        [
            Finding(result.start, result.end, kind, _score(text, result))
            for kind, recognizer in wanted
            for result in recognizer.analyze(text, [kind], None) or []
            if result.score >= MIN_SCORE
        ]
        if wanted and _WORTH_A_LOOK.search(text)
        else []
        for text in texts
    ]
