"""Traces of observability systems: the chat of the span that knows most of it, and the score that was given."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from ...platform.errors import InputError
from ...platform.telemetry.otlp.readers import read_span
from ...platform.telemetry.otlp.reading import Foreign, Reading
from ..trajectory import chat_of, is_answered
from .base import Message
from .moments import Period, period_of

UNKNOWN = "unknown"


class Observed(NamedTuple):
    """A span as it was read, with its times as they were written, and the chat that it knows."""

    started: str
    ended: str
    reading: Reading
    chat: list[Message]


class Whole(NamedTuple):
    """What a trace says of its chat; its tokens are those of all calls of models."""

    chat: list[Message]
    tools: list[dict[str, Any]]
    model: str
    user: str
    period: Period
    input_tokens: int
    output_tokens: int


def observe(span: Foreign, started: str, ended: str = "") -> Observed:
    """Read a span, whatever framework wrote it."""
    reading = read_span(span)
    return Observed(started, ended, reading, chat_of(list(reading.input), list(reading.output)))


def whole(observed: Sequence[Observed]) -> Whole:
    """The chat of the span that knows most of it, with tools, a model and a user that any of the spans names."""
    best = max(observed, key=_wholeness)
    ordered = (best, *observed)
    calls = [each.reading for each in observed if each.reading.operation == "chat"]
    models = (each.reading.response_model or each.reading.request_model for each in ordered)
    return Whole(
        best.chat,
        list(next((each.reading.tools for each in ordered if each.reading.tools), ())),
        next((model for model in models if model not in ("", UNKNOWN)), UNKNOWN),
        next((each.reading.user for each in ordered if each.reading.user), ""),
        period_of(moment for each in observed for moment in (each.started, each.ended)),
        sum(call.input_tokens or 0 for call in calls),
        sum(call.output_tokens or 0 for call in calls),
    )


def _wholeness(observed: Observed) -> tuple[bool, int, bool, str]:
    is_call = observed.reading.operation == "chat"
    return is_answered(observed.chat), len(observed.chat), is_call, observed.started


def reward_of(scores: Sequence[tuple[str, object]], name: str | None, where: str) -> float | None:
    """The last of a trace's scores called ``name``, or of its only kind.

    Raises InputError for several kinds where none is named, and for a score that is not from 0 to 1.
    """
    chosen = [score for score in scores if name is None or score[0] == name]
    if not chosen:
        return None
    names = sorted({name for name, _ in chosen})
    if len(names) > 1:
        raise InputError(
            f"{where}: the trace has several scores, {', '.join(names)}. Say which with --score."
        )
    value = chosen[-1][1]
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise InputError(f"{where}: the score {names[0]!r} is {value!r}, not a number from 0 to 1.")
    return float(value)
