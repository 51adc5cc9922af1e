"""The workspace's single sign-on over HTTP."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field, StringConstraints
from starlette.responses import Response

from ..database.session import tenant_session
from ..validation import Body
from . import audit
from .access import PersonRole
from .http import CurrentActor, site_address
from .providers import ProviderChange, check_provider, get_provider, remove_provider, set_provider
from .tables import SignOnProvider

router = APIRouter()

Domain = Annotated[str, StringConstraints(strip_whitespace=True, to_lower=True, min_length=1, max_length=253)]


class ProviderSettings(Body):
    """The OpenID provider of the workspace."""

    issuer: str = Field(min_length=1, max_length=500, description="Its address, as it calls itself.")
    client_id: str = Field(min_length=1, max_length=500)
    client_secret: str | None = Field(
        None,
        min_length=1,
        max_length=2000,
        description="Left out: the stored one of this issuer and client stays.",
    )
    domains: list[Domain] = Field(
        default_factory=list, max_length=50,
        description="Of the e-mail addresses that it may vouch for; none: all, which needs no role.",
    )  # fmt: skip
    role: PersonRole | None = Field(
        None,
        description="Given to whoever signs on and is not known; none: only members and the invited come in.",
    )
    accept_unstated_email: bool = Field(
        False,
        description="Let addresses count of which the provider does not say whether it verified them: only where it "
        "hands them out itself. One that it says it did not verify never counts.",
    )


class ProviderView(BaseModel):
    """The provider without its secret; ``redirect_uri`` is what to register there."""

    issuer: str
    client_id: str
    domains: list[str]
    role: str | None
    accept_unstated_email: bool
    redirect_uri: str
    updated_at: datetime


def redirect_uri_of(request: Request, workspace: str) -> str:
    """Where a workspace's provider sends browsers back to: an address of its own for each workspace.

    So a provider of one workspace cannot have the answer of another's (RFC 9700, 4.4: mix-up).
    """
    return f"{site_address(request)}/signin/sso/{workspace}/callback"


@router.put("/sso", response_model=ProviderView)
async def put_sso(body: ProviderSettings, actor: CurrentActor, request: Request) -> Any:
    """Set up single sign-on; the provider is asked at once whether it answers.

    It takes an owner: who names the provider says who comes in as whom.
    """
    actor.require("administer")
    actor.require_over("owner")
    sign_on = request.app.state.whorl.sign_on
    change = ProviderChange(
        body.issuer, body.client_id, body.client_secret, tuple(dict.fromkeys(body.domains)), body.role,
        body.accept_unstated_email,
    )  # fmt: skip
    await check_provider(sign_on.http, change, private=sign_on.private)
    async with tenant_session(sign_on.engine, actor.tenant_id) as session:
        provider = await set_provider(session, sign_on.sealer, actor.tenant_id, change)
        audit.record(
            session, actor, "sso.set", provider.issuer, client_id=provider.client_id, domains=provider.domains,
            role=provider.role, accept_unstated_email=provider.accept_unstated_email,
            secret="new" if change.client_secret else "kept",
        )  # fmt: skip
    return _view(provider, request, actor.tenant_slug)


@router.get("/sso", response_model=ProviderView, responses={404: {}})
async def get_sso(actor: CurrentActor, request: Request) -> Any:
    """How single sign-on is set up."""
    actor.require("administer")
    async with tenant_session(request.app.state.whorl.engine, actor.tenant_id) as session:
        return _view(await get_provider(session), request, actor.tenant_slug)


@router.delete("/sso", status_code=204, responses={404: {}})
async def delete_sso(actor: CurrentActor, request: Request) -> Response:
    """Switch single sign-on off, which takes an owner; members stay, and so do their sessions."""
    actor.require("administer")
    actor.require_over("owner")
    async with tenant_session(request.app.state.whorl.engine, actor.tenant_id) as session:
        await remove_provider(session)
        audit.record(session, actor, "sso.removed", actor.tenant_slug)
    return Response(status_code=204)


def _view(provider: SignOnProvider, request: Request, workspace: str) -> ProviderView:
    return ProviderView(
        issuer=provider.issuer, client_id=provider.client_id, domains=provider.domains, role=provider.role,
        accept_unstated_email=provider.accept_unstated_email,
        redirect_uri=redirect_uri_of(request, workspace), updated_at=provider.updated_at,
    )  # fmt: skip
