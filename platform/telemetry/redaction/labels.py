"""What the key of a value says about it: a number under ``phone`` is one to call, a word under ``password`` is one.

Where patterns want such a word nearby, the value is searched behind its key, as it would stand in a sentence.
"""

import re
from collections.abc import Callable

# Before a label; no text of a program begins so.
MARK = "\x1f"
_SEPARATOR = ": "
# Where a key's words begin: behind an underscore or another sign, and at a capital.
_BREAK = re.compile(r"[\W_]+|(?<=[a-z0-9])(?=[A-Z])")
_TELLING = re.compile(
    r"(?i)\b(?:pass ?words?|passwd|pwd|pass ?phrase|pass ?code|pin|secrets?|tokens?|"
    r"(?:api|access|private|signing|encryption) ?keys?|"
    r"auth|authorization|credentials?|ssn|social security|passports?|licen[cs]e|phones?|tel|telephones?|mobiles?|cell|fax|"
    r"whats ?app|cvv2?|cvc2?|security code|zip|postal|post ?code|bank|routing|account|card|exp|expiry|expires|expiration|age)\b"
)
_MOST = 4096
_labels: dict[str, str] = {}


def label_of(key: str) -> str:
    """The words of a key that says what its value is; empty for any other.

    >>> label_of("homePhone_number"), label_of("client_secret"), label_of("title")
    ('home Phone number', 'client secret', '')
    """
    if key not in _labels:
        words = " ".join(_BREAK.sub(" ", key[:80]).split())
        label = words if _TELLING.search(words) else ""
        if len(_labels) >= _MOST:
            return label
        _labels[key] = label
    return _labels[key]


def no_label(key: str) -> str:
    """Of no key is anything known."""
    return ""


def labelled(value: str, change: Callable[[str], str], label: str) -> str:
    """A value as ``change`` leaves it where it stands behind its label."""
    lead = f"{MARK}{label}{_SEPARATOR}"
    changed = change(lead + value)
    return changed[len(lead) :] if changed.startswith(lead) else change(value)


def lead_of(text: str) -> int:
    """How many characters of a text are the label of its value.

    >>> lead_of("\\x1fphone: 5"), lead_of("phone: 5")
    (8, 0)
    """
    return text.index(_SEPARATOR) + len(_SEPARATOR) if text.startswith(MARK) else 0
