"""Values of other programs as plain data that every store takes."""

import ast
import base64
import json
import math
from collections.abc import Iterable
from typing import Any

from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue

from ...storable import storable

# Python's own notation is read from texts no longer than this: its parser is slow and deep.
_LITERAL = 100_000
_MOST_NESTED = 64
_EMPTY: tuple[Any, ...] = (None, "", [], {})
_encode = json.JSONEncoder(ensure_ascii=False, default=str).encode


def plain_value(value: AnyValue) -> Any:
    """A protobuf value as JSON has it: bytes are base64, what JSON has no number for is text.

    >>> plain_value(AnyValue(double_value=float("nan")))
    'nan'
    """
    match value.WhichOneof("value"):
        case "string_value":
            return storable(value.string_value)
        case "bool_value":
            return value.bool_value
        case "int_value":
            return value.int_value
        case "double_value":
            number = value.double_value
            return number if math.isfinite(number) else str(number)
        case "array_value":
            return [plain_value(item) for item in value.array_value.values]
        case "kvlist_value":
            return plain_attributes(value.kvlist_value.values)
        case "bytes_value":
            return base64.b64encode(value.bytes_value).decode()
    return None


def plain_attributes(pairs: Iterable[KeyValue]) -> dict[str, Any]:
    """Attributes by name, the last of each."""
    return {storable(pair.key): plain_value(pair.value) for pair in pairs}


def storable_value(value: Any, depth: int = _MOST_NESTED) -> Any:
    """A value of JSON as every store takes it: what JSON has no number for is text, and so is what is nested too deep.

    >>> storable_value({"a": [float("inf"), "b\\0"]})
    {'a': ['inf', 'b\ufffd']}
    """
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if not isinstance(value, dict | list):
        return value
    if not depth:
        return storable(str(value)[:_LITERAL])
    if isinstance(value, list):
        return [storable_value(item, depth - 1) for item in value]
    return {storable(str(name)): storable_value(item, depth - 1) for name, item in value.items()}


def parsed(value: Any) -> Any:
    """JSON text, or a list or mapping in Python's notation, as its value; all else as it is.

    >>> parsed('{"a": 1}'), parsed("[{'role': 'user'}]"), parsed("Hello")
    ({'a': 1}, [{'role': 'user'}], 'Hello')
    """
    if not isinstance(value, str) or value.lstrip()[:1] not in ("{", "[", '"'):
        return value
    try:
        found = json.loads(value)
    except (ValueError, RecursionError):
        found = _literal(value)
    brackets = value.count("[") + value.count("{")
    return value if brackets > _MOST_NESTED and _too_deep(found) else found


def _too_deep(value: Any) -> bool:
    """Whether lists and objects are nested so deep that walking through them is not safe."""
    level = [value]
    for _ in range(_MOST_NESTED):
        level = [
            inner
            for outer in level
            if isinstance(outer, dict | list)
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]
        if not level:
            return False
    return True


def _literal(text: str) -> Any:
    if len(text) > _LITERAL or text.lstrip()[:1] == '"':
        return text
    try:
        found = ast.literal_eval(text.strip())
    except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
        return text
    return found if isinstance(found, dict | list) else text


def as_text(value: Any) -> str:
    """A value as text: a string as it is, all else as JSON."""
    if value is None:
        return ""
    return value if isinstance(value, str) else as_json(value)


def as_json(value: Any) -> str:
    """JSON text of a value; what JSON has no form for is written as Python does."""
    return storable(_encode(value))


def as_count(value: Any) -> int | None:
    """A count of tokens, however it was written; None where it is none.

    >>> as_count("31"), as_count(12.0), as_count(-1), as_count("many")
    (31, 12, None, None)
    """
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        count = int(value)
    except (ValueError, OverflowError):
        return None
    return count if 0 <= count < 2**53 else None


def first(attributes: dict[str, Any], *names: str) -> Any:
    """The first of several attributes that says something.

    >>> first({"a": "", "b": 2}, "a", "b")
    2
    """
    for name in names:
        value = attributes.get(name)
        if value or value not in _EMPTY:
            return value
    return None


def nested(attributes: dict[str, Any], prefix: str) -> Any:
    """What flattened attributes stand for: names are split at dots, numbers make lists.

    >>> nested({"m.0.role": "user", "m.1.role": "tool", "n": 1}, "m.")
    [{'role': 'user'}, {'role': 'tool'}]
    """
    tree: dict[str, Any] = {}
    for name, value in attributes.items():
        if name.startswith(prefix):
            _plant(tree, name.removeprefix(prefix).split("."), value)
    return _listed(tree)


def _plant(tree: dict[str, Any], path: list[str], value: Any) -> None:
    if len(path) > 20:
        return
    for step in path[:-1]:
        below = tree.get(step)
        if not isinstance(below, dict):
            below = tree[step] = {}
        tree = below
    tree.setdefault(path[-1], value)


def _listed(tree: Any) -> Any:
    if not isinstance(tree, dict) or not tree:
        return tree
    if all(step.isdecimal() and len(step) < 10 for step in tree):
        return [_listed(tree[step]) for step in sorted(tree, key=int)]
    return {step: _listed(below) for step, below in tree.items()}
