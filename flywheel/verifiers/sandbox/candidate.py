"""The process that executes the code: it has no tests, is cut off, and answers calls."""

import ast
import importlib
import os
import re
import sys
import types
from collections.abc import Iterable, Iterator
from typing import Any

from .errors import kinds_of
from .values import text_of, value_of
from .walls import NoWall, cut_off

LONGEST = 1_000_000
# Loaded before the process is cut off, whose user may not read where Python is installed; others only if the code names them.
_READY = (
    "__future__ _strptime array base64 bisect calendar cmath collections contextlib copy dataclasses datetime decimal "
    "encodings.ascii encodings.hex_codec encodings.latin_1 encodings.rot_13 encodings.unicode_escape encodings.utf_16 enum "
    "fractions functools hashlib heapq itertools json math operator random re statistics string textwrap time typing"
)
_AT_WILL = (
    "abc ast binascii codecs collections.abc colorsys concurrent.futures contextvars copyreg csv difflib dis doctest "
    "graphlib hmac html html.entities html.parser inspect io ipaddress keyword linecache locale logging numbers pathlib pickle "
    "platform pprint queue quopri reprlib sched secrets shlex signal stringprep struct sys tempfile threading timeit token "
    "tokenize traceback types unicodedata unittest urllib.parse uuid warnings weakref xml.etree.ElementTree zlib"
)


def answer_calls(code: str, names: list[str], calls: Iterable[str], answers: int) -> None:
    """Define the functions, then call them with what comes, for ever."""
    with os.fdopen(answers, "w", encoding="utf-8") as out:

        def tell(*answer: object) -> None:
            out.write(ascii(answer) + "\n")
            out.flush()

        try:
            space = defined(code)
        except BaseException as error:  # noqa: BLE001 - whatever the code raises is why it is not defined
            tell(0, "undefined", _told(error), "")
            return
        if not callable(space.get(names[0])):
            tell(0, "undefined", f"defines no function {names[0]}", "")
            return
        for line in calls:
            number, name, in_place, arguments, named = value_of(line)
            tell(number, *answered(space.get(name), in_place, arguments, named))


def defined(code: str) -> dict[str, Any]:
    """The names of the code, as a module of its own."""
    module = types.ModuleType("candidate")
    sys.modules["candidate"] = module
    exec(compile(code, "<reply>", "exec"), module.__dict__)
    return module.__dict__


def _told(error: BaseException) -> str:
    if isinstance(error, SyntaxError):
        return f"has a SyntaxError in line {error.lineno}: {error.msg}"[:200]
    return f"raised {type(error).__name__} as it was loaded: {error}"[:200]


def answered(
    function: Any, in_place: bool, arguments: tuple[Any, ...], named: dict[str, Any]
) -> tuple[str, str, str]:
    """Kind of answer, its text, and the arguments where they are not any more what they were."""
    before = text_of((arguments, named)) if not _has_iterator((arguments, named)) else None
    try:
        value = function(*arguments, **named)
    except BaseException as error:  # noqa: BLE001 - whatever the code raises is its answer
        return "raised", text_of([kinds_of(error), _arguments(error)]), ""
    try:
        # What a statement returns is seen by nobody.
        text = "None" if in_place else text_of(value)
        after = before and text_of((arguments, named))
    except (TypeError, RecursionError) as error:
        return "unsent", str(error) if isinstance(error, TypeError) else "value in itself", ""
    if len(text) + len(after or "") > LONGEST:
        return "unsent", "value that is too long", ""
    return "value", text, after or "" if after != before else ""


def _has_iterator(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(_has_iterator, value.values()))
    return isinstance(value, Iterator) or (isinstance(value, list | tuple) and any(map(_has_iterator, value)))


def _arguments(error: BaseException) -> list[Any]:
    try:
        return list(error.args) if len(text_of(list(error.args))) < 1000 else []
    except (TypeError, RecursionError):
        return [str(error)[:200]]


def serve(names: list[str], megabytes: int, seconds: int) -> None:
    """The second process: read the code, be cut off, answer. Calls come on 3, answers go to 4."""
    with os.fdopen(3, "r", encoding="utf-8") as calls:
        code = ast.literal_eval(calls.readline())
        words = set(re.findall(r"\w+", code))
        at_will = [module for module in _AT_WILL.split() if module.split(".")[0] in words]
        for module in (*_READY.split(), *at_will):
            importlib.import_module(module)
        try:
            cut_off(megabytes, seconds)
        except NoWall as error:
            os.write(4, (ascii((0, "no wall", str(error), "")) + "\n").encode())
            os._exit(3)
        answer_calls(code, names, calls, 4)
