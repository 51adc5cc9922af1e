"""Logfire's instrumentations of OpenAI and Anthropic: the request and the reply of an API call, as it has them.

https://logfire.pydantic.dev/docs/integrations/llms/openai/
"""

from typing import Any

from ..chat import Chat, Message, read_chat
from ..reading import NOTHING, Foreign, Reading
from ..values import as_count, as_text, first, parsed

# Where a reply is that came at once, that completed a text, and that came in pieces.
_REPLIES = ("message", "text", "combined_chunk_content")


def read_logfire(span: Foreign) -> Reading:
    """Messages, tools, model and usage of ``request_data`` and ``response_data``."""
    request = parsed(span.attributes.get("request_data"))
    if not isinstance(request, dict) or not isinstance(request.get("model"), str):
        return NOTHING
    response = parsed(span.attributes.get("response_data"))
    response = response if isinstance(response, dict) else {}
    usage = parsed(response.get("usage"))
    usage = usage if isinstance(usage, dict) else {}
    given = read_chat(request, "user") if {"messages", "prompt"} & request.keys() else Chat([], [])
    said = _reply(response)
    return Reading(
        operation="chat" if said else "", input=given.messages, output=said, tools=given.tools,
        request_model=request["model"],
        input_tokens=as_count(first(usage, "prompt_tokens", "input_tokens")),
        output_tokens=as_count(first(usage, "completion_tokens", "output_tokens")),
        finish_reason=as_text(response.get("finish_reason")),
    )  # fmt: skip


def _reply(response: dict[str, Any]) -> list[Message]:
    said = first(response, *_REPLIES)
    if said is None:
        return []
    return read_chat(said if isinstance(said, dict) else {"content": said}, "assistant").messages
