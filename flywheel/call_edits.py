"""Corrected tool calls: what the model should have called in place of one of its turns."""

import json
import re
import uuid
from collections.abc import Callable
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
    first, *pieces = PLACEHOLDER.split(redacted)
    values: list[str] = []
    at = len(first)
    for number, piece in enumerate(pieces, 1):
        # What stands between two values tells where the first one ends; the last piece is the end.
        end = len(original) - len(piece) if number == len(pieces) else original.find(piece, at + 1)
        if (not piece and number < len(pieces)) or end <= at or original[end : end + len(piece)] != piece:
            return {}
        values.append(original[at:end])
        at = end + len(piece)
    fits = original.startswith(first) and at == len(original)
    return dict(zip(values, PLACEHOLDER.findall(redacted), strict=True)) if fits else {}


async def hide_edit(
    session: AsyncSession, tenant_id: uuid.UUID, run_id: uuid.UUID, edit: CallEdit, redactor: Redactor,
    question: str | None = None,
) -> str:  # fmt: skip
    """The edit as JSON text without personal data; the run's own values have the run's own placeholders.

    ``question`` is the question as it was asked; without it, the run's conversation is read.
    """
    hide = await hiding_of(session, tenant_id, run_id, redactor, question)
    hidden = await anyio.to_thread.run_sync(visit_json, edit.arguments, hide)
    return json.dumps({"name": edit.name, "arguments": hidden}, ensure_ascii=False)


async def hiding_of(
    session: AsyncSession, tenant_id: uuid.UUID, run_id: uuid.UUID, redactor: Redactor, question: str | None = None
) -> Callable[[str], str]:  # fmt: skip
    """What hides personal data in a text about a run: the run's own values have the run's own placeholders, others new ones.

    Its values are known from its conversation, or from ``question``, which it was asked, and from nothing else.
    """
    chats = select(Span.attributes).where(Span.run_id == run_id, Span.operation == "chat")
    spans = list(await session.scalars(chats.order_by(Span.start_ns)))
    said = select(Message.role, Message.content).where(Message.run_id == run_id).order_by(Message.id)
    words = {role: content for role, content in await session.execute(said) if content}
    if question is not None:
        words["user"] = question
    known: dict[str, str] = {}
    if spans:
        known |= aligned(words.get("assistant", "").strip(), _last_said(spans[-1], c.OUTPUT_MESSAGES).strip())
        known |= aligned(words.get("user", "").strip(), asked_of(spans[0]).strip())
    placeholders = Placeholders(await anyio.to_thread.run_sync(redactor.policies.of, str(tenant_id)))
    placeholders.number_on(json.dumps(spans))
    return lambda text: redactor.redact_text(with_known(text, known), placeholders)


def asked_of(attributes: dict[str, Any]) -> str:
    """The user's last words in a model call's span; empty where it has none."""
    return _last_said(attributes, c.INPUT_MESSAGES, "user")


def _last_said(attributes: dict[str, Any], where: str, role: str = "assistant") -> str:
    """The last text of a role in a span's messages; empty where it has none."""
    messages = json.loads(attributes.get(where, "[]"))
    said = [
        part["content"]
        for message in messages
        if message["role"] == role
        for part in message["parts"]
        if part.get("type") == "text" and "content" in part
    ]
    return str(said[-1]) if said else ""


def with_known(text: str, known: dict[str, str]) -> str:
    """``text`` with what is known of the run's values put in their place, the longest first."""
    for original in sorted(known, key=len, reverse=True):
        text = re.sub(rf"(?<!\w){re.escape(original)}(?!\w)", known[original], text, flags=re.IGNORECASE)
    return text
