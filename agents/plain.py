"""A run without an agent: a model that is asked directly."""

import uuid
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class PlainRun:
    """What is known of a run of a model that is asked directly when it begins; a row of ``Run`` later."""

    tenant_id: uuid.UUID
    id: uuid.UUID
    user_id: uuid.UUID | None
    agent: str
    model: str
    adapter: str | None
    trace_id: str
    tags: list[Any]
    conversation_id: uuid.UUID | None = None
    steps: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
