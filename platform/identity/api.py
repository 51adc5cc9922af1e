"""The actor, keys, members and the audit log over HTTP."""

import uuid
from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field
from starlette.responses import Response, StreamingResponse

from ..database.session import tenant_session
from ..paging import OnePage, PageCursor, address_of, id_of, link_next
from ..validation import Body
from . import audit, invitation_api, password_link_api, sso_api
from .access import PersonRole, Role, Scope
from .http import COOKIE, CurrentActor, client_address
from .keys import create_key, described, list_keys, revoke_key, rotate_key
from .members import MIN_PASSWORD, add_member, change_role, list_members, remove_member, require_own_or_new
from .passwords import change_password

router = APIRouter(prefix="/api", tags=["identity"])
router.include_router(sso_api.router)
router.include_router(invitation_api.router)
router.include_router(password_link_api.router)


class ActorView(BaseModel):
    """Who makes the request."""

    tenant_id: uuid.UUID
    tenant: str
    role: Role
    name: str
    user_id: uuid.UUID | None


@router.get("/me", response_model=ActorView)
async def get_me(actor: CurrentActor) -> Any:
    """The actor behind the key or the session."""
    return ActorView(
        tenant_id=actor.tenant_id,
        tenant=actor.tenant_slug,
        role=actor.role,
        name=actor.name,
        user_id=actor.user_id,
    )


class PasswordChange(Body):
    """A password to take the place of the current one."""

    current: str = Field(max_length=1000)
    new: str = Field(min_length=MIN_PASSWORD, max_length=1000)


@router.put("/me/password", status_code=204)
async def put_password(body: PasswordChange, actor: CurrentActor, request: Request) -> Response:
    """Change the password of whoever is signed in, which ends their other sessions; keys may not."""
    whorl, secret = request.app.state.whorl, request.cookies.get(COOKIE, "")
    client = client_address(request)
    await change_password(whorl.engine, actor, secret, body.current, body.new, client)
    return Response(status_code=204)


Asked = Annotated[
    list[Annotated[str, Field(min_length=1, max_length=200)]], Field(min_length=1, max_length=100)
]


class NewKey(Body):
    """An API key to make; ``days`` is how long it is valid.

    With ``agents`` or ``models`` it may ask those alone, and do nothing else.
    """

    name: str = Field(min_length=1, max_length=100)
    role: Role = "member"
    days: int | None = Field(None, ge=1, le=3650)
    agents: Asked | None = None
    models: Asked | None = None


class KeyView(BaseModel):
    """A key without its secret; ``user_id`` is the member whose it is, and None for a program's."""

    id: uuid.UUID
    name: str
    role: str
    user_id: uuid.UUID | None
    agents: list[str] | None
    models: list[str] | None
    hint: str
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None


class CreatedKey(KeyView):
    """A new key with its secret, which is shown this once."""

    key: str


@router.post("/keys", response_model=CreatedKey, status_code=201)
async def post_key(body: NewKey, actor: CurrentActor, request: Request) -> Any:
    """Make an API key; an owner's is made by an owner."""
    actor.require("administer")
    actor.require_over(body.role)
    async with tenant_session(request.app.state.whorl.engine, actor.tenant_id) as session:
        scope = Scope.of(body.agents, body.models)
        key, text = await create_key(
            session, actor.tenant_id, body.name, body.role, days=body.days, scope=scope
        )
        audit.record(session, actor, "key.created", str(key.id), **described(key))
    return {**{name: getattr(key, name) for name in KeyView.model_fields}, "key": text}


@router.get("/keys", response_model=list[KeyView])
async def get_keys(actor: CurrentActor, request: Request, page: OnePage) -> Any:
    """The keys of the workspace, newest first; the Link header leads to older ones."""
    actor.require("administer")
    before = page.place(id_of)
    async with tenant_session(request.app.state.whorl.engine, actor.tenant_id) as session:
        keys = await list_keys(session, page.limit, before)
    page.lead([str(key.id) for key in keys])
    return keys


class Rotation(Body):
    """How long the old key stays valid beside the new one."""

    overlap_hours: int = Field(24, ge=0, le=24 * 7)


@router.post("/keys/{key_id}/rotate", response_model=CreatedKey, status_code=201)
async def post_key_rotation(key_id: uuid.UUID, body: Rotation, actor: CurrentActor, request: Request) -> Any:
    """Make a key of the same name, role, limits and time of validity in place of another; an owner's is for an owner to rotate."""
    actor.require("administer")
    async with tenant_session(request.app.state.whorl.engine, actor.tenant_id) as session:
        key, text = await rotate_key(session, actor, key_id, timedelta(hours=body.overlap_hours))
        audit.record(
            session, actor, "key.rotated", str(key_id), new=str(key.id), overlap_hours=body.overlap_hours
        )
    return {**{name: getattr(key, name) for name in KeyView.model_fields}, "key": text}


