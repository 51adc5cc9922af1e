"""Who makes an HTTP request: an API key in the Authorization header, or a session cookie."""

from typing import Annotated, Any

from fastapi import Depends, Request
from fastapi.security import APIKeyCookie, HTTPBearer
from sqlalchemy.ext.asyncio import AsyncEngine

from ..database.outage import AWAY
from ..errors import AuthenticationError, PermissionDeniedError
from .access import Actor
from .keys import KeyHolders
from .signin import authenticate_session

COOKIE = "whorl_session"
_bearer = HTTPBearer(auto_error=False, description="An API key: whorl_…")
_cookie = APIKeyCookie(name=COOKIE, auto_error=False, description="The cookie of a signed-in browser.")
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


async def current_actor(
    request: Request,
    bearer: Annotated[Any, Depends(_bearer)] = None,
    cookie: Annotated[str | None, Depends(_cookie)] = None,
) -> Actor:
    """The actor of a request; raises AuthenticationError when there is none.

    Whatever its tenant has done in this process before, the request sees.
    """
    actor = await _authenticated(request, bearer, cookie)
    request.state.tenant = str(actor.tenant_id)
    await request.app.state.whorl.agents.ledger.tell(actor.tenant_id)
    return actor


async def exporting_actor(
    request: Request,
    bearer: Annotated[Any, Depends(_bearer)] = None,
    cookie: Annotated[str | None, Depends(_cookie)] = None,
) -> Actor:
    """The actor of a request whose content waits in the log: while the database is away, of a key that was valid lately.

    Raises as ``current_actor``, and what the database is away with where the redaction policy of the tenant is not known.
    """
    try:
        return await current_actor(request, bearer, cookie)
    except AWAY:
        whorl = request.app.state.whorl
        actor: Actor | None = whorl.key_holders.trusted(bearer.credentials) if bearer else None
        if actor is None or not whorl.redactor.policies.knows(str(actor.tenant_id)):
            raise
        request.state.tenant = str(actor.tenant_id)
        return actor


async def _authenticated(request: Request, bearer: Any, cookie: str | None) -> Actor:
    if bearer is not None:
        holders: KeyHolders = request.app.state.whorl.key_holders
        actor = await holders.of(bearer.credentials)
        request.state.key_actor = actor
        return actor
    if cookie is None:
        raise AuthenticationError("Send an API key as 'Authorization: Bearer whorl_…', or sign in.")
    check_origin(request)
    engine: AsyncEngine = request.app.state.whorl.engine
    return await authenticate_session(engine, cookie)


async def identify(request: Request) -> tuple[Actor, str]:
    """The actor of a request outside of a route, and the secret that shows who it is; raises as ``current_actor``."""
    bearer, cookie = await _bearer(request), await _cookie(request)
    actor = await current_actor(request, bearer, cookie)
    return actor, bearer.credentials if bearer is not None else str(cookie)


def check_origin(request: Request) -> None:
    """Refuse a changing request that another site's page sent with our cookie (CSRF).

    Browsers state where a request comes from in Sec-Fetch-Site, or in Origin.
    https://developer.mozilla.org/docs/Web/HTTP/Reference/Headers/Sec-Fetch-Site
    """
    if request.method in _SAFE:
        return
    site = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    public = request.app.state.whorl.settings.public_url
    if site is not None and site not in ("same-origin", "none"):
        raise PermissionDeniedError("The request comes from another site.")
    if origin is not None and origin not in {_own_address(request), public}:
        raise PermissionDeniedError(f"The request comes from another site ({origin}).")


def site_address(request: Request) -> str:
    """The address that users type, without a slash at its end: the setting, else what this request came to."""
    public: str | None = request.app.state.whorl.settings.public_url
    return (public or _own_address(request)).rstrip("/")


def over_https(request: Request) -> bool:
    """Whether users come through https, so that cookies are marked Secure: by the setting, or as this request did.

    What a trusted proxy states counts, as of the address.
    """
    return request.url.scheme == "https" or bool(request.app.state.whorl.settings.secure_cookies)


def client_address(request: Request) -> str:
    """The address that a request comes from, as a trusted proxy states it; empty where it is not known."""
    return request.client.host if request.client else ""


def _own_address(request: Request) -> str:
    return f"{request.url.scheme}://{request.headers.get('host', '')}"


CurrentActor = Annotated[Actor, Depends(current_actor)]
ExportingActor = Annotated[Actor, Depends(exporting_actor)]
