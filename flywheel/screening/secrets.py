"""Keys and passwords in what a tool returns: they must not become a model's knowledge."""

import math
import re
from collections import Counter

from .base import Finding, Screen, screen

_KEYS = {
    "a private key": r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----",
    # Keys of AWS's own documentation end in EXAMPLE.
    "an AWS access key": r"\b(?:AKIA|ASIA)(?![0-9A-Z]{9}EXAMPLE\b)[0-9A-Z]{16}\b",
    "a GitHub token": r"\b(?:gh[pousr]_[A-Za-z0-9]{36}|github_pat_\w{60,})\b",
    "a GitLab token": r"\bglpat-[\w-]{20,}",
    "a Slack token": r"\bxox[abprs]-[\w-]{10,}",
    "a Stripe key": r"\b[rs]k_live_[A-Za-z0-9]{20,}",
    "a Google key": r"\bAIza[\w-]{35}\b",
    "an OpenAI or Anthropic key": r"\bsk-(?:proj-|ant-)?[A-Za-z0-9_-]{24,}",
    "a Hugging Face token": r"\bhf_[A-Za-z0-9]{30,}\b",
    "a key of Whorl": r"\bwhorl_[\w-]{32,}",
    "a signed token": r"(?<![\w-])(?>[\w-]*?\b(?=eyJ))(eyJ[\w-]{10,}+\.eyJ[\w-]{10,}+\.[\w-]{10,})",
    "an address with a password": r"\b[a-z][a-z0-9+]{0,60}://[^\s:/@]+:[^\s:/@<>{}$*]{6,}@[\w.-]+",
}
_COMPILED = {said: re.compile(pattern) for said, pattern in _KEYS.items()}
# Not part of a longer name, as in arn:…:secret:NAME, nor an address to change a password at.
_ASSIGNED = re.compile(
    r"(?<!\d:)\b(?:api[_-]?key|secret(?:[_-]?key)?|access[_-]?token|auth[_-]?token|client[_-]?secret|passw(?:or)?d)\b[\"']?\s*[:=]\s*[\"']?(?!https?://)([^\s\"',;<>{}()$]{12,})",
    re.IGNORECASE,
)
# Bits a character: below it are words and placeholders, above it what a generator wrote.
_RANDOM = 3.4
SCORE = 0.95


class Secrets:
    """See :class:`Screen`."""

    name = "secrets"

    def find(self, text: str) -> list[Finding]:
        found = [
            Finding(*match.span(match.lastindex or 0), SCORE, self.name, f"holds what looks like {said}")
            for said, pattern in _COMPILED.items()
            for match in pattern.finditer(text)
        ]
        found += [
            Finding(match.start(1), match.end(1), SCORE, self.name, "holds what looks like a password or key")
            for match in _ASSIGNED.finditer(text)
            if entropy(match[1]) >= _RANDOM
            and any(map(str.isdigit, match[1]))
            and any(map(str.isalpha, match[1]))
        ]
        return found


def entropy(text: str) -> float:
    """Shannon entropy in bits a character.

    >>> entropy("aabb")
    1.0
    """
    return -sum(n / len(text) * math.log2(n / len(text)) for n in Counter(text).values())


@screen
def secrets() -> Screen:
    """Keys, tokens and passwords."""
    return Secrets()
