"""The verifier of numbers: what number a reply commits itself to, and whether it is the right one."""

import ast
import operator
import re
from collections.abc import Callable
from itertools import pairwise
from typing import Annotated, Any

from pydantic import Field

from .base import Attempt, Example, Judge, Verdict, verifier
from .marks import Statement, statements
from .references import said
from .text import HEDGES, MAX_WORDS, hides, repeats, says, sentences

# Not before a letter, a power, a fraction, or one of the large numbers of Chinese and Japanese.
NUMBER = re.compile(
    r"(?<![\w.])-?\d+(?:,\d{3})*(?:\.\d+)?(?![\w²³¹⁰-ₜ¼-¾⅐-↋十百千万萬億亿兆]|\.\d)", re.ASCII
)
_SCALES = {"hundred": 1e2, "thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12}
_SCALE = rf"[\s-]+(?:{'|'.join(_SCALES)})s?\b"
# A number as it is said. "10 minus 5" is a sum, and its 5 no negative number.
_TOLD = re.compile(
    rf"(?:(?<!\d )\b(minus|negative)\s+)?((?a:{NUMBER.pattern}))((?:{_SCALE})*)", re.IGNORECASE
)
# Text after "####", or what a \boxed has in its braces.
_MARKED = re.compile(r"####[^\S\n]*(.*)|\\boxed\s*(\{(?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*\}|\S*)")
_ANSWER = re.compile(r"\banswer\s+is\b(?:\s+(?:therefore|thus|simply|just|exactly)\b)?(.*)", re.I | re.S)
_REASON = re.compile(r"[,;]\s|\b(?:because|since|as)\b", re.I)
# A number with a unit of some words: "5 square feet", "5 cm^2", "5 °C".
_ALONE = re.compile(
    rf"[\s:=(]*{_TOLD.pattern}((?:[\s%°/'-]*+[^\W\d_]++(?:\^[23])?+){{0,5}}+)[\s%°.!)]*", re.I
)
_CHANGED = (
    rf"(?:squared|cubed|factorial|dozens?|lakhs?|crores?|bn|mn|tn|k|(?-i:[KMBT])|(?:{'|'.join(_SCALES)})s?)\b"
)
_NO_UNIT = re.compile(rf"\b(?:{_CHANGED}|(?:and|plus|minus|negative|times|less|more|than|half|root)\b)", re.I)
_OPERATED = re.compile(
    r"(?:[√<>≤≥^]|[\d)]\s*[-+*/×÷·]+|-\s|\\[a-z]+\s*\{?|\}\s*\{"
    r"|\b(?:minus|negative|plus|times|twice|double|triple|(?:root|half|third|quarter) of|(?:less|more|fewer|greater) than))\s*$",
    re.I,
)
_RAISED = re.compile(rf"\s*\^|[\s-]+(?:{_CHANGED}|and (?:a|one|two|three) (?:half|third|quarters?)\b)", re.I)
_DIGITS = r"\d+(?:,\d{3})*"
# A fraction or mixed number ("3/4", "3 1/2", "\frac{3}{4}"), or one with a power of ten ("6.02 × 10^23");
# no part of a date or a sum.
_WRITTEN = re.compile(
    rf"(?<![\w.,/^)}}])(?P<minus>-\s?|\b(?:minus|negative)\s+)?(?:"
    rf"(?:(?P<whole>{_DIGITS})(?:[\s-]+|(?=\\)))?"
    rf"(?:(?P<over>{_DIGITS})\s?/\s?(?P<under>{_DIGITS})"
    rf"|\\[dt]?frac\s*\{{\s*(?P<top>{_DIGITS})\s*\}}\s*\{{\s*(?P<bottom>{_DIGITS})\s*\}})"
    rf"|(?:(?P<times>{_DIGITS}(?:\.\d+)?)\s*(?:\\times|\\cdot|[×·*x])\s*)?10\s?\^\s?"
    r"(?:\{\s*(?P<braced>-?\d{1,3})\s*\}"
    r"|(?P<power>-?\d{1,3})))(?![\w/^²³]|[.,:]\d)", re.IGNORECASE | re.ASCII
)  # fmt: skip
_UNIT = re.compile(r"(?P<unit>(?:[\s%°/'-]*+[^\W\d_]++(?:\^[23])?+){0,5}+)[\s%°.!)]*", re.IGNORECASE)
# What a reference has before or after its last number where that is a part of something else.
_PART_BEFORE = re.compile(
    r"[\d)}][,:]\s*$|[\w)}]-$|[\d)}]$|[/^]\s*\{?$|[a-z]\($|\\[a-z]+\s*\{?$", re.IGNORECASE
)
_PART_AFTER = re.compile(r"\s*[/^:×]|\s*\\(?!text|math)[a-z]|[½-¾⅐-↋]|,\d")
_MINUS = str.maketrans(dict.fromkeys("\u2010\u2011\u2012\u2212\ufe63\uff0d", "-"))
_DASH = re.compile(r"(?<![\w)])[–—](?=[$€£¥]?\d)")
_MONEY = re.compile(r"(-\s?)?\\?[$€£¥]\s?(?=-?\d)")
_DRESS = re.compile(r"\\(?:text(?:bf)?|math(?:rm|bf)|[,;!%$()\[\]])|[{}*_$€£¥`]")
_DRESSED = re.compile(r"\\(?:text(?:bf)?|math(?:rm|bf)|[,;!%$()\[\]])|[*_$€£¥`]")
_BEGINS = re.compile(r"[\W_]*\d")
# Equations of plain numbers, with a result that may be rounded.
_SUMS = re.compile(r"(?<![\w.])[\d(][\d.,()\s+*/×x÷·%-]{0,200}(?:=[\d.,()\s+*/×x÷·%-]{1,200})+")
_SIGN = re.compile(r"(?<=[\d)%])\s*[-+*/×x÷·]")
_SIGNS = str.maketrans("×x·÷", "***/")
_RECKONS: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
}  # fmt: skip
_ROUNDED = 0.01
_SUM = "What is 12.5 % of 480?"


