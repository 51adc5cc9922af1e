"""The verifier of code: how replies and tests are written, what travels between the processes, and what no test can be told."""

import doctest
from typing import Any

import pytest

from whorl.flywheel.verifiers import programs
from whorl.flywheel.verifiers.base import Attempt, Verdict, find
from whorl.platform.errors import InputError


def judged(reply: str, tests: str | list[str], **further: Any) -> Verdict:
    return find("unit_tests").judge({"tests": tests, **further})(Attempt(reply))


RIGHT = "def f(n):\n    return n + 1\n"
WRONG = "def f(n):\n    return n\n"
CHECK = "def check(candidate):\n    assert candidate(1) == 2\n"


def test_examples_of_docstrings() -> None:
    assert doctest.testmod(programs) == (0, 2)


@pytest.mark.parametrize(
    "reply",
    [
        f"```Python\n{RIGHT}```", f"```python3\n{RIGHT}```", f"```py\n{RIGHT}```", f"~~~\n{RIGHT}~~~", f"```\n{RIGHT}",
        f"```python\n{RIGHT}```\nUse it so:\n```python\nprint(f(1))\nassert f(1) == 5\n```", RIGHT.replace("\n", "\r\n"),
        f"```python\n{RIGHT}```\n".replace("\n", "\r\n"), f"```python\n{WRONG}```\nBetter:\n```python\n{RIGHT}```",
        "```python\nONE = 1\ndef one(): return ONE\nwhile True: pass\n```\n```python\ndef f(n): return n + one()\n```",
        "```python\ndef f(n): return n + one()\n```\n```python\nfrom solution import f\ndef one(): return 1\n```",
        f"1. Write it:\n   ```python\n   {RIGHT.replace(chr(10), chr(10) + '   ')}\n   ```", "f = lambda n: n + 1",
        f"```sh\npython f.py\n```\n```python\n{RIGHT}```\n```\n2\n```", f"from __future__ import annotations\n{RIGHT}",
        "from __future__ import annotations\nfrom dataclasses import *\n@dataclass\nclass P:\n    n: int\nf = lambda n: P(n).n + 1",
    ],
)  # fmt: skip
def test_a_program_is_found_however_the_reply_is_written(reply: str) -> None:
    setup = 'import math\n\ndef f(n):\n    """One more."""\n'
    assert judged(reply, CHECK, entry_point="f", setup=setup) == Verdict(1.0, "right")


@pytest.mark.parametrize(
    ("setup", "body"),
    [
        ("def f(n):\n", "    return n + 1"), ("def f(n):\n    '''One more.'''\n", "return n + 1"),
        ("def f(n):\n", "```python\n    return n + 1\n```"), ("def f(n):\n", "```python\nif n:\n    n += 1\nreturn n\n```"),
        ("Complete this.\n", RIGHT),
    ],
)  # fmt: skip
def test_a_body_follows_its_signature(setup: str, body: str) -> None:
    assert judged(body, CHECK, entry_point="f", setup=setup) == Verdict(1.0, "right")


UNITTEST = (
    "import unittest\nclass T(unittest.TestCase):\n    def test(self):\n        self.assertEqual(f(1), 2)\n"
)


@pytest.mark.parametrize(
    "tests",
    [
        "assert f(1) == 2", ["assert f(1) == 2", "assert f(4) == 5"], "import math\nassert math.isclose(f(1), 2.0)",
        "assert set([f(1)]) == {2}", "def test_one():\n    assert f(1) == 2", "def test(candidate):\n    assert candidate(1) == 2",
        f"{CHECK}def test_it():\n    check(f)\ntest_it()\n", UNITTEST, "import numpy\nassert numpy.allclose(f(1), 2)",
        "def check(given):\n    for n, m in [(1, 2), (3, 4)]:\n        assert given(n) == m",
    ],
)  # fmt: skip
def test_tests_are_read_however_they_are_written(tests: str | list[str]) -> None:
    further = {"entry_point": "f"} if "check" in tests or "candidate" in tests else {}
    assert judged(RIGHT, tests, **further) == Verdict(1.0, "right")
    assert judged(WRONG, tests, **further).score == 0.0


