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


def find_national(texts: list[str], kinds: Collection[str]) -> list[list[Finding]]:
    """Findings of each text of those of ``kinds`` that Presidio knows; others are left out."""
    known = recognizers() if kinds else {}
    wanted = [(kind, known[kind]) for kind in kinds if kind in known]
    return [
        [
            Finding(result.start, result.end, kind, float(result.score))
            for kind, recognizer in wanted
            for result in recognizer.analyze(text, [kind], None) or []
            if result.score >= MIN_SCORE
        ]
        if wanted and _WORTH_A_LOOK.search(text)
        else []
        for text in texts
    ]
