"""Whether a value, of JSON or of a state, has what a reference names."""

from collections.abc import Mapping
from typing import Any


def holds(value: Any, expected: Any) -> bool:
    """Whether ``value`` has all that ``expected`` has, however deep; objects may have more, but an empty one is empty.

    >>> holds({"a": {"b": 1.0, "c": 2}}, {"a": {"b": 1}}), holds([1, 2], [1]), holds(True, 1), holds({"a": 1}, {})
    (True, False, False, False)
    """
    if isinstance(expected, Mapping):
        if not expected or not isinstance(value, Mapping):
            return isinstance(value, Mapping) and not value and not expected
        return all(key in value and holds(value[key], each) for key, each in expected.items())
    if isinstance(expected, list):
        same = isinstance(value, list) and len(value) == len(expected)
        return same and all(map(holds, value, expected))
    if _is_number(value) and _is_number(expected):
        return bool(value == expected)
    return type(value) is type(expected) and bool(value == expected)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
