"""The verifier of numbers: what number a reply commits itself to, and whether it is the right one."""

import re
from typing import Annotated, Any

from pydantic import Field

from .base import Attempt, Example, Judge, Verdict, verifier
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
    r"|\b(?:minus|negative|plus|times|twice|double|triple|(?:root|half|third|quarter) of))\s*$",
    re.I,
)
_RAISED = re.compile(rf"\s*\^|[\s-]+(?:{_CHANGED}|and (?:a|one|two|three) (?:half|third|quarters?)\b)", re.I)
_MINUS = str.maketrans(dict.fromkeys("\u2010\u2011\u2012\u2212\ufe63\uff0d", "-"))
_DASH = re.compile(r"(?<![\w)])[–—](?=[$€£¥]?\d)")
_MONEY = re.compile(r"(-\s?)?\\?[$€£¥]\s?(?=-?\d)")
_DRESS = re.compile(r"\\(?:text(?:bf)?|math(?:rm|bf)|[,;!%$])|[{}*_$€£¥]")
_SUM = "What is 12.5 % of 480?"


def number_of(reference: Any) -> float:
    """The number of a reference answer: itself, the marked one of a solution, or the last of a text.

    >>> number_of("48 + 24 = 72\\n#### 72"), number_of("$1,250")
    (72.0, 1250.0)
    """
    text = plain(said(reference))
    marked = [after or boxed for after, boxed in _MARKED.findall(text)]
    numbers = numbers_of(marked[-1] if marked else text)
    if not numbers:
        raise ValueError(f"{text[:60]!r} holds no number")
    return numbers[-1]


@verifier(
    "The number after a single '####' or in a single \\boxed{}, with nothing but a unit or a currency beside it; else "
    "the last number of the reply, where every other number of its sentence stands in the question, a passage or a "
    "result, and nothing is taken back.",
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
    if len(marked) > 1:
        return "marks more than one answer"
    if marked:
        alone = _alone(marked[0])
        return "marks no single number" if alone is None or hides(reply) else alone
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


def _last(sentence: str, attempt: Attempt) -> float | str:
    """The last number of a sentence, if it is said plainly and no other comes from nowhere."""
    *others, last = _TOLD.finditer(sentence)
    value = _value(last)
    if _OPERATED.search(sentence[: last.start()]) or _RAISED.match(sentence, last.end()):
        return "ends with a sum, not with a number"
    answer = _ANSWER.search(sentence)
    if answer and _alone(_REASON.split(answer[1], maxsplit=1)[0]) != value:
        return "says no single number to be the answer"
    known = " ".join([attempt.question, *attempt.passages.values(), *(call.result for call in attempt.calls)])
    if not {_value(other) for other in others} <= {value, *numbers_of(plain(known))}:
        return "holds numbers that come from nowhere"
    return value


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


def _value(found: re.Match[str]) -> float:
    value = float(found[2].replace(",", ""))
    for scale in re.findall("|".join(_SCALES), found[3].lower()):
        value *= _SCALES[scale]
    return -value if found[1] else value
