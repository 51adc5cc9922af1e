"""How a run ends: its last event, and what its root span says."""

import json
import re
import uuid
from dataclasses import replace
from typing import Any

from opentelemetry.trace import Status, StatusCode

from ..platform.errors import WhorlError
from ..platform.storable import json_text
from ..platform.telemetry import conventions as c
from ..platform.telemetry.recording import Described
from .events import RunEnded, Spent
from .plain import PlainRun
from .tables import Run
from .tools.base import Citation

# Why a run is over whose spans or end could not be stored.
UNSTORED = "unstored"
# Why a run is over whose process has ended.
INTERRUPTED = "interrupted"
# Why a run is over that was stopped, or whose caller left.
CANCELLED = "cancelled"
# Why a run is over that waited for a person who did not come.
EXPIRED = "expired"
_CITED = re.compile(r"\[(\d{1,3})\]")


REASONS = {
    "max_steps": "The run stopped at its limit of model calls.",
    "max_tokens": "The run stopped at its limit of tokens.",
    "max_seconds": "The run stopped at its time limit.",
    INTERRUPTED: "The process that the run was in has ended.",
}


def ended_as(run: Run | PlainRun, state: dict[str, Any], given: int) -> RunEnded:
    """The end of a run from its final state; ``given`` messages were there before the model spoke."""
    spoken = [m for m in state["messages"][given:] if m["role"] == "assistant"]
    said = (spoken[-1].get("content") or "") if spoken else ""
    # What a model is asked directly for is its caller's, blanks and all.
    answer = said if isinstance(run, PlainRun) else said.strip()
    calls = spoken[-1].get("tool_calls", []) if spoken else []
    reason = state["stop_reason"] or "error"
    return RunEnded(
        run.id,
        "succeeded" if reason == "answered" else "failed",
        reason,
        answer,
        cited(answer, state["citations"]),
        state["steps"],
        state["input_tokens"],
        state["output_tokens"],
        None if reason == "answered" else REASONS.get(reason, "The run failed."),
        calls if reason == "answered" else [],
        state["finish_reason"],
        reasoning=spoken[-1].get("reasoning_content", "") if spoken else "",
    )


def failed_by(ended: RunEnded, error: WhorlError) -> RunEnded:
    """The end of a run that an error came between."""
    return replace(
        ended,
        status="failed",
        stop_reason="error",
        error=error.public,
        fault=error.status,
        retry_after=error.retry_after,
        code=error.code,
    )


def unstored(run_id: uuid.UUID, error: WhorlError) -> RunEnded:
    """The end of a run of which nothing is acknowledged: its spans or its end could not be stored."""
    return RunEnded(run_id, "failed", UNSTORED, "", [], 0, 0, 0, error.public, fault=error.status)


def interrupted(ended: RunEnded, error: WhorlError) -> RunEnded:
    """The end of a run that was cut off because its process was stopped."""
    return replace(ended, status="failed", stop_reason=INTERRUPTED, error=error.public, fault=error.status)


def cancelled(run_id: uuid.UUID, spent: Spent, reason: str = CANCELLED) -> RunEnded:
    """The end of a run that nobody waits for any more."""
    return RunEnded(run_id, "cancelled", reason, "", [], spent.steps, spent.input_tokens, spent.output_tokens)


def waiting(run: Run, state: dict[str, Any]) -> RunEnded:
    """Where a run stands whose calls wait for a person; ``tool_calls`` are those."""
    [asked] = state["__interrupt__"]
    return RunEnded(
        run.id, "waiting", c.WAITS_FOR_APPROVAL, "", [], state["steps"], state["input_tokens"], state["output_tokens"],
        tool_calls=asked.value,
    )  # fmt: skip


def cited(answer: str, citations: list[Citation]) -> list[Citation]:
    """The passages that an answer refers to as ``[n]``, in the order of their numbers."""
    numbers = {int(number) for number in _CITED.findall(answer)}
    return [citation for citation in citations if citation["number"] in numbers]


def describe_run(root: Described, question: str, verifier: dict[str, Any] | None) -> None:
    """Say on the root span what was asked."""
    root.set_attribute(c.OPERATION, "invoke_agent")
    root.set_attribute(c.PROVIDER, "whorl")
    asked = {"role": "user", "parts": [{"type": "text", "content": question}]}
    root.set_attribute(c.INPUT_MESSAGES, json_text([asked]))
    if verifier is not None:
        root.set_attribute(c.VERIFIER, json.dumps(verifier, ensure_ascii=False, sort_keys=True))


def describe_end(root: Described, ended: RunEnded) -> None:
    """Say on the root span what came of it."""
    root.set_attribute(c.INPUT_TOKENS, ended.input_tokens)
    root.set_attribute(c.OUTPUT_TOKENS, ended.output_tokens)
    root.set_attribute(c.FINISH_REASONS, [ended.stop_reason])
    answer = {"role": "assistant", "parts": [{"type": "text", "content": ended.answer}],
              "finish_reason": ended.stop_reason}  # fmt: skip
    root.set_attribute(c.OUTPUT_MESSAGES, json_text([answer]))
    if ended.status not in ("succeeded", "waiting"):
        root.set_attribute(c.ERROR_TYPE, ended.stop_reason)
        root.set_status(Status(StatusCode.ERROR, ended.error or ""))
