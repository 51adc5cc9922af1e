"""The search tool: passages of the tenant's documents, shown as short quotes."""

import json
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

from opentelemetry.trace import Tracer

from ...platform.telemetry import conventions as c
from ...retrieval.library import Quote
from ..prompt import Quoted, render_passages
from .base import Citation, Observation, Tool, ToolContext

# (tenant, query, collection) -> what to show, best first
Search = Callable[[uuid.UUID, str, str], Awaitable[list[Quote]]]

PARAMETERS: dict[str, Any] = {
    "type": "object",
    "properties": {"query": {"type": "string"}},
    "required": ["query"],
}


def search_tool(search: Search, tracer: Tracer) -> Tool:
    """The ``search`` tool over a search function; what it returns is untrusted text."""

    async def run(arguments: dict[str, Any], context: ToolContext) -> Observation:
        with tracer.start_as_current_span(f"retrieval {context.collection}") as span:
            span.set_attribute(c.OPERATION, "retrieval")
            span.set_attribute(c.DATA_SOURCE, context.collection)
            span.set_attribute(c.TRUST, "untrusted")
            span.set_attribute(c.RETRIEVAL_QUERY, arguments["query"])
            found = await search(context.tenant_id, arguments["query"], context.collection)
            first = context.cited
            citations = [_citation(quote, first + index) for index, quote in enumerate(found, 1)]
            span.set_attribute(c.RETRIEVAL_DOCUMENTS, documents_json(citations))
        context.cited += len(citations)
        return Observation(
            render_passages([Quoted(quote.title, quote.text) for quote in found], first + 1), citations
        )

    return Tool("search", "Search the documents.", run, PARAMETERS, read_only=True)


def _citation(quote: Quote, number: int) -> Citation:
    return {
        "number": number,
        "document_id": str(quote.document_id),
        "chunk_id": str(quote.chunk_id),
        "title": quote.title,
        "text": quote.text,
        "start": quote.start,
        "end": quote.end,
    }


def documents_json(citations: list[Citation]) -> str:
    """The passages as the conventions' ``gen_ai.retrieval.documents``."""
    documents = [
        {
            "id": citation["document_id"],
            c.PASSAGE_ID: citation["chunk_id"],
            "content": citation["text"],
            "title": citation["title"],
        }
        for citation in citations
    ]
    return json.dumps(documents, ensure_ascii=False)
