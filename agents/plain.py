"""A run without an agent: a model that is asked directly."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class PlainRun:
    """What is known of a run of a model that is asked directly when it begins; a row of ``Run`` later."""

    tenant_id: uuid.UUID
    id: uuid.UUID
    user_id: uuid.UUID | None
    key_id: uuid.UUID | None
    agent: str
    model: str
    adapter: str | None
    trace_id: str
    tags: list[Any]
    started_at: datetime
    conversation_id: uuid.UUID | None = None
    steps: int = 0
    input_tokens: int = 0
    output_tokens: int = 0

    def row(self) -> dict[str, Any]:
        """The run as the functions of the schema read it."""
        return {
            "id": str(self.id), "user_id": str(self.user_id) if self.user_id else None,
            "key_id": str(self.key_id) if self.key_id else None, "agent": self.agent,
            "model": self.model, "adapter": self.adapter, "trace_id": self.trace_id, "tags": self.tags,
            "started_at": self.started_at.isoformat(),
        }  # fmt: skip
