"""Single sign-on in the browser: to the workspace's provider and back."""

from fastapi import APIRouter, Request
from starlette.background import BackgroundTask
from starlette.responses import RedirectResponse, Response

from ..platform.errors import (
    AuthenticationError,
    ConflictError,
    LimitError,
    NotFoundError,
    PrerequisiteError,
    UpstreamError,
    WhorlError,
)
from ..platform.identity.http import client_address, over_https
from ..platform.identity.refusals import note_failed_sign_on
from ..platform.identity.signin import Throttle
from ..platform.identity.signon import LIFETIME, Returned, SignOn
from ..platform.identity.sso_api import redirect_uri_of
from ..platform.problems import error_headers
from .frame import render
from .signin import SignInContext, keep_session, local_path, sign_in_context

router = APIRouter(prefix="/signin/sso/{workspace}")
COOKIE = "whorl_signon"
_SHOWN = (AuthenticationError, ConflictError, LimitError, NotFoundError, PrerequisiteError, UpstreamError)


@router.get("")
async def begin_sign_on(workspace: str, request: Request, next: str = "/") -> Response:
    """Send the browser to the provider.

    Where another site leads here, a person must agree first: it could be its own workspace, and its provider would
    sign the visitor in there as somebody else. Many that are begun from one address and come to nothing are throttled.
    """
    sign_on: SignOn = request.app.state.whorl.sign_on
    target = local_path(next)
    if request.headers.get("sec-fetch-site") not in (None, "same-origin", "none"):
        return render(await sign_in_context(request, workspace, next=target))
    throttle: Throttle = request.app.state.whorl.sign_ons
    try:
        throttle.check(_from(request, workspace))
        throttle.fail(_from(request, workspace))
        begun = await sign_on.begin(workspace, redirect_uri_of(request, workspace), target)
    except _SHOWN as error:
        return await _refused(request, workspace, error)
    response = RedirectResponse(begun.url, 303)
    response.set_cookie(
        COOKIE, begun.secret, max_age=int(LIFETIME.total_seconds()), path="/signin/sso", httponly=True, samesite="lax",
        secure=over_https(request),
    )  # fmt: skip
    return response


@router.get("/callback")
async def finish_sign_on(
    workspace: str, request: Request, code: str = "", state: str = "", iss: str | None = None, error: str = ""
) -> Response:
    """Open a session with what the provider answers, or say on the sign-in page why there is none."""
    sign_on: SignOn = request.app.state.whorl.sign_on
    try:
        if error or not code:
            raise AuthenticationError(f"The sign-on provider refused: {error[:100] or 'it sent no code'}.")
        done = await sign_on.finish(
            workspace,
            redirect_uri_of(request, workspace),
            request.cookies.get(COOKIE, ""),
            Returned(code, state, iss),
        )
    except _SHOWN as refusal:
        page = await _refused(request, workspace, refusal)
        whorl = request.app.state.whorl
        page.background = BackgroundTask(
            note_failed_sign_on, whorl.engine, whorl.refusals, workspace, refusal.title
        )
        return _without_cookie(page)
    request.app.state.whorl.sign_ons.forgive(_from(request, workspace))
    return _without_cookie(keep_session(request, RedirectResponse(done.next, 303), done.session))


def _from(request: Request, workspace: str) -> str:
    """Whose sign-ons are counted together: those from one address to one workspace."""
    return f"{client_address(request)} {workspace[:100]}"


async def _refused(request: Request, workspace: str, error: WhorlError) -> Response:
    context: SignInContext = await sign_in_context(request, workspace, message=error.message)
    return render(context, error.status, error_headers(error) if isinstance(error, LimitError) else None)


def _without_cookie(response: Response) -> Response:
    response.delete_cookie(COOKIE, path="/signin/sso")
    return response
