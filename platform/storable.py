"""Text that PostgreSQL and UTF-8 take: without NUL and without halves of surrogate pairs."""

import re
from typing import Any, TypeVar

_Value = TypeVar("_Value")
_REFUSED = re.compile("[\0\ud800-\udfff]")
_INSTEAD = "\ufffd"


def storable(value: _Value) -> _Value:
    """A text, or a JSON value with all its texts, where U+FFFD stands for what cannot be stored.

    >>> storable({"a\\0": ["b\\ud800", 1]})
    {'a\ufffd': ['b\ufffd', 1]}
    """
    changed: Any = value
    if isinstance(value, str):
        if value.isascii() and "\0" not in value:
            return value
        changed = _REFUSED.sub(_INSTEAD, value)
    elif isinstance(value, dict):
        changed = {storable(key): storable(each) for key, each in value.items()}
    elif isinstance(value, list | tuple):
        changed = [storable(each) for each in value]
    return changed  # type: ignore[no-any-return]
