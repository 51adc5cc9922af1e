"""The documents of a workspace: list, text, and what a search finds in them."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, ClassVar, NamedTuple

from fastapi import APIRouter, Query, Request
from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from ..platform.database.session import tenant_session
from ..platform.errors import NotFoundError
from ..retrieval.library import DOCUMENTS
from ..retrieval.passage import Passage
from ..retrieval.tables import ChunkRow, CollectionRow, DocumentRow
from .frame import Context, Reader, render

router = APIRouter(prefix="/admin/documents")
PAGE = 50
FOUND = 8
# Characters of a document shown at once: more makes browsers slow.
WINDOW = 60_000
# The highest place in a text that the database can be asked for, beside the windows around it.
_MOST = 2**31 - 1 - 4 * WINDOW


class Listed(NamedTuple):
    """A document without its text."""

    id: uuid.UUID
    source: str
    title: str
    media_type: str
    characters: int
    chunks: int
    created_at: datetime


@dataclass(frozen=True, kw_only=True)
class DocumentsContext(Context):
    """A page of documents by source, or what a search finds; ``after`` leads to the next page."""

    template: ClassVar[str] = "documents.html"
    section: ClassVar[str] = "documents"
    total: int
    documents: list[Listed]
    first: bool
    after: str | None
    query: str
    passages: list[Passage]
    megabytes: int


@dataclass(frozen=True, kw_only=True)
class DocumentContext(Context):
    """Part of a document's text; ``marked`` is the cited or found range in it."""

    template: ClassVar[str] = "document.html"
    section: ClassVar[str] = "documents"
    document: Listed
    before: str
    marked: str
    rest: str
    previous: int | None
    following: int | None


@router.get("")
async def show_documents(
    actor: Reader,
    request: Request,
    after: Annotated[str, Query(max_length=2000)] = "",
    q: Annotated[str, Query(max_length=4000)] = "",
) -> Response:
    """The documents, ``PAGE`` at a time, and a search."""
    whorl = request.app.state.whorl
    async with tenant_session(whorl.engine, actor.tenant_id) as session:
        total = await session.scalar(_of_collection(select(func.count()).select_from(DocumentRow))) or 0
        found = await _listed(session, DocumentRow.source > after, limit=PAGE + 1)
    passages = await whorl.library.search(actor.tenant_id, q, FOUND) if q.strip() and total else []
    return render(
        DocumentsContext(
            title="Documents", actor=actor, total=total, documents=found[:PAGE], first=not after,
            after=found[PAGE - 1].source if len(found) > PAGE else None, query=q, passages=passages,
            megabytes=whorl.settings.max_upload_mb,
        )
    )  # fmt: skip


@router.get("/{document_id}")
async def show_document(
    document_id: uuid.UUID,
    actor: Reader,
    request: Request,
    start: Annotated[int, Query(ge=0, le=_MOST)] = 0,
    end: Annotated[int, Query(ge=0, le=_MOST)] = 0,
    at: Annotated[int | None, Query(ge=0, le=_MOST)] = None,
) -> Response:
    """A document's text, around ``start`` to ``end`` when a range is asked for."""
    async with tenant_session(request.app.state.whorl.engine, actor.tenant_id) as session:
        found = await _listed(session, DocumentRow.id == document_id, limit=1)
        if not found:
            raise NotFoundError("There is no such document: it was deleted, or never here.")
        document = found[0]
        begin = at if at is not None else max(0, (start // WINDOW) * WINDOW)
        stop = max(begin + WINDOW, min(end, begin + 2 * WINDOW))
        text = await session.scalar(
            select(func.substr(DocumentRow.text, begin + 1, stop - begin)).where(
                DocumentRow.id == document_id
            )
        )
    shown = text or ""
    low, high = sorted((min(max(start - begin, 0), len(shown)), min(max(end - begin, 0), len(shown))))
    return render(
        DocumentContext(
            title=document.title or document.source, actor=actor, document=document,
            before=shown[:low], marked=shown[low:high], rest=shown[high:],
            previous=max(0, begin - WINDOW) if begin > 0 else None,
            following=begin + len(shown) if begin + len(shown) < document.characters else None,
        )
    )  # fmt: skip


async def _listed(session: AsyncSession, *conditions: ColumnElement[bool], limit: int) -> list[Listed]:
    chunks = (
        select(func.count())
        .select_from(ChunkRow)
        .where(ChunkRow.document_id == DocumentRow.id)
        .scalar_subquery()
    )
    query = _of_collection(
        select(
            DocumentRow.id, DocumentRow.source, DocumentRow.title, DocumentRow.media_type,
            func.length(DocumentRow.text), chunks, DocumentRow.created_at,
        ).where(*conditions)
    )  # fmt: skip
    rows = await session.execute(query.order_by(DocumentRow.source).limit(limit))
    return [Listed(*row) for row in rows]


def _of_collection(query: Select[Any]) -> Select[Any]:
    return query.join(CollectionRow, CollectionRow.id == DocumentRow.collection_id).where(
        CollectionRow.name == DOCUMENTS
    )
