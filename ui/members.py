"""Who may come in: members with their roles, and API keys."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from fastapi import APIRouter, Request
from starlette.responses import Response

from ..platform.database.base import now
from ..platform.database.session import tenant_session
from ..platform.identity.access import KEY_ROLES, ROLES, Actor, Role
from ..platform.identity.invitations import list_invitations
from ..platform.identity.keys import list_keys
from ..platform.identity.members import Member, list_members
from ..platform.identity.password_links import refusal_of
from ..platform.identity.providers import find_provider
from ..platform.identity.sso_api import redirect_uri_of
from ..platform.identity.tables import ApiKey, Invitation, SignOnProvider
from .frame import Administrator, Context, render

router = APIRouter(prefix="/admin")
ROLE_MEANS: dict[Role, str] = {
    "owner": "everything, and stays when it is the last one",
    "admin": "everything but what makes, changes, removes or stands in for an owner: their roles and keys, and single sign-on",
    "member": "ask questions, open cited documents, give feedback",
    "viewer": "read runs, documents, datasets and adapters",
    "exporter": "send spans of another program, nothing else",
}


@dataclass(frozen=True, kw_only=True)
class MembersContext(Context):
    """The members of the workspace; ``linkable`` are those for whom the actor may make a password link."""

    template: ClassVar[str] = "members.html"
    section: ClassVar[str] = "members"
    members: list[Member]
    linkable: frozenset[uuid.UUID]
    roles: list[Role]
    means: dict[Role, str]
    invitations: list[Invitation]
    moment: datetime
    provider: SignOnProvider | None
    redirect_uri: str


@dataclass(frozen=True, kw_only=True)
class KeysContext(Context):
    """The API keys of the workspace; ``people`` are the addresses of members, who may have some."""

    template: ClassVar[str] = "keys.html"
    section: ClassVar[str] = "keys"
    keys: list[ApiKey]
    people: dict[uuid.UUID, str]
    moment: datetime
    roles: list[Role]
    means: dict[Role, str]


@router.get("/members")
async def show_members(actor: Administrator, request: Request) -> Response:
    """The members by e-mail address."""
    async with tenant_session(request.app.state.whorl.engine, actor.tenant_id) as session:
        members = await list_members(session)
        provider = await find_provider(session)
        invitations = await list_invitations(session)
    return render(
        MembersContext(
            title="Members", actor=actor, members=members, linkable=_linkable(actor, members),
            roles=[role for role in ROLES if actor.is_over(role)],
            means={role: ROLE_MEANS[role] for role in ROLES},
            invitations=invitations, moment=now(), provider=provider,
            redirect_uri=redirect_uri_of(request, actor.tenant_slug),
        )
    )  # fmt: skip


def _linkable(actor: Actor, members: list[Member]) -> frozenset[uuid.UUID]:
    return frozenset(member.user.id for member in members if refusal_of(actor, member) is None)


@router.get("/keys")
async def show_keys(actor: Administrator, request: Request) -> Response:
    """The keys, newest first."""
    async with tenant_session(request.app.state.whorl.engine, actor.tenant_id) as session:
        keys = await list_keys(session)
        people = {user.id: user.email for user, _ in await list_members(session)}
    return render(
        KeysContext(
            title="API keys", actor=actor, keys=keys, people=people, moment=now(), means=ROLE_MEANS,
            roles=[role for role in KEY_ROLES if actor.is_over(role)],
        )
    )  # fmt: skip
