"""Text that PostgreSQL and UTF-8 take: without NUL and without halves of surrogate pairs."""

import json
import re
from contextlib import suppress
from typing import Any, TypeVar

import orjson

_Value = TypeVar("_Value")
_REFUSED = re.compile("[\0\ud800-\udfff]")
_INSTEAD = "\ufffd"
# JSON as people read it, for attributes of spans; json.dumps makes an encoder each time.
json_text = json.JSONEncoder(ensure_ascii=False).encode


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


def load_json(text: str | bytes) -> Any:
    """JSON of another program, as a value that can be stored: only an escape can bring what is refused.

    >>> load_json('{"a": "b\\\\u0000"}')
    {'a': 'b\ufffd'}
    """
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:  # of halves of surrogate pairs, and of what only Python takes for a number
        value = json.loads(text)
    escaped = "\\u" in text if isinstance(text, str) else b"\\u" in text
    return storable(value) if escaped else value


def dump_json(value: Any) -> bytes:
    """A value as JSON in UTF-8 that PostgreSQL takes.

    >>> dump_json(["a\\0"]).decode()
    '["a\ufffd"]'
    """
    # Raised for halves of surrogate pairs, and numbers of more than 64 bits.
    with suppress(TypeError):
        dumped = orjson.dumps(value)
        if b"\\u0000" not in dumped:
            return dumped
    return json.dumps(storable(value), ensure_ascii=False).encode()
