"""Invitations over HTTP."""

import uuid
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from ..database.session import tenant_session
from ..validation import Body
from .access import PersonRole
from .http import CurrentActor, site_address
from .invitations import invite, list_invitations, revoke_invitation

router = APIRouter()


class NewInvitation(Body):
    """Whom to invite, and what for."""

    email: str = Field(min_length=3, max_length=254)
    role: PersonRole = "member"


class InvitationView(BaseModel):
    """An invitation that nobody took up yet."""

    id: uuid.UUID
    email: str
    role: str
    created_at: datetime
    expires_at: datetime


class CreatedInvitation(InvitationView):
    """A new invitation with its link, which is shown this once: whoever has it becomes a member."""

    link: str


def link_of(site: str, secret: str) -> str:
    """Where the invited person goes."""
    return f"{site}/join/{secret}"


@router.post("/invitations", response_model=CreatedInvitation, status_code=201)
async def post_invitation(body: NewInvitation, actor: CurrentActor, request: Request) -> Any:
    """Invite somebody; hand the link on yourself, no mail is sent. An earlier link for the address is void.

    An owner is invited by an owner.
    """
    actor.require("administer")
    async with tenant_session(request.app.state.whorl.engine, actor.tenant_id) as session:
        invitation, secret = await invite(session, actor, body.email, body.role)
    shown = InvitationView.model_validate(invitation, from_attributes=True)
    return CreatedInvitation(**shown.model_dump(), link=link_of(site_address(request), secret))


@router.get("/invitations", response_model=list[InvitationView])
async def get_invitations(actor: CurrentActor, request: Request) -> Any:
    """The invitations that nobody took up yet, newest first, expired ones included."""
    actor.require("administer")
    async with tenant_session(request.app.state.whorl.engine, actor.tenant_id) as session:
        return await list_invitations(session)


@router.delete("/invitations/{invitation_id}", status_code=204)
async def delete_invitation(invitation_id: uuid.UUID, actor: CurrentActor, request: Request) -> Response:
    """Take an invitation back."""
    actor.require("administer")
    async with tenant_session(request.app.state.whorl.engine, actor.tenant_id) as session:
        await revoke_invitation(session, actor, invitation_id)
    return Response(status_code=204)
