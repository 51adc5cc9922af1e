"""Corrected tool calls: what the model should have called in place of one of its turns."""

import json
import re
import uuid
from typing import Any, NamedTuple

import anyio.to_thread
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from ..agents.tables import Message
from ..platform.errors import InputError
from ..platform.telemetry import conventions as c
from ..platform.telemetry.redaction.placeholders import PLACEHOLDER, Placeholders
from ..platform.telemetry.redaction.redactor import Redactor
from ..platform.telemetry.redaction.walk import visit_json
from ..platform.telemetry.tables import Span

KIND = "call_edit"


class CallEdit(NamedTuple):
    """The call that belongs in place of the ``step``-th turn (from 0) of the model."""

    step: int
    name: str
    arguments: dict[str, Any]

    def message(self) -> dict[str, Any]:
        """The turn as it should have been."""
        function = {"name": self.name, "arguments": self.arguments}
        return {
            "role": "assistant",
            "content": "",
            "tool_calls": [{"type": "function", "function": function}],
        }


def parse_edit(text: str | None, step: int) -> CallEdit:
    """The edit that ``{"name": …, "arguments": {…}}`` says; raises InputError for any other text."""
    shape = 'A corrected call is JSON: {"name": "search", "arguments": {"query": "…"}}'
    try:
        value = json.loads(text or "")
    except json.JSONDecodeError as error:
        raise InputError(f"{shape}; {error}.") from error
    if not isinstance(value, dict) or not isinstance(value.get("name"), str):
        raise InputError(f"{shape}; a name is missing.")
    if not isinstance(value.get("arguments"), dict) or step < 0:
        raise InputError(f"{shape}; the arguments are no object, or the step {step} is below 0.")
    return CallEdit(step, value["name"], value["arguments"])


def aligned(original: str, redacted: str) -> dict[str, str]:
    """Values of ``original`` by what stands for them in ``redacted``; empty where the two do not fit.

    >>> aligned("How many in Oslo?", "How many in <LOCATION_1>?")
    {'Oslo': '<LOCATION_1>'}
    """
    placeholders = PLACEHOLDER.findall(redacted)
    pieces = [re.escape(piece) for piece in PLACEHOLDER.split(redacted)]
    match = re.fullmatch("(.+?)".join(pieces), original, re.S)
    return dict(zip(match.groups(), placeholders, strict=True)) if match else {}


async def hide_edit(
    session: AsyncSession, tenant_id: uuid.UUID, run_id: uuid.UUID, edit: CallEdit, redactor: Redactor,
    question: str | None = None,
) -> str:  # fmt: skip
    """The edit as JSON text without personal data; the run's own values have the run's own placeholders.

    ``question`` is the question as it was asked; without it, the run's conversation is read.
    """
    if question is None:
        asked = select(Message.content).where(Message.run_id == run_id, Message.role == "user")
        question = await session.scalar(asked)
    chats = select(Span.attributes).where(Span.run_id == run_id, Span.operation == "chat")
    spans = list(await session.scalars(chats.order_by(Span.start_ns)))
    known = aligned((question or "").strip(), asked_of(spans[0]).strip()) if spans else {}
    placeholders = Placeholders(await anyio.to_thread.run_sync(redactor.policies.of, str(tenant_id)))
    placeholders.number_on(json.dumps(spans))
    hidden = await anyio.to_thread.run_sync(
        visit_json, edit.arguments, lambda text: redactor.redact_text(with_known(text, known), placeholders)
    )
    return json.dumps({"name": edit.name, "arguments": hidden}, ensure_ascii=False)


def asked_of(attributes: dict[str, Any]) -> str:
    """The user's last words in a model call's span; empty where it has none."""
    messages = json.loads(attributes.get(c.INPUT_MESSAGES, "[]"))
    said = [
        part["content"] for m in messages if m["role"] == "user" for part in m["parts"] if "content" in part
    ]
    return str(said[-1]) if said else ""


def with_known(text: str, known: dict[str, str]) -> str:
    """``text`` with what is known of the run's values put in their place, the longest first."""
    for original in sorted(known, key=len, reverse=True):
        text = re.sub(re.escape(original), known[original], text, flags=re.IGNORECASE)
    return text
