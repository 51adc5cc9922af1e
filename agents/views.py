"""Runs as the API shows them."""

import uuid
from datetime import datetime
from typing import Any

from pydantic import BaseModel


class RunView(BaseModel):
    """A run without its content; ``cost`` is in US dollars, null for a model without a price."""

    id: uuid.UUID
    conversation_id: uuid.UUID | None
    agent: str
    model: str
    adapter: str | None
    trace_id: str
    status: str
    stop_reason: str | None
    steps: int
    input_tokens: int
    output_tokens: int
    cost: float | None
    started_at: datetime
    ended_at: datetime | None
    tags: list[str]


class PendingCall(BaseModel):
    """A tool call that waits for a person; ``arguments`` is JSON text as the model wrote it."""

    call_id: str
    name: str
    arguments: str


class RunResult(BaseModel):
    """What came of a run, or how far it is: status running, waiting, succeeded, failed or cancelled."""

    run_id: uuid.UUID
    conversation_id: uuid.UUID | None
    status: str
    stop_reason: str | None = None
    answer: str = ""
    citations: list[dict[str, Any]] = []
    steps: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    error: str | None = None
    waiting_for: list[PendingCall] = []


class SpanView(BaseModel):
    """A span as stored: redacted. Times are nanoseconds since the epoch."""

    span_id: str
    parent_span_id: str | None
    name: str
    operation: str
    start_ns: int
    end_ns: int
    status: str
    attributes: dict[str, Any]
    redactions: dict[str, int]
    content_dropped: bool