def number_of(reference: Any) -> float:
    """The number of a reference answer: itself, the marked one of a solution, or the last of a text.

    Raises ValueError where there is none, or the last is a part of something else, such as a sum, a date or a pair.

    >>> number_of("48 + 24 = 72\\n#### 72"), number_of("$1,250"), number_of("3 1/2")
    (72.0, 1250.0, 3.5)
    """
    text = plain(said(reference))
    marked = [after or boxed for after, boxed in _MARKED.findall(text)]
    answer = marked[-1] if marked else text
    written = _written(answer, sums=True)
    if written is not None:
        return written
    *_, last = [None, *_TOLD.finditer(answer)]
    if last is None:
        raise ValueError(f"{text[:60]!r} holds no number")
    before, after = answer[: last.start()], answer[last.end() :]
    if any(
        (
            _OPERATED.search(before),
            _PART_BEFORE.search(before),
            _RAISED.match(after),
            _PART_AFTER.match(after),
        )
    ):
        raise ValueError(f"{text[:60]!r} ends with more than a number")
    return _value(last)


@verifier(
    "The number after '####', in \\boxed{} or in a last statement such as 'The answer is 5.', 'Final Answer: 5' or 'A: 5', "
    "with nothing but a unit or a currency beside it and no other answer stated; else the last number of a short reply, "
    "where every other number of its sentence stands in the question, a passage, a result or a sum that is right, and "
    "nothing is taken back.",
    Example(
        {"value": 60}, Attempt("12.5 % of 480 is 60. [1]", _SUM), Attempt("12.5 % of 480 is 6.", _SUM), "60",
        ("59", "60", "61"),
    ),
    refer=lambda reference: {"value": number_of(reference)},
)  # fmt: skip
def numeric(
    value: Annotated[float, Field(allow_inf_nan=False)],
    tolerance: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 1e-9,
) -> Judge:
    def judge(attempt: Attempt) -> Verdict:
        found = final_number(attempt)
        if isinstance(found, str):
            return Verdict(0.0, found)
        return Verdict.of(
            abs(found - value) <= tolerance * max(1.0, abs(value)), f"{found:g} is not {value:g}"
        )

    return judge


