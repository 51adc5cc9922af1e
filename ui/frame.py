"""The frame of every page: who looks at it, how it is rendered, and how errors look in it."""

from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated, ClassVar
from urllib.parse import quote

from fastapi import Depends, Request
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from sqlalchemy.exc import SQLAlchemyError
from starlette.responses import HTMLResponse, RedirectResponse, Response

from ..platform.errors import WhorlError
from ..platform.identity.access import Actor, Permission
from ..platform.identity.http import COOKIE, CurrentActor
from ..platform.identity.signin import authenticate_session
from . import words
from .headers import SAFETY

HERE = Path(__file__).parent
# Answered for programs: errors there are JSON, whatever the client accepts.
_PROGRAMS = ("/api/", "/v1/", "/static/", "/healthz", "/readyz", "/metrics", "/openapi.json")

_environment = Environment(
    loader=FileSystemLoader(HERE / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_environment.filters.update(
    {
        filter.__name__: filter
        for filter in (
            words.percent, words.number, words.dollars, words.duration, words.size, words.short, words.counted, words.coded,
        )
    }
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Context:
    """What a template is given; ``section`` is the entry of the navigation it stands under."""

    template: ClassVar[str]
    section: ClassVar[str] = ""
    title: str
    actor: Actor | None


def render(context: Context, status: int = 200, headers: dict[str, str] | None = None) -> HTMLResponse:
    """The page of a context."""
    values = {field.name: getattr(context, field.name) for field in fields(context)}
    page = _environment.get_template(context.template).render(values, section=context.section)
    return HTMLResponse(page, status, headers)


async def page_actor(request: Request, actor: CurrentActor) -> Actor:
    """The actor of a page, kept for the frame of an error."""
    request.state.actor = actor
    return actor


PageActor = Annotated[Actor, Depends(page_actor)]


def _who_may(permission: Permission) -> Callable[[Actor], Actor]:
    def check(actor: PageActor) -> Actor:
        actor.require(permission)
        return actor

    return check


Reader = Annotated[Actor, Depends(_who_may("read"))]
Administrator = Annotated[Actor, Depends(_who_may("administer"))]


@dataclass(frozen=True, kw_only=True)
class ErrorContext(Context):
    """Why there is no page, in words."""

    template: ClassVar[str] = "error.html"
    status: int
    detail: str


async def error_page(
    request: Request, status: int, title: str, detail: str, headers: dict[str, str]
) -> Response | None:
    """The page of an error, the sign-in page for nobody, or None where a program asks."""
    if request.url.path.startswith(_PROGRAMS) or _asks_for_json(request):
        return None
    if status == 401 and request.method in ("GET", "HEAD"):
        return RedirectResponse(sign_in_address(request), 303, headers=SAFETY)
    context = ErrorContext(title=title, actor=await known_actor(request), status=status, detail=detail)
    kept = {name: value for name, value in headers.items() if name.lower() != "www-authenticate"}
    return render(context, status, {**kept, **SAFETY, "Cache-Control": "no-store"})


def sign_in_address(request: Request) -> str:
    """The sign-in page that leads back to where the request wanted to go."""
    wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return "/signin" if wanted == "/" else f"/signin?next={quote(wanted, safe='/')}"


def _asks_for_json(request: Request) -> bool:
    accept = request.headers.get("accept", "")
    return "json" in accept and "text/html" not in accept


async def known_actor(request: Request) -> Actor | None:
    """Whoever is signed in, also where no route asked for it: the frame shows the way back."""
    known: Actor | None = getattr(request.state, "actor", None)
    cookie = request.cookies.get(COOKIE)
    if known is not None or cookie is None:
        return known
    try:
        return await authenticate_session(request.app.state.whorl.engine, cookie)
    except (WhorlError, SQLAlchemyError):
        return None
