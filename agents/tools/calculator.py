"""Arithmetic, evaluated from the syntax tree: numbers and operators only."""

import ast
import math
import operator
import re
from collections.abc import Callable
from fractions import Fraction
from typing import Any

from ...platform.errors import ModelSignal
from .base import Observation, ToolContext, tool

_MAX_EXPRESSION = 500
_BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
}
# Each with the fewest arguments that it takes, and the most.
_FUNCTIONS: dict[str, tuple[Callable[..., Any], int, int]] = {
    "abs": (abs, 1, 1), "min": (min, 2, _MAX_EXPRESSION), "max": (max, 2, _MAX_EXPRESSION),
}  # fmt: skip
_LETTER = re.compile(r"[^\W\d_]")
_GROUPED = re.compile(r"(?<![\d.,])\d{1,3}(?:,\d{3})+(?![\d,])")
_MAX_EXPONENT = 64
# Of a numerator or denominator: it is all worked out at once, and other runs wait meanwhile.
_MAX_BITS = 4096


def evaluate(expression: str) -> Fraction:
    """The exact value of an arithmetic expression; raises ModelSignal for anything else.

    Thousands may be set off by commas, as documents write them, where no function is called.

    >>> evaluate("480 * 12.5 / 100"), evaluate("1,203 * 2")
    (Fraction(60, 1), Fraction(2406, 1))
    """
    text = expression.strip().replace("×", "*").replace("÷", "/").replace("^", "**").replace("−", "-")
    if not _LETTER.search(text):
        text = _GROUPED.sub(lambda number: number.group().replace(",", ""), text)
    if len(text) > _MAX_EXPRESSION:
        raise ModelSignal(
            f"The expression has {len(text)} characters; at most {_MAX_EXPRESSION} are allowed."
        )
    try:
        return _value(ast.parse(text, mode="eval").body)
    except (SyntaxError, RecursionError, MemoryError) as error:
        raise ModelSignal(f"{expression!r} is not an arithmetic expression.") from error
    except ZeroDivisionError as error:
        raise ModelSignal("Division by zero.") from error


def render_number(value: Fraction) -> str:
    """A number as people write it: whole, or with at most ten significant digits.

    >>> render_number(Fraction(60)), render_number(Fraction(1, 8)), render_number(Fraction(2, 3))
    ('60', '0.125', '0.6666666667')
    """
    if value.denominator == 1:
        return str(value.numerator)
    try:
        return f"{float(value):.10g}"
    except OverflowError:
        return str(round(value))


def _value(node: ast.expr) -> Fraction:
    """The value of a part of an expression, of which each part has a size that is worked out at once."""
    value = _worked_out(node)
    if max(value.numerator.bit_length(), value.denominator.bit_length()) > _MAX_BITS:
        raise ModelSignal("The number is too large.")
    return value


def _worked_out(node: ast.expr) -> Fraction:
    match node:
        case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
            if isinstance(number, float) and not math.isfinite(number):
                raise ModelSignal("The number is too large.")
            return Fraction(str(number))
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_value(operand)
        case ast.UnaryOp(op=ast.UAdd(), operand=operand):
            return _value(operand)
        case ast.BinOp(left=left, op=ast.Pow(), right=right):
            return _power(_value(left), _value(right))
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
            return Fraction(_BINARY[type(op)](_value(left), _value(right)))
        case ast.Call(func=ast.Name(id="sqrt"), args=[argument], keywords=[]):
            return _power(_value(argument), Fraction(1, 2))
        case ast.Call(func=ast.Name(id="round"), args=[number, *places], keywords=[]) if len(places) < 2:
            return _rounded(_value(number), _value(places[0]) if places else Fraction(0))
        case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]) if (
            name in _FUNCTIONS and _FUNCTIONS[name][1] <= len(arguments) <= _FUNCTIONS[name][2]
        ):
            return Fraction(_FUNCTIONS[name][0](*map(_value, arguments)))
        case _:
            raise ModelSignal(
                f"{ast.unparse(node)!r} is not allowed: use numbers, + - * / // % **, round, abs, min, max, sqrt."
            )


def _power(base: Fraction, exponent: Fraction) -> Fraction:
    if abs(exponent) > _MAX_EXPONENT:
        raise ModelSignal(f"The exponent must be at most {_MAX_EXPONENT}.")
    if exponent.denominator == 1:
        size = max(base.numerator.bit_length(), base.denominator.bit_length())
        if size * abs(exponent.numerator) > 2 * _MAX_BITS:
            raise ModelSignal("The number is too large.")
        return base**exponent.numerator
    if base < 0:
        raise ModelSignal("A root of a negative number is not real.")
    try:
        return Fraction(str(float(base) ** float(exponent)))
    except (OverflowError, ValueError) as error:
        raise ModelSignal("The number is too large.") from error


def _rounded(number: Fraction, places: Fraction) -> Fraction:
    if places.denominator != 1 or abs(places) > _MAX_EXPONENT:
        raise ModelSignal(f"A number is rounded to a whole number of places, at most {_MAX_EXPONENT}.")
    return Fraction(round(number, places.numerator))


@tool(
    "calculator",
    "Calculate an arithmetic expression.",
    {"type": "object", "properties": {"expression": {"type": "string"}}, "required": ["expression"]},
    read_only=True,
)
async def calculator(arguments: dict[str, Any], context: ToolContext) -> Observation:
    """The value of ``expression`` as text."""
    return Observation(render_number(evaluate(arguments["expression"])))