def final_number(attempt: Attempt) -> float | str:
    """The one number that a reply commits itself to, or why there is none."""
    reply = plain(says(attempt.reply))
    marked = [after or boxed for after, boxed in _MARKED.findall(reply)]
    stated = statements(reply)
    if marked or (stated and stated[-1].last):
        if hides(reply):
            return "hides something in mark-up"
        found = _only([_single(each) for each in marked]) if marked else _stated(stated[-1], attempt)
        others = [
            each
            for each in stated
            if not (each.denied or _MARKED.search(each.said) or (marked and each.letter))
        ]
        if not isinstance(found, str) and any(_contradicts(each.said, found) for each in others):
            return "states more than one answer"
        return found
    if len(reply.split()) > MAX_WORDS:
        return f"more than {MAX_WORDS} words, and no number is marked"
    if hides(reply) or repeats(reply):
        return "hides something in mark-up, or repeats itself"
    told = [sentence for sentence in sentences(reply) if NUMBER.search(sentence)]
    if not told:
        return "holds no number"
    if any(HEDGES.search(sentence) for sentence in told):
        return "takes back what it says"
    return _last(told[-1], attempt)


def _only(marked: list[float | None]) -> float | str:
    if None in marked:
        return "marks no single number" if len(marked) == 1 else "marks more than one answer"
    return marked[0] if len(set(marked)) == 1 else "marks more than one answer"  # type: ignore[return-value]


def _stated(statement: Statement, attempt: Attempt) -> float | str:
    """The number of a reply's last statement, which may be a sentence: "Answer: she has 5 left"."""
    text = statement.said
    alone = _single(text)
    if alone is not None:
        return alone
    if not NUMBER.search(text):
        return "states no number to be the answer"
    if HEDGES.search(text) or repeats(text) or len(text.split()) > MAX_WORDS:
        return "takes back, or buries, what it states"
    sentence = "=" in text or (statement.label and not _BEGINS.match(text))
    return _last(text if sentence else f"The answer is {text}", attempt)


def _contradicts(text: str, value: float) -> bool:
    """Whether a statement of an answer names another one."""
    alone = _single(_REASON.split(text, maxsplit=1)[0])
    if alone is not None:
        return alone != value
    written = [_of_written(found, sums=True) for found in _WRITTEN.finditer(text)]
    numbers = {*numbers_of(text), *written} - {None}
    return bool(numbers) and (value not in numbers or bool(HEDGES.search(text)))


def _last(sentence: str, attempt: Attempt) -> float | str:
    """The last number of a sentence, if it is said plainly and no other comes from nowhere."""
    *others, last = _TOLD.finditer(sentence)
    value, start, end = _value(last), last.start(), last.end()
    for written in _WRITTEN.finditer(sentence):
        if written.end() >= end and (fraction := _of_written(written)) is not None:
            value, start, end = fraction, written.start(), written.end()
            others = list(_TOLD.finditer(sentence[:start]))
    if _OPERATED.search(sentence[:start]) or _RAISED.match(sentence, end):
        return "ends with a sum, not with a number"
    answer = _ANSWER.search(sentence)
    if answer and _single(_REASON.split(answer[1], maxsplit=1)[0]) != value:
        return "says no single number to be the answer"
    known = " ".join([attempt.question, *attempt.passages.values(), *(call.result for call in attempt.calls)])
    if not {_value(other) for other in others} <= {value, *numbers_of(plain(known)), *reckoned(sentence)}:
        return "holds numbers that come from nowhere"
    return value


