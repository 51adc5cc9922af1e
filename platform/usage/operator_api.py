"""The operator's routes: workspaces, their quotas and their usage, and the log of what the operator did."""

import uuid
from datetime import date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, Field
from sqlalchemy import update

from ..database.session import open_session, tenant_session
from ..errors import ConflictError
from ..identity.audit import record
from ..identity.bootstrap import ensure_tenant, operator_of
from ..identity.operator import note, noted, require_operator
from ..identity.tables import Tenant
from ..identity.tenants import find_tenant, list_tenants
from ..paging import PageCursor, id_of, link_next
from ..validation import Body
from .quotas import Quotas, change_quotas, quotas_of
from .record import period, usage_by

router = APIRouter(prefix="/api/operator", tags=["operator"], dependencies=[Depends(require_operator)])
Name = Annotated[str, Field(min_length=1, max_length=100)]


class TenantView(BaseModel):
    """A workspace; one with ``closed_at`` is being deleted."""

    id: uuid.UUID
    slug: str
    name: str
    created_at: datetime
    closed_at: datetime | None


class NewTenant(Body):
    """A workspace to make; ``slug`` names it for good, ``email`` is its owner's."""

    slug: str = Field(min_length=1, max_length=100)
    name: Name | None = None
    email: str | None = Field(None, min_length=3, max_length=254)


class CreatedTenant(TenantView):
    """A new workspace; its owner's password, where the account is new, and key are shown this once."""

    email: str
    password: str | None
    key: str


class TenantName(Body):
    """The name that people see."""

    name: Name


class TenantUsage(BaseModel):
    """What a workspace used in a time; dollars of what has a price."""

    tenant: str
    runs: int
    input_tokens: int
    output_tokens: int
    dollars: float


class OperatorEventView(BaseModel):
    """What the operator did, over HTTP or on the machine."""

    id: uuid.UUID
    at: datetime
    action: str
    target: str
    details: dict[str, Any]


@router.get("/tenants", response_model=list[TenantView])
async def get_tenants(request: Request) -> Any:
    """The workspaces by slug."""
    return [_view(tenant) for tenant in await list_tenants(request.app.state.whorl.engine)]


@router.post("/tenants", response_model=CreatedTenant, status_code=201)
async def post_tenant(body: NewTenant, request: Request) -> Any:
    """Create a workspace with an owner and a first key, shown once."""
    made = await ensure_tenant(request.app.state.whorl.engine, body.slug, body.name or "", body.email)
    if made.key is None:
        raise ConflictError(f"There is a tenant {body.slug!r} already.")
    return {**_view(made.tenant), "email": made.email, "password": made.password, "key": made.key}


@router.patch("/tenants/{slug}", response_model=TenantView)
async def patch_tenant(slug: str, body: TenantName, request: Request) -> Any:
    """Give a workspace another name; its slug, which adapters carry, stays."""
    engine = request.app.state.whorl.engine
    tenant = await find_tenant(engine, slug)
    async with tenant_session(engine, tenant.id) as session:
        await session.execute(update(Tenant).where(Tenant.id == tenant.id).values(name=body.name))
        record(session, operator_of(tenant), "tenant.renamed", slug, name=body.name)
        note(session, "tenant.renamed", slug, name=body.name)
    return {**_view(tenant), "name": body.name}


@router.get("/tenants/{slug}/quotas", response_model=Quotas)
async def get_tenant_quotas(slug: str, request: Request) -> Any:
    """What a workspace may use."""
    engine = request.app.state.whorl.engine
    tenant = await find_tenant(engine, slug)
    async with tenant_session(engine, tenant.id) as session:
        return await quotas_of(session, tenant.id)


@router.put("/tenants/{slug}/quotas", response_model=Quotas)
async def put_tenant_quotas(slug: str, body: Quotas, request: Request) -> Any:
    """Say all of what a workspace may use; what is left out is without limit."""
    engine = request.app.state.whorl.engine
    tenant = await find_tenant(engine, slug)
    async with tenant_session(engine, tenant.id) as session:
        await change_quotas(session, tenant.id, body)
        record(session, operator_of(tenant), "quotas.changed", slug, **body.model_dump(mode="json"))
        note(session, "quotas.changed", slug, **body.model_dump(mode="json"))
    return body


@router.get("/usage", response_model=list[TenantUsage])
async def get_tenants_usage(
    request: Request,
    since: Annotated[date | None, Query(description="First day (UTC); by default 30 days ago.")] = None,
    until: Annotated[date | None, Query(description="Last day (UTC); by default today.")] = None,
) -> Any:
    """What each workspace used, read workspace by workspace: no role of the database sees several."""
    engine = request.app.state.whorl.engine
    first, last = period(since, until)
    return [await _usage_of(engine, tenant, first, last) for tenant in await list_tenants(engine)]


@router.get("/log", response_model=list[OperatorEventView])
async def get_operator_log(
    request: Request,
    response: Response,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    cursor: PageCursor = None,
) -> Any:
    """What the operator did, newest first; the Link header leads to what was before."""
    before = id_of(cursor) if cursor is not None else None
    async with open_session(request.app.state.whorl.engine) as session:
        events = await noted(session, limit, before)
    link_next(request, response, [str(event.id) for event in events], limit)
    return [{name: getattr(event, name) for name in OperatorEventView.model_fields} for event in events]


def _view(tenant: Tenant) -> dict[str, Any]:
    return {name: getattr(tenant, name) for name in TenantView.model_fields}


async def _usage_of(engine: Any, tenant: Tenant, first: date, last: date) -> TenantUsage:
    async with tenant_session(engine, tenant.id) as session:
        days = await usage_by(session, "day", first, last)
    return TenantUsage(
        tenant=tenant.slug,
        runs=sum(day["runs"] for day in days),
        input_tokens=sum(day["input_tokens"] for day in days),
        output_tokens=sum(day["output_tokens"] for day in days),
        dollars=sum(day["dollars"] for day in days),
    )