@router.delete("/keys/{key_id}", status_code=204)
async def delete_key(key_id: uuid.UUID, actor: CurrentActor, request: Request) -> Response:
    """Revoke a key; it is refused from the next request on."""
    async with tenant_session(request.app.state.whorl.engine, actor.tenant_id) as session:
        await revoke_key(session, actor, key_id)
    return Response(status_code=204)


class NewMember(Body):
    """A person to add; a password is drawn for somebody new."""

    email: str = Field(min_length=3, max_length=254)
    role: PersonRole = "member"
    name: str = Field("", max_length=100)


class MemberView(BaseModel):
    """A member of the workspace."""

    user_id: uuid.UUID
    email: str
    name: str
    role: str


class AddedMember(MemberView):
    """A new member; ``password`` is shown this once, and only for somebody new."""

    password: str | None


@router.post("/members", response_model=AddedMember, status_code=201)
async def post_member(body: NewMember, actor: CurrentActor, request: Request) -> Any:
    """Add a member to the workspace; whoever has an account of another workspace is invited in place of that.

    An owner is added by an owner.
    """
    actor.require("administer")
    actor.require_over(body.role)
    async with tenant_session(request.app.state.whorl.engine, actor.tenant_id) as session:
        await require_own_or_new(session, actor.tenant_id, body.email)
        user, password = await add_member(session, actor.tenant_id, body.email, body.role, name=body.name)
        audit.record(session, actor, "member.added", str(user.id), role=body.role)
    return AddedMember(user_id=user.id, email=user.email, name=user.name, role=body.role, password=password)


@router.get("/members", response_model=list[MemberView])
async def get_members(actor: CurrentActor, request: Request, page: OnePage) -> Any:
    """The members of the workspace by e-mail address; the Link header leads to the next ones."""
    actor.require("administer")
    after = page.place(address_of)
    async with tenant_session(request.app.state.whorl.engine, actor.tenant_id) as session:
        members = await list_members(session, page.limit, after)
    page.lead([member.user.email for member in members])
    return [MemberView(user_id=u.id, email=u.email, name=u.name, role=role) for u, role in members]


class RoleChange(Body):
    """The role a member shall have."""

    role: PersonRole


@router.put("/members/{user_id}", status_code=204)
async def put_member(user_id: uuid.UUID, body: RoleChange, actor: CurrentActor, request: Request) -> Response:
    """Change a member's role, and revoke keys of theirs that may do more; owners are made and unmade by owners."""
    actor.require("administer")
    async with tenant_session(request.app.state.whorl.engine, actor.tenant_id) as session:
        await change_role(session, actor, user_id, body.role)
        audit.record(session, actor, "member.role", str(user_id), role=body.role)
    return Response(status_code=204)


@router.delete("/members/{user_id}", status_code=204)
async def delete_member(user_id: uuid.UUID, actor: CurrentActor, request: Request) -> Response:
    """Take a member out of the workspace; an owner is taken out by an owner."""
    actor.require("administer")
    async with tenant_session(request.app.state.whorl.engine, actor.tenant_id) as session:
        await remove_member(session, actor, user_id)
        audit.record(session, actor, "member.removed", str(user_id))
    return Response(status_code=204)


class AuditView(BaseModel):
    """What somebody did, or tried to."""

    id: uuid.UUID
    at: datetime
    actor: str
    action: str
    target: str
    details: dict[str, Any]


@router.get("/audit", response_model=list[AuditView])
async def get_audit(
    actor: CurrentActor,
    request: Request,
    response: Response,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    cursor: PageCursor = None,
) -> Any:
    """The audit log, newest first; the Link header leads to what was before."""
    actor.require("administer")
    before = id_of(cursor) if cursor is not None else None
    async with tenant_session(request.app.state.whorl.engine, actor.tenant_id) as session:
        events = await audit.recent(session, limit, before)
    link_next(request, response, [str(event.id) for event in events], limit)
    return events


_LINES: dict[str, Any] = {"application/jsonl": {"schema": {"type": "string"}}}


@router.get("/audit/export", response_class=StreamingResponse, responses={200: {"content": _LINES}})
async def export_audit(actor: CurrentActor, request: Request) -> Any:
    """The whole audit log as JSON lines, the oldest first; the export is its last line."""
    actor.require("administer")
    name = f'attachment; filename="audit-{actor.tenant_slug}.jsonl"'
    lines = audit.export(request.app.state.whorl.engine, actor)
    return StreamingResponse(lines, media_type="application/jsonl", headers={"Content-Disposition": name})
