"""What stands in the place of a hidden value."""

import hashlib
import hmac
import re
from collections import Counter
from typing import NamedTuple

from .policy import RedactionPolicy, TenantPolicy, folded

# Numbers are counted within a run; twelve hexadecimal digits are a keyed hash.
PLACEHOLDER = re.compile(r"<[A-Z_]+_(?:\d+|[0-9a-f]{12})>")
# Of long numbers the last digits stay, as receipts have it.
_LONG, _SHOWN = 12, 4


class Hidden(NamedTuple):
    """What stands for a value, and the value's kind."""

    text: str
    kind: str


class Placeholders:
    """What stands for the values of one run: the same value (by case-folded text) has the same."""

    def __init__(self, tenant: TenantPolicy | None = None) -> None:
        self.tenant = tenant or TenantPolicy(RedactionPolicy())
        self.by_value: dict[str, Hidden] = {}
        self._counts: Counter[str] = Counter()

    def of(self, value: str, kind: str) -> Hidden:
        """What stands for a value; placeholders are numbered by first appearance."""
        key = folded(value)
        if key not in self.by_value:
            self.by_value[key] = Hidden(self._hide(value, key, kind), kind)
        return self.by_value[key]

    def number_on(self, text: str) -> None:
        """Give new values numbers after those of the placeholders that stand in ``text``."""
        for placeholder in PLACEHOLDER.findall(text):
            kind, _, number = placeholder.strip("<>").rpartition("_")
            if number.isdigit():
                self._counts[kind] = max(self._counts[kind], int(number))

    def _hide(self, value: str, key: str, kind: str) -> str:
        operator = self.tenant.policy.operator(kind)
        if operator == "mask":
            return mask(value)
        if operator == "hash":
            digest = hmac.new(self.tenant.hash_key, f"{kind}\0{key}".encode(), hashlib.sha256).hexdigest()
            return f"<{kind}_{digest[:12]}>"
        self._counts[kind] += 1
        return f"<{kind}_{self._counts[kind]}>"


def mask(value: str) -> str:
    """Asterisks for letters and digits; the last four digits of long numbers stay.

    >>> mask("4111 1111 1111 1111")
    '**** **** **** 1111'
    """
    digits = sum(character.isdigit() for character in value)
    letters = sum(character.isalpha() for character in value)
    left = digits - _SHOWN if digits >= _LONG and 2 * letters < digits else digits
    masked = []
    for character in value:
        left -= character.isdigit()
        hidden = character.isalpha() or (character.isdigit() and left >= 0)
        masked.append("*" if hidden else character)
    return "".join(masked)
