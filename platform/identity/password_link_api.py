"""Links for forgotten passwords over HTTP."""

import uuid
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel

from ..database.session import tenant_session
from .http import CurrentActor, site_address
from .password_links import create_link

router = APIRouter()


class CreatedPasswordLink(BaseModel):
    """A new link, which is shown this once: whoever has it sets the account's password."""

    user_id: uuid.UUID
    email: str
    link: str
    expires_at: datetime


def password_address(site: str, secret: str) -> str:
    """Where the person goes to choose a password."""
    return f"{site}/password/{secret}"


@router.post("/members/{user_id}/password-link", response_model=CreatedPasswordLink, status_code=201)
async def post_password_link(user_id: uuid.UUID, actor: CurrentActor, request: Request) -> Any:
    """Let a member set a forgotten password anew; hand the link on yourself, no mail is sent. An earlier link is void."""
    actor.require("administer")
    async with tenant_session(request.app.state.whorl.engine, actor.tenant_id) as session:
        made = await create_link(session, actor, user_id)
    address = password_address(site_address(request), made.secret)
    return CreatedPasswordLink(
        user_id=user_id, email=made.user.email, link=address, expires_at=made.link.expires_at
    )
