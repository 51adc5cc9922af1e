"""Taking up an invitation: with a new account, with the account that is signed in, or by single sign-on."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from ..platform.errors import AuthenticationError, InputError, LimitError
from ..platform.identity.access import Actor
from ..platform.identity.http import check_origin, client_address
from ..platform.identity.invitations import (
    Joined,
    Offer,
    join_anew,
    join_as,
    join_with_password,
    read_invitation,
)
from ..platform.identity.members import MIN_PASSWORD
from ..platform.identity.signin import open_web_session
from .frame import Context, known_actor, render
from .signin import keep_session

router = APIRouter(prefix="/join/{invitation}")


@dataclass(frozen=True, kw_only=True)
class JoinContext(Context):
    """What is offered, and the ways to take it up."""

    template: ClassVar[str] = "join.html"
    offer: Offer
    path: str
    sso: bool
    shortest: int = MIN_PASSWORD
    name: str = ""
    message: str = ""


@router.get("")
async def show_invitation(invitation: str, request: Request) -> Response:
    """What is offered; an unknown invitation is a page that says so."""
    return render(await _context(request, invitation))


@router.post("")
async def take_up_invitation(
    invitation: str,
    request: Request,
    name: Annotated[str, Form(max_length=100)] = "",
    password: Annotated[str, Form(max_length=1000)] = "",
) -> Response:
    """Join, and be signed in to the workspace."""
    check_origin(request)
    engine = request.app.state.whorl.engine
    actor = await known_actor(request)
    try:
        joined = await _join(request, invitation, actor, name, password)
    except (AuthenticationError, InputError, LimitError) as error:
        context = await _context(request, invitation, name=name, message=error.message)
        return render(context, error.status)
    secret = await open_web_session(engine, joined.tenant_id, joined.user_id, by="invitation")
    return keep_session(request, RedirectResponse("/", 303), secret)


async def _join(request: Request, invitation: str, actor: Actor | None, name: str, password: str) -> Joined:
    engine = request.app.state.whorl.engine
    if actor is not None:
        return await join_as(engine, invitation, actor)
    if (await read_invitation(engine, invitation)).proof == "new":
        return await join_anew(engine, invitation, name.strip(), password)
    return await join_with_password(engine, invitation, password, client_address(request))


async def _context(request: Request, invitation: str, *, name: str = "", message: str = "") -> JoinContext:
    whorl = request.app.state.whorl
    offer = await read_invitation(whorl.engine, invitation)
    return JoinContext(
        title=f"Join {offer.workspace}", actor=await known_actor(request), offer=offer, path=f"/join/{invitation}",
        sso=await whorl.sign_on.offered(offer.workspace), name=name, message=message,
    )  # fmt: skip
