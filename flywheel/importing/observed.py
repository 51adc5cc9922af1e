"""Traces of observability systems: their spans, the chat of the one that knows most of it, and the scores that were given."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from ...platform.telemetry.otlp.readers import read_span
from ...platform.telemetry.otlp.reading import Foreign, Reading
from ..outcomes import Feedback
from ..trajectory import chat_of, is_answered
from .moments import Period, period_of

UNKNOWN = "unknown"


@dataclass(frozen=True)
class Observed:
    """A span as it was read, its times as they were written, the chat that it knows, and its place in the tree.

    ``id`` and ``parent`` are the source's own, ``parent`` empty for a root; ``fault`` says what went wrong in it, if anything did.
    """

    span: Foreign
    started: str
    ended: str
    reading: Reading
    chat: list[dict[str, Any]]
    id: str = ""
    parent: str = ""
    fault: str | None = None


class Whole(NamedTuple):
    """What a trace says of its chat, and which span has it; its tokens are those of all calls of models."""

    best: Observed
    chat: list[dict[str, Any]]
    tools: list[dict[str, Any]]
    model: str
    user: str
    period: Period
    input_tokens: int
    output_tokens: int


def observe(
    span: Foreign, started: str, ended: str = "", *, id: str = "", parent: str = "", fault: str | None = None
) -> Observed:
    """Read a span, whatever framework wrote it."""
    reading = read_span(span)
    chat = chat_of(list(reading.input), list(reading.output))
    return Observed(span, started, ended, reading, chat, id, parent, fault)


def whole(observed: Sequence[Observed]) -> Whole:
    """The chat of the span that knows most of it, with tools, a model and a user that any of the spans names."""
    best = max(observed, key=_wholeness)
    ordered = (best, *observed)
    calls = [each.reading for each in observed if each.reading.operation == "chat"]
    models = (each.reading.response_model or each.reading.request_model for each in ordered)
    return Whole(
        best,
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


class Scores(NamedTuple):
    """What the scores of a trace come to: a reward, or why they give none, and what is kept of them as comments."""

    reward: float | None = None
    why: str = ""
    comments: tuple[Feedback, ...] = ()


def judged(scores: Sequence[tuple[str, object]], name: str | None, source: str) -> Scores:
    """The last of a trace's scores called ``name``, or of its only kind, is the reward where it is a number from 0 to 1.

    Scores that decide nothing, because several kinds could or their scale is another, are kept as comments.
    """
    chosen = [score for score in scores if name is None or score[0] == name]
    kinds = sorted({kind for kind, _ in chosen})
    if len(kinds) == 1:
        value = chosen[-1][1]
        if isinstance(value, int | float) and 0 <= value <= 1:
            return Scores(float(value), comments=_comments((s for s in scores if s[0] != kinds[0]), source))
        why = f"the score {kinds[0]!r} is {value!r}, not a number from 0 to 1"
    else:
        why = f"several scores, {', '.join(kinds)}: say which with --score" if kinds else ""
    return Scores(None, why, _comments(scores, source))


def _comments(scores: Iterable[tuple[str, object]], source: str) -> tuple[Feedback, ...]:
    return tuple(
        Feedback("comment", 0.0, f"import:{source}", 0.0, f"{name}: {value}"[:2000]) for name, value in scores
    )
