"""Values as text between the two processes, and back."""

import ast
import datetime
import time
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from typing import Any
from uuid import UUID

from .errors import Stopped, error_of, kinds_of

_MOST, _PATIENCE = 10_000, 1.0
_LONGEST_RANGE = 1_000_000
_FACTORIES: dict[str, Callable[[], Any]] = {
    each.__name__: each for each in (int, float, str, list, dict, set, tuple)
}


def text_of(value: Any) -> str:
    """A value as text that ``value_of`` reads; raises TypeError with the name of a type that does not travel."""
    for kind, written in _WRITTEN:
        if isinstance(value, kind):
            return written(value)
    raise TypeError(type(value).__name__)


def _listed(values: Iterable[Any]) -> str:
    return f"[{', '.join(map(text_of, values))}]"


def _mapped(value: dict[Any, Any]) -> str:
    return f"{{{', '.join(f'{text_of(key)}: {text_of(each)}' for key, each in dict.items(value))}}}"


def _whole(value: int) -> str:
    """Hexadecimal where a decimal one would be refused for its length."""
    plain = int(value)
    return repr(plain) if plain.bit_length() < 1000 else hex(plain)


def _by_default(value: "defaultdict[Any, Any]") -> str:
    return f"defaultdict({getattr(value.default_factory, '__name__', '')!r}, {_mapped(value)})"


def _each(values: Iterator[Any]) -> str:
    """What an iterator gives, as far as that is many items or takes a second, and how it ends."""
    written, until, end = [], time.monotonic() + _PATIENCE, ["more"]
    try:
        for value in values:
            written.append(text_of(value))
            if len(written) >= _MOST or time.monotonic() > until:
                break
        else:
            end = []
    except TypeError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever the code raises is how it ends
        end = kinds_of(error)
    return f"each([{', '.join(written)}], {end!r})"


def _member(value: Enum) -> str:
    """A member of an enumeration that is a number or a text by itself."""
    if isinstance(value, int | str):
        return text_of(value.value)
    raise TypeError(type(value).__name__)


# In this order: a Counter is a dict, a time with a date is a date.
_WRITTEN: tuple[tuple[Any, Callable[[Any], str]], ...] = (
    (Enum, _member),
    ((type(None), bool, bytes), repr),
    (type(...), lambda value: "..."),
    (str, lambda value: ascii(str(value))),
    (int, _whole),
    (float, lambda value: repr(float(value))),
    (complex, lambda value: f"complex({value.real!r}, {value.imag!r})"),
    (list, _listed),
    (tuple, lambda value: f"({', '.join(map(text_of, value))}{',' if value else ''})"),
    (frozenset, lambda value: f"frozenset({_listed(value)})"),
    (set, lambda value: f"set({_listed(value)})"),
    (Counter, lambda value: f"Counter({_mapped(value)})"),
    (OrderedDict, lambda value: f"OrderedDict({_listed(value.items())})"),
    (defaultdict, _by_default),
    (dict, _mapped),
    (deque, lambda value: f"deque({_listed(value)}, {value.maxlen!r})"),
    ((range, bytearray, Decimal, Fraction, UUID, datetime.date, datetime.time, datetime.timedelta, datetime.timezone), repr),
    (type({}.keys()), lambda value: f"keys({_mapped(dict.fromkeys(value))})"),
    (type({}.values()), lambda value: f"values({_mapped(dict(enumerate(value)))})"),
    (type({}.items()), lambda value: f"pairs({_mapped(dict(value))})"),
    (Iterator, _each),
)  # fmt: skip


def value_of(text: str) -> Any:
    """The value of a text of ``text_of``; raises ValueError, SyntaxError or what a wrong argument raises for any other text."""
    return _made(ast.parse(text, mode="eval").body)


def _made(node: ast.expr) -> Any:
    match node:
        case ast.Constant(value=value):
            return value
        case ast.UnaryOp(op=ast.USub(), operand=operand) if isinstance(value := _made(operand), int | float):
            return -value
        case ast.List(elts=parts):
            return list(map(_made, parts))
        case ast.Tuple(elts=parts):
            return tuple(map(_made, parts))
        case ast.Dict(keys=keys, values=values) if None not in keys:
            return dict(zip(map(_made, filter(None, keys)), map(_made, values), strict=True))
        case ast.Name(id="inf" | "nan" as name):
            return float(name)
        case ast.Attribute() if ast.unparse(node) == "datetime.timezone.utc":
            return datetime.UTC
        case ast.Call(func=ast.Name() | ast.Attribute() as func, args=parts, keywords=named):
            make, allowed = _MAKERS[ast.unparse(func)]
            given = list(map(_made, parts))
            further = {str(each.arg): _made(each.value) for each in named}
            if all(isinstance(each, allowed) for each in (*given, *further.values())):
                return make(*given, **further)
    raise ValueError("no plain value")


def _range(*ends: int) -> range:
    made = range(*ends)
    if len(made) > _LONGEST_RANGE:
        raise ValueError("a range that is too long")
    return made


def _given(values: list[Any], end: list[str]) -> Iterator[Any]:
    """Iterates as the code's own iterator did."""
    yield from values
    if end == ["more"]:
        raise Stopped(f"was asked for more than {len(values)} items")
    if end:
        raise error_of(end, [], {})


_DATED = (int, datetime.tzinfo)
_MAKERS: dict[str, tuple[Callable[..., Any], Any]] = {
    "set": (set, list), "frozenset": (frozenset, list), "Counter": (Counter, dict), "OrderedDict": (OrderedDict, list),
    "defaultdict": (lambda name, held: defaultdict(_FACTORIES.get(name), held), (str, dict)), "keys": (dict.keys, dict),
    "values": (dict.values, dict), "pairs": (dict.items, dict), "deque": (deque, (list, int, type(None))), "range": (_range, int),
    "complex": (complex, float), "bytearray": (bytearray, bytes), "Decimal": (Decimal, str), "Fraction": (Fraction, int),
    "UUID": (UUID, str), "datetime.date": (datetime.date, int), "datetime.time": (datetime.time, _DATED),
    "datetime.datetime": (datetime.datetime, _DATED), "datetime.timedelta": (datetime.timedelta, int),
    "datetime.timezone": (datetime.timezone, (datetime.timedelta, str)), "each": (_given, list),
}  # fmt: skip
