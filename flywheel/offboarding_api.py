"""Deleting a workspace over HTTP, which is the operator's."""

from typing import Any

from fastapi import APIRouter, Depends, Request

from ..platform.identity.closing import close_tenant
from ..platform.identity.operator import require_operator
from ..platform.usage.operator_api import TenantView
from .offboarding import queue_deletion

router = APIRouter(prefix="/operator", tags=["operator"], dependencies=[Depends(require_operator)])


@router.delete("/tenants/{slug}", response_model=TenantView, status_code=202)
async def delete_workspace(slug: str, request: Request) -> Any:
    """Close a workspace for good, so that nobody enters it any more, and let a worker delete all that is its own.

    It stands among the workspaces, with ``closed_at``, until that is done; the operator's log then says what went.
    """
    whorl = request.app.state.whorl
    tenant = await close_tenant(whorl.engine, slug)
    await queue_deletion(whorl.queue, slug)
    return {name: getattr(tenant, name) for name in TenantView.model_fields}
