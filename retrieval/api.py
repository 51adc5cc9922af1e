"""Documents and search over HTTP."""

import tempfile
import uuid
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Annotated, Any

from anyio import to_thread
from fastapi import APIRouter, Query, Request, UploadFile
from fastapi import Path as PathParameter
from pydantic import BaseModel
from starlette.responses import Response

from ..platform.database.session import tenant_session
from ..platform.errors import InputError, TooLargeError
from ..platform.identity.audit import record
from ..platform.identity.http import CurrentActor
from ..platform.paging import PageCursor, link_next, place_of
from ..platform.settings import Settings
from .library import DOCUMENTS, Library
from .load.base import LoadedDocument, LoadLimits
from .load.path import load_file

router = APIRouter(prefix="/api", tags=["documents"])
COLLECTION = r"^[a-z][a-z0-9_-]{0,63}$"
InCollection = Annotated[
    str,
    Query(pattern=COLLECTION, description="The collection; small letters, digits, _ and -, a letter first."),
]
_PIECE = 1 << 20


class DocumentView(BaseModel):
    """A document of the workspace."""

    id: uuid.UUID
    source: str
    title: str
    media_type: str
    characters: int


class DocumentText(DocumentView):
    """A document with its text; citations' offsets point into it."""

    text: str


class AddedView(BaseModel):
    """What became of one document of an upload: added, replaced, unchanged, or removed, where a file has it no more."""

    document_id: uuid.UUID
    source: str
    chunks: int
    status: str


class PassageView(BaseModel):
    """A passage found; its text is untrusted."""

    document_id: uuid.UUID
    chunk_id: str
    title: str
    heading: str
    text: str
    start: int
    end: int
    score: float
    trust: str


@router.post("/documents", response_model=list[AddedView], status_code=201)
async def add_documents(
    file: UploadFile, actor: CurrentActor, request: Request, collection: InCollection = DOCUMENTS
) -> Any:
    """Upload one file: Markdown, text, HTML, PDF, DOCX or JSON lines. The same name replaces.

    A collection is made with its first document. Records that a JSON lines file of the same name had before are removed.
    """
    actor.require("write")
    whorl = request.app.state.whorl
    with tempfile.TemporaryDirectory() as folder:
        name = PurePosixPath(file.filename or "").name
        if not name:
            raise InputError("The upload has no file name.")
        # The suffix of the name says what it is: what it lies under is short, whatever the name.
        path = Path(folder) / "upload"
        await _save(file, path, whorl.settings)
        limits = load_limits(whorl.settings)
        documents: list[LoadedDocument] = await to_thread.run_sync(
            lambda: list(load_file(path, name, limits))
        )
        added = [item async for item in whorl.library.ingest(actor.tenant_id, documents, collection)]
    async with tenant_session(whorl.engine, actor.tenant_id) as session:
        record(session, actor, "document.added", name, documents=len(added), collection=collection)
    return [item._asdict() for item in added]


@router.get("/documents", response_model=list[DocumentView], responses={404: {}})
async def list_documents(
    actor: CurrentActor,
    request: Request,
    response: Response,
    limit: Annotated[int, Query(ge=1, le=1000)] = 200,
    cursor: PageCursor = None,
    collection: InCollection = DOCUMENTS,
) -> Any:
    """The documents of a collection by source; the Link header leads to the page after."""
    actor.require("read")
    chosen = await _library(request).find(actor.tenant_id, collection)
    found = []
    async for document in chosen.documents("" if cursor is None else place_of(cursor)):
        found.append(_view(document))
        if len(found) == limit:
            break
    link_next(request, response, [view["source"] for view in found], limit)
    return found


@router.get("/documents/{document_id}", response_model=DocumentText)
async def get_document(document_id: uuid.UUID, actor: CurrentActor, request: Request) -> Any:
    """A document with its text; whoever may chat may open what an answer cites."""
    actor.require("chat")
    actor.require_unlimited()
    collection = await _library(request).holder(actor.tenant_id, document_id)
    document = await collection.document(document_id)
    return {**_view(document), "text": document.text}


@router.delete("/documents/{document_id}", status_code=204)
async def delete_document(document_id: uuid.UUID, actor: CurrentActor, request: Request) -> Response:
    """Delete a document; it is found no more from then on."""
    actor.require("write")
    whorl = request.app.state.whorl
    collection = await whorl.library.holder(actor.tenant_id, document_id)
    await collection.delete(document_id)
    async with tenant_session(whorl.engine, actor.tenant_id) as session:
        record(session, actor, "document.deleted", str(document_id))
    return Response(status_code=204)


@router.get("/search", response_model=list[PassageView], responses={404: {}})
async def search(
    actor: CurrentActor,
    request: Request,
    q: Annotated[str, Query(min_length=1, max_length=4000)],
    k: Annotated[int, Query(ge=1, le=50)] = 5,
    collection: InCollection = DOCUMENTS,
) -> Any:
    """Passages of a collection for a query, best first."""
    actor.require("chat")
    actor.require_unlimited()
    passages = await _library(request).search(actor.tenant_id, q, k, collection)
    return [
        PassageView(
            document_id=p.document_id, chunk_id=str(p.chunk_id), title=p.title, heading=p.heading, text=p.text,
            start=p.start, end=p.end, score=p.scores.reranked, trust=p.trust,
        )
        for p in passages
    ]  # fmt: skip


class CollectionView(BaseModel):
    """A collection, and how many documents are in it."""

    name: str
    created_at: datetime
    documents: int


@router.get("/collections", response_model=list[CollectionView])
async def list_collections(actor: CurrentActor, request: Request) -> Any:
    """The collections of the workspace by name; ``documents`` is the one that is meant where none is named."""
    actor.require("chat")
    actor.require_unlimited()
    return [shelf._asdict() for shelf in await _library(request).collections(actor.tenant_id)]


@router.delete("/collections/{name}", status_code=204)
async def delete_collection(
    name: Annotated[str, PathParameter(pattern=COLLECTION)], actor: CurrentActor, request: Request
) -> Response:
    """Delete a collection with all its documents."""
    actor.require("write")
    whorl = request.app.state.whorl
    await whorl.library.find(actor.tenant_id, name)
    await whorl.library.drop(actor.tenant_id, name)
    async with tenant_session(whorl.engine, actor.tenant_id) as session:
        record(session, actor, "collection.deleted", name)
    return Response(status_code=204)


def load_limits(settings: Settings) -> LoadLimits:
    """The limits that the settings give."""
    return LoadLimits(record_bytes=settings.max_record_mb * 2**20, file_bytes=settings.max_upload_mb * 2**20)


async def _save(file: UploadFile, path: Path, settings: Settings) -> None:
    limit, size = settings.max_upload_mb * 2**20, 0
    with path.open("wb") as out:
        while piece := await file.read(_PIECE):
            size += len(piece)
            if size > limit:
                raise TooLargeError(f"The file is larger than {settings.max_upload_mb} MiB, the limit.")
            out.write(piece)


def _library(request: Request) -> Library:
    library: Library = request.app.state.whorl.library
    return library


def _view(document: Any) -> dict[str, Any]:
    return {
        "id": document.id, "source": document.source, "title": document.title,
        "media_type": document.media_type, "characters": len(document.text),
    }  # fmt: skip
