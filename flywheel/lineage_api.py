"""Lineage, erasures and recalls over HTTP."""

import uuid
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from ..platform.database.session import tenant_session
from ..platform.identity.http import CurrentActor
from ..platform.validation import Body
from .erasure import erase_subject, list_receipts
from .lineage import ancestors, descendants, find_node
from .recall import recall_source, release_tool

router = APIRouter(tags=["lineage"])


class LineageView(BaseModel):
    """What a thing came from and what came of it, ids by kind."""

    kind: str
    id: str
    ancestors: dict[str, list[Any]]
    descendants: dict[str, list[Any]]


class ReceiptView(BaseModel):
    """What an erasure or a recall took away: rows by table, rows by dataset, adapters, routes."""

    id: uuid.UUID
    kind: str
    subject: str
    actor: str
    counts: dict[str, Any]
    created_at: datetime


class NewErasure(Body):
    """Whom to erase: a member's e-mail address."""

    subject: str = Field(min_length=3, max_length=254)


class NewRecall(Body):
    """What to recall: ``document:ID``, ``tool:NAME`` or ``run:ID``."""

    source: str = Field(min_length=1, max_length=300)


@router.get("/lineage/{name:path}", response_model=LineageView)
async def get_lineage(name: str, actor: CurrentActor, request: Request) -> Any:
    """Ancestors and descendants of a run, row, document, dataset, training, adapter, member or tool."""
    actor.require("read")
    async with tenant_session(request.app.state.whorl.engine, actor.tenant_id) as session:
        node = await find_node(session, name)
        before, after = await ancestors(session, node), await descendants(session, node)
    return {"kind": node.kind, "id": node.id, "ancestors": before.value(), "descendants": after.value(node)}


@router.post("/erasures", response_model=ReceiptView, status_code=201)
async def post_erasure(body: NewErasure, actor: CurrentActor, request: Request) -> Any:
    """Erase a person and what came of them; the answer is the receipt."""
    whorl = request.app.state.whorl
    await whorl.flush()
    return await erase_subject(whorl.engine, whorl.servers, actor, body.subject)


@router.post("/recalls", response_model=ReceiptView, status_code=201)
async def post_recall(body: NewRecall, actor: CurrentActor, request: Request) -> Any:
    """Take back what came of a poisoned source, which is served no more; the answer is the receipt."""
    whorl = request.app.state.whorl
    await whorl.flush()
    return await recall_source(whorl.engine, whorl.servers, whorl.library, actor, body.source)


@router.delete("/recalls/tools/{name:path}", status_code=204)
async def delete_recall(name: str, actor: CurrentActor, request: Request) -> Response:
    """Offer a recalled tool to the workspace's agents again; what was taken back stays so."""
    await release_tool(request.app.state.whorl.engine, actor, name)
    return Response(status_code=204)


@router.get("/receipts", response_model=list[ReceiptView])
async def get_receipts(actor: CurrentActor, request: Request) -> Any:
    """The receipts of erasures and recalls, the newest first."""
    actor.require("administer")
    async with tenant_session(request.app.state.whorl.engine, actor.tenant_id) as session:
        return await list_receipts(session)
