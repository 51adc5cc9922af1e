"""Signing in and out of the pages."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from fastapi import APIRouter, Form, Request
from starlette.background import BackgroundTask
from starlette.responses import RedirectResponse, Response

from ..platform.errors import AuthenticationError, LimitError
from ..platform.identity.http import COOKIE, check_origin, client_address, over_https
from ..platform.identity.refusals import note_failed_sign_in
from ..platform.identity.signin import LIFETIME, sign_in, sign_out
from ..platform.problems import error_headers
from .frame import Context, known_actor, render

router = APIRouter()


@dataclass(frozen=True, kw_only=True)
class SignInContext(Context):
    """The form; what was typed stays, but for the password. ``sso`` is whether the workspace has single sign-on."""

    template: ClassVar[str] = "signin.html"
    sso: bool = False
    email: str = ""
    workspace: str = ""
    next: str = "/"
    message: str = ""


@router.get("/signin")
async def show_sign_in(request: Request, next: str = "/", workspace: str = "") -> Response:
    """The form; whoever is signed in already goes where they wanted to."""
    if await known_actor(request):
        return RedirectResponse(local_path(next), 303)
    return render(await sign_in_context(request, workspace, next=local_path(next)))


@router.post("/signin")
async def submit_sign_in(
    request: Request,
    email: Annotated[str, Form(max_length=254)] = "",
    password: Annotated[str, Form(max_length=1000)] = "",
    workspace: Annotated[str, Form(max_length=100)] = "",
    next: Annotated[str, Form(max_length=2000)] = "/",
) -> Response:
    """Open a session, or show the form again with the reason."""
    check_origin(request)
    whorl = request.app.state.whorl
    target, workspace = local_path(next), workspace.strip().lower()
    try:
        secret = await sign_in(whorl.engine, email, password, workspace, client=client_address(request))
    except (AuthenticationError, LimitError) as error:
        again = await sign_in_context(request, workspace, email=email, next=target, message=error.message)
        page = render(again, error.status, error_headers(error) if isinstance(error, LimitError) else None)
        if isinstance(error, AuthenticationError):
            page.background = BackgroundTask(note_failed_sign_in, whorl.engine, email, workspace)
        return page
    return keep_session(request, RedirectResponse(target, 303), secret)


async def sign_in_context(
    request: Request, workspace: str, *, next: str = "/", email: str = "", message: str = ""
) -> SignInContext:
    """The form for a workspace, or for none in particular."""
    workspace = workspace.strip().lower()[:100]
    sso = bool(workspace) and await request.app.state.whorl.sign_on.offered(workspace)
    return SignInContext(
        title="Sign in", actor=None, email=email, workspace=workspace, next=next, message=message, sso=sso
    )


def keep_session(request: Request, response: Response, secret: str) -> Response:
    """Let the browser keep a session."""
    response.set_cookie(
        COOKIE, secret, max_age=int(LIFETIME.total_seconds()), path="/", httponly=True, samesite="lax",
        secure=over_https(request),
    )  # fmt: skip
    return response


@router.post("/signout")
async def submit_sign_out(request: Request) -> Response:
    """End the session."""
    check_origin(request)
    cookie = request.cookies.get(COOKIE)
    if cookie:
        await sign_out(request.app.state.whorl.engine, cookie)
    response = RedirectResponse("/signin", 303)
    response.delete_cookie(COOKIE, path="/")
    return response


def local_path(wanted: str) -> str:
    """``wanted`` when it is a path of this site, else the start page.

    Browsers read a backslash as a slash and leave out tabs and line ends, so that more than ``//``
    leads to another site.

    >>> local_path("/admin?a=1"), local_path("//evil.example"), local_path("https://evil.example")
    ('/admin?a=1', '/', '/')
    """
    safe = (
        wanted.startswith("/")
        and not wanted.startswith("//")
        and "\\" not in wanted
        and all(character > " " for character in wanted)
    )
    return wanted if safe else "/"
