"""Setting a forgotten password anew, by a link that an administrator handed on."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from ..platform.errors import InputError
from ..platform.identity.http import check_origin
from ..platform.identity.members import MIN_PASSWORD
from ..platform.identity.password_links import Offer, read_link, reset_password
from ..platform.identity.signin import open_web_session
from .frame import Context, known_actor, render
from .signin import keep_session

router = APIRouter(prefix="/password/{link}")


@dataclass(frozen=True, kw_only=True)
class PasswordContext(Context):
    """Whose password the link sets."""

    template: ClassVar[str] = "password.html"
    offer: Offer
    path: str
    shortest: int = MIN_PASSWORD
    message: str = ""


@router.get("")
async def show_password_link(link: str, request: Request) -> Response:
    """The form for a new password; an unknown link is a page that says so."""
    return render(await _context(request, link))


@router.post("")
async def take_up_password_link(
    link: str, request: Request, password: Annotated[str, Form(max_length=1000)] = ""
) -> Response:
    """Set the password, and be signed in to the account's home."""
    check_origin(request)
    engine = request.app.state.whorl.engine
    try:
        reset = await reset_password(engine, link, password)
    except InputError as error:
        return render(await _context(request, link, error.message), error.status)
    secret = await open_web_session(engine, reset.tenant_id, reset.user_id, by="password_link")
    return keep_session(request, RedirectResponse("/", 303), secret)


async def _context(request: Request, link: str, message: str = "") -> PasswordContext:
    offer = await read_link(request.app.state.whorl.engine, link)
    return PasswordContext(
        title="Set a new password", actor=await known_actor(request), offer=offer, path=f"/password/{link}",
        message=message,
    )  # fmt: skip