def test_tests_may_call_several_functions_of_the_reply() -> None:
    tests = "assert back(forth(3)) == 3\nassert forth(3) == 4"
    right = "def forth(n): return n + 1\ndef back(n): return n - 1"
    assert judged(right, tests) == Verdict(1.0, "right")
    assert judged("def forth(n): return n\ndef back(n): return n", tests).score == 0.0


@pytest.mark.parametrize(
    ("tests", "words"),
    [
        ("assert 1 == 1", "call no function by its name"), ("def check(candidate):\n    candidate(1)", "assert nothing"),
        ("assert f(1) ==", "no Python"), (CHECK, "give it as entry_point"), ("[", "no Python"),
    ],
)  # fmt: skip
def test_tests_that_are_none_are_refused(tests: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        find("unit_tests").judge({"tests": tests})


VALUES = {
    "from collections import Counter\ndef f(n): return Counter('aab')": (
        "f(1) == {'a': 2, 'b': 1} and f(1).most_common(1) == [('a', 2)]"
    ),
    "from collections import *\ndef f(n): return OrderedDict(a=n), defaultdict(int, b=n), deque([n], 3)": (
        "f(1)[0] == {'a': 1} and f(1)[1]['c'] == 0 and f(1)[2].maxlen == 3"
    ),
    "from decimal import Decimal\ndef f(n): return Decimal('1.50')": "str(f(1)) == '1.50'",
    "from fractions import Fraction\ndef f(n): return {Fraction(1, 3): [n]}": "f(1).popitem()[0] * 3 == 1",
    "from datetime import *\ndef f(n): return datetime(2024, 2, n, tzinfo=timezone.utc), timedelta(days=n), date(2024, 1, n)": (
        "f(1)[0].isoformat() == '2024-02-01T00:00:00+00:00' and f(1)[1].days == 1 and f(1)[2].year == 2024"
    ),
    "import uuid\ndef f(n): return uuid.UUID(int=n)": "f(1).int == 1",
    "def f(n):\n    yield n\n    yield n + 1": "list(f(1)) == [1, 2] and next(f(1)) == 1",
    "import itertools\ndef f(n): return itertools.count(n)": "next(f(1)) == 1",
    "def f(n): return map(str, range(n)), {n: 2}.keys(), {n: 2}.values(), {n: 2}.items()": (
        "(g := f(1)) and list(g[0]) == ['0'] and g[1] == {1} and list(g[2]) == [2] and g[3] == {(1, 2)}"
    ),
    "def f(n): return range(n), frozenset({n}), {n}, set(), bytearray(b'x'), b'y', 1j, ...": (
        "f(1) == (range(1), {1}, {1}, set(), b'x', b'y', 1j, ...)"
    ),
    "def f(n): return 2 ** 20_000, -n, float('-inf'), None, True, (n,), ()": (
        "f(1) == (1 << 20_000, -1, float('-inf'), None, True, (1,), ())"
    ),
    "from enum import IntEnum\nclass E(IntEnum):\n    A = 1\ndef f(n): return E.A": "f(1) == 1",
    "from typing import NamedTuple\nclass P(NamedTuple):\n    x: int\ndef f(n): return P(n)": "f(1) == (1,)",
    "import queue, unicodedata, zlib, csv, pprint, traceback\ndef f(n): return unicodedata.name('a')": (
        "f(1)[:5] == 'LATIN'"
    ),
}  # fmt: skip


@pytest.mark.parametrize("code", VALUES)
def test_values_of_common_types_come_back(code: str) -> None:
    assert judged(code, f"assert {VALUES[code]}") == Verdict(1.0, "right")


def test_arguments_of_common_types_are_handed_over() -> None:
    code = (
        "def f(*given, **named):\n"
        "    return [type(each).__name__ for each in (*given, *named.values())], [list(each) for each in given]"
    )
    tests = (
        "got = f(range(2), frozenset({1}), (n for n in [5]), by={1: 2})\n"
        "assert got == (['range', 'frozenset', 'generator', 'dict'], [[0, 1], [1], [5]])"
    )
    assert judged(code, tests) == Verdict(1.0, "right")
    assert "cannot be given a function by a test" in judged(code, "assert f(lambda: 1)").why


@pytest.mark.parametrize(
    ("code", "right"),
    [
        ("def f(n):\n    raise ValueError('too low')", True), ("class E(ValueError): pass\ndef f(n):\n    raise E('too low')",
        True),
        ("def f(n):\n    raise KeyError('too low')", False), ("def f(n):\n    raise ValueError('other')", False),
        ("def f(n): ...", False),
        ("import sys\ndef f(n): sys.exit(0)", False), ("import os\ndef f(n): os._exit(0)", False), ("x = 1", False),
    ],
)  # fmt: skip
def test_an_error_that_a_test_expects(code: str, right: bool) -> None:
    tests = "try:\n    f(-1)\nexcept ValueError as error:\n    assert str(error) == 'too low'\nelse:\n    assert False\n"
    assert judged(code, tests).score == float(right)


def test_an_error_of_the_task_is_known_by_its_name() -> None:
    setup = "class Empty(Exception): pass\n\ndef f(n):\n    '''One more.'''\n"
    tests = "try:\n    f(1)\n    assert False\nexcept Empty:\n    pass\n"
    assert judged("    raise Empty", tests, setup=setup) == Verdict(1.0, "right")


@pytest.mark.parametrize("swallowed", ["Exception", "BaseException"])
@pytest.mark.parametrize(
    "code",
    [
        "import os\ndef f(n): os._exit(0)", "def f(n):\n    while True: pass", "raise ValueError", "def f(n): return object()",
        "def g(n): ...", "def f(n): raise SystemExit", "def f(n): raise StopIteration",
        "import os\nos.write(4, b'x\\n')\ndef f(n): ...",
    ],
)  # fmt: skip
def test_what_stops_the_code_is_no_error_that_a_test_can_take(code: str, swallowed: str) -> None:
    tests = f"try:\n    got = f(1)\nexcept {swallowed}:\n    got = None\nassert got is None\n"
    verdict = judged(code, tests, seconds=1)
    assert verdict.score == 0.0 and verdict.why.startswith("the code ")


@pytest.mark.parametrize(
    ("code", "tests"),
    [
        ("def f(n): raise StopIteration", "for got, want in zip(map(f, [1, 2]), [1, 2]):\n    assert got == want"),
        ("import itertools\ndef f(n): return itertools.repeat(1)", "try:\n    assert set(f(1)) == {1}\nexcept BaseException: pass"),
        ("def f(n):\n    n.clear()\n    return n", "n = [2, 1]\nassert f(n) == sorted(n)"),
        ("def f(n):\n    n.clear()\n    return n", "n = [2, 1]\ngot = f(n)\nassert got == sorted(n)"),
        ("def f(n): return range(1 << 60)", "assert f(1)"),
        ("def f(n): return n", "import sys\ndef check(candidate):\n    sys.exit(0)\n    assert candidate(1) == 2"),
        ("def f(n): return n", "def check(candidate):\n    assert 1 == 1"),
        ("def f(n): return n\ndef near(a, b): return True", "def check(candidate):\n    assert near(candidate(1), 2)"),
    ],
)  # fmt: skip
def test_what_would_make_weak_tests_pass(code: str, tests: str) -> None:
    assert judged(code, tests, entry_point="f").score == 0.0


def test_an_argument_is_changed_where_a_call_stands_alone() -> None:
    code = "def f(rows):\n    for row in rows: row.reverse()\n    rows.append(None)\n"
    alone = "rows = [[1, 2], [3]]\nfirst = rows[0]\nf(rows)\nassert rows == [[2, 1], [3], None] and first == [2, 1]"
    assert judged(code, alone) == Verdict(1.0, "right")
    beside = judged(code, "rows = [[1, 2]]\nassert f(rows) is None\nassert rows == [[2, 1], None]")
    assert beside.score == 0.0 and "a statement of its own" in beside.why


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("def f(n) return n", "the code has a SyntaxError in line 2: expected ':'"), ("import numpy\ndef f(n): ...",
        "No module named 'numpy'"),
        ("import socket\ndef f(n): ...", "No module named 'socket'"), ("def g(n): ...", "the code defines no function f"),
        ("def f(n): return 1 / 0", "the code raised ZeroDivisionError"), ("def f(n): return object()",
        "returned a object, which is no plain"),
        ("x = 1 / 0\ndef f(n): ...", "the code raised ZeroDivisionError as it was loaded"), ("def f(n): return 3", "a test failed"),
    ],
)  # fmt: skip
def test_the_reason_says_what_is_wrong_with_the_code(code: str, why: str) -> None:
    assert why in judged(code, "assert f(1) == 2").why