def reckoned(sentence: str) -> list[float]:
    """The numbers of a sentence's sums that are right.

    >>> reckoned("48 / 2 = 24, and 1 + 1 = 3")
    [48.0, 2.0, 24.0]
    """
    held: list[float] = []
    for found in _SUMS.finditer(sentence):
        for left, right in pairwise(found[0].split("=")):
            worth, result = _worth(left), _worth(right)
            if not _SIGN.search(left) or worth is None or result is None:
                continue
            if abs(worth - result) <= _ROUNDED * max(1.0, abs(result)):
                held += [*numbers_of(left), *numbers_of(f"{_SIGN.sub(' ', left)} {right}")]
    return list(dict.fromkeys(held))


def _worth(side: str) -> float | None:
    """The value of one side of an equation; None where it is no sum."""
    text = re.sub(r"(?<=\d),(?=\d{3})", "", side).replace("%", "/100").translate(_SIGNS).strip(" ,.")
    try:
        return _reckon(ast.parse(text, mode="eval").body)
    except (ArithmeticError, MemoryError, RecursionError, SyntaxError, ValueError):
        return None


def _reckon(node: ast.expr) -> float:
    match node:
        case ast.Constant(value=int() | float() as number):
            return float(number)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_reckon(operand)
        case ast.BinOp(left=left, op=sign, right=right) if type(sign) in _RECKONS:
            return _RECKONS[type(sign)](_reckon(left), _reckon(right))
    raise ValueError("no sum")


def plain(text: str) -> str:
    """A text with one sign for minus, and without signs of currency before numbers.

    >>> plain("\u22125, or -$5")
    '-5, or -5'
    """
    signed = _DASH.sub("-", text.translate(_MINUS))
    return _MONEY.sub(lambda found: "-" if found[1] else " ", signed)


def numbers_of(text: str) -> list[float]:
    """The numbers of a plain text, with the words before and after that belong to them.

    >>> numbers_of("minus 5, or 5 million")
    [-5.0, 5000000.0]
    """
    return [_value(found) for found in _TOLD.finditer(text)]


def _alone(marked: str) -> float | None:
    """The number of a text that has nothing else but a unit, a currency or mark-up."""
    found = _ALONE.fullmatch(_DRESS.sub(" ", marked.replace("{,}", ",")))
    if found is None or _NO_UNIT.search(found[4]) or HEDGES.search(found[4]):
        return None
    return _value(found)


def _single(text: str) -> float | None:
    """The one number of a text, plain or written otherwise."""
    written = _written(text)
    return _alone(text) if written is None else written


def _written(text: str, *, sums: bool = False) -> float | None:
    """The value of a text that is a fraction, a mixed number or one with a power of ten, and a unit at most."""
    bare = _DRESSED.sub(" ", text.replace("{,}", ",")).strip(" :=(")
    bare = bare[1:-1].strip() if bare.startswith("{") and bare.endswith("}") else bare
    found = _WRITTEN.match(bare)
    unit = found and _UNIT.fullmatch(bare, found.end())
    if found is None or unit is None or _NO_UNIT.search(unit["unit"]) or HEDGES.search(unit["unit"]):
        return None
    return _of_written(found, sums=sums)


def _of_written(found: re.Match[str], *, sums: bool = False) -> float | None:
    """The value of a match of ``_WRITTEN``; None where it divides by nought, or evenly, which is a sum left to do."""
    if power := found["braced"] or found["power"]:
        value = float(f"{_plain(found['times'] or '1')}e{power}")
    else:
        over, under = (
            float(_plain(found["over"] or found["top"])),
            float(_plain(found["under"] or found["bottom"])),
        )
        if not under or (over % under == 0 and not sums):
            return None
        value = over / under + float(_plain(found["whole"] or "0"))
    return -value if found["minus"] else value


def _plain(digits: str) -> str:
    return digits.replace(",", "")


def _value(found: re.Match[str]) -> float:
    value = float(found[2].replace(",", ""))
    for scale in re.findall("|".join(_SCALES), found[3].lower()):
        value *= _SCALES[scale]
    return -value if found[1] else value
