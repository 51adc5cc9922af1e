"""The OpenID provider of a tenant: set by its administrator, its secret sealed."""

import re
import uuid
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx
from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from ..errors import InputError, NotFoundError
from .access import PersonRole
from .oidc import discover
from .sealing import Sealer
from .tables import SignOnProvider

PURPOSE = "client secret of the sign-on provider"
_DOMAIN = re.compile(r"(?=.{4,253}\Z)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}")


@dataclass(frozen=True)
class ProviderChange:
    """A provider as its administrator wants it; without ``client_secret`` the stored one stays."""

    issuer: str
    client_id: str
    client_secret: str | None = None
    domains: tuple[str, ...] = ()
    role: PersonRole | None = None
    accept_unstated_email: bool = False


async def find_provider(session: AsyncSession) -> SignOnProvider | None:
    """The provider of the session's tenant, or None."""
    found: SignOnProvider | None = await session.scalar(select(SignOnProvider))
    return found


async def get_provider(session: AsyncSession) -> SignOnProvider:
    """The provider of the session's tenant; raises NotFoundError."""
    provider = await find_provider(session)
    if provider is None:
        raise NotFoundError(
            "This workspace has no single sign-on. An administrator sets it up under Members."
        )
    return provider


async def check_provider(http: httpx.AsyncClient, change: ProviderChange, *, private: bool) -> None:
    """Raise InputError for values that cannot be, UpstreamError where the issuer does not answer as such."""
    parts = _split(change.issuer)
    if parts is None or (parts.scheme != "https" and not (private and parts.scheme == "http")):
        raise InputError(
            f"{change.issuer!r} is no issuer: give its address, which begins with https://.", "issuer"
        )
    for domain in change.domains:
        if not _DOMAIN.fullmatch(domain):
            raise InputError(f"{domain!r} is no domain of e-mail addresses, such as acme.example.", "domains")
    if change.role is not None and not change.domains:
        raise InputError(
            "Name the domains of the e-mail addresses that may come in by themselves: without them everybody who has "
            "an account with the provider would become a member.", "domains",
        )  # fmt: skip
    if change.accept_unstated_email and not change.domains:
        raise InputError(
            "Name the domains of the e-mail addresses that the provider hands out: an address that it does not say it "
            "verified counts in those alone.", "domains",
        )  # fmt: skip
    await discover(http, change.issuer)


async def set_provider(
    session: AsyncSession, sealer: Sealer, tenant_id: uuid.UUID, change: ProviderChange
) -> SignOnProvider:
    """Store the provider; raises InputError where a secret is needed and there is none.

    A stored secret stays with the issuer and client that it was given for.
    """
    provider = await find_provider(session)
    same = provider is not None and (provider.issuer, provider.client_id) == (change.issuer, change.client_id)
    if change.client_secret is None and not same:
        raise InputError(
            "Give the client secret: none is stored for this issuer and client.", "client_secret"
        )
    if provider is None:
        provider = SignOnProvider(tenant_id=tenant_id)
        session.add(provider)
    provider.issuer, provider.client_id = change.issuer, change.client_id
    provider.domains, provider.role = list(change.domains), change.role
    provider.accept_unstated_email = change.accept_unstated_email
    if change.client_secret is not None:
        provider.client_secret = sealer.seal(change.client_secret, tenant_id, PURPOSE)
    await session.flush()
    return provider


async def remove_provider(session: AsyncSession) -> None:
    """Switch single sign-on off; members stay. Raises NotFoundError where there is none."""
    await get_provider(session)
    await session.execute(delete(SignOnProvider))


def _split(issuer: str) -> httpx.URL | None:
    """An issuer's parts, or None where it is no plain address of a server."""
    try:
        url, named = httpx.URL(issuer), urlsplit(issuer)
    except (httpx.InvalidURL, ValueError):
        return None
    plain = not (url.query or url.fragment or named.username or named.password)
    return url if url.host and plain else None
