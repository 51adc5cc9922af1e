"""Calls of OpenAI's API that a program has logged, request and response, one a line.

As NVIDIA's data flywheel keeps them (``workload_id``, ``request``, ``response``), as documents of Elasticsearch too
(``_id``, ``_source``): https://github.com/NVIDIA-AI-Blueprints/data-flywheel.
"""

from typing import Any

from ...platform.errors import InputError
from ...platform.lines import Record
from ...platform.telemetry.otlp.values import as_count
from .base import Message, NoRunError, Recorded, key_of, messages_of, objects
from .moments import period_of
from .observed import UNKNOWN

AGENT = "completions"


def read_completion(record: Record) -> Recorded:
    """A call: what was asked, with the first of the answers. ``workload_id`` is its agent, ``request.user`` whoever asked."""
    source = record.fields.get("_source")
    fields: dict[str, Any] = source if isinstance(source, dict) else record.fields
    request, response = fields.get("request"), fields.get("response")
    if not isinstance(request, dict) or not isinstance(response, dict):
        raise InputError(f"{record.where}: a call has a request and a response.")
    asked = objects(request.get("messages"), "request.messages", record.where)
    chat: dict[str, object] = {"messages": [*asked, _answer(response, record.where)]}
    # The response's own id is made up where logs are converted, and the same for many.
    key, user = record.fields.get("_id"), request.get("user")
    return Recorded(
        key=key_of(record, key if isinstance(key, str | int) else None), agent=str(fields.get("workload_id") or AGENT),
        messages=messages_of(record._replace(fields=chat), "messages"),
        tools=objects(request.get("tools"), "request.tools", record.where),
        model=str(response.get("model") or request.get("model") or UNKNOWN),
        user=str(user) if isinstance(user, str | int) else "",
        period=period_of([response.get("created") or fields.get("timestamp")]),
        input_tokens=_count(response, "prompt_tokens"), output_tokens=_count(response, "completion_tokens"),
    )  # fmt: skip


def _count(response: dict[str, Any], name: str) -> int:
    usage = response.get("usage")
    return as_count(usage.get(name)) or 0 if isinstance(usage, dict) else 0


def _answer(response: dict[str, Any], where: str) -> Message:
    choices = objects(response.get("choices"), "response.choices", where)
    message = choices[0].get("message") if choices else None
    if not isinstance(message, dict):
        raise NoRunError(f"{where}: the response has no choice with a message.")
    return {"role": "assistant", **message}
