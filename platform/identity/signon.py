"""Single sign-on: from the browser to the tenant's provider and back, to a session of that tenant alone."""

import hmac
import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import NamedTuple

import httpx
from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from ..database.base import now
from ..database.session import open_session, take_turns, tenant_session
from ..errors import AuthenticationError, NotFoundError
from . import audit
from .access import Actor, parse_role
from .invitations import take_by_address
from .members import enrol, find_user, is_member
from .oidc import Browser, Client, Metadata, Person, authorization_url, discover, identify
from .providers import PURPOSE, find_provider, get_provider
from .sealing import Sealer
from .secrets import digest, new_secret, tenant_of
from .signin import open_web_session
from .tables import Identity, SignOnAttempt, SignOnProvider, Tenant

PREFIX = "signon"
LIFETIME = timedelta(minutes=10)


class Begun(NamedTuple):
    """A sign-on under way: where the browser goes, and the secret that its cookie keeps."""

    url: str
    secret: str


class Returned(NamedTuple):
    """What the provider sends the browser back with."""

    code: str
    state: str
    issuer: str | None


class SignedOn(NamedTuple):
    """A session of the tenant, and where the browser wanted to go."""

    session: str
    next: str


@dataclass(frozen=True)
class SignOn:
    """Single sign-on of all tenants."""

    engine: AsyncEngine
    sealer: Sealer
    http: httpx.AsyncClient
    private: bool

    async def offered(self, workspace: str) -> bool:
        """Whether a workspace of that name has single sign-on."""
        tenant = await self._tenant(workspace)
        if tenant is None:
            return False
        async with tenant_session(self.engine, tenant.id) as session:
            return await find_provider(session) is not None

    async def begin(self, workspace: str, redirect_uri: str, next: str) -> Begun:
        """Start a sign-on; raises NotFoundError where the workspace has none, UpstreamError for its provider."""
        tenant = await self._tenant(workspace)
        if tenant is None:
            raise NotFoundError(f"The workspace {workspace!r} has no single sign-on.")
        client, metadata = await self._provider(tenant.id, redirect_uri)
        secret = new_secret(PREFIX, tenant.id)
        async with tenant_session(self.engine, tenant.id) as session:
            await session.execute(delete(SignOnAttempt).where(SignOnAttempt.expires_at < now()))
            session.add(
                SignOnAttempt(
                    tenant_id=tenant.id, digest=secret.digest, next=next, expires_at=now() + LIFETIME
                )
            )
        return Begun(authorization_url(metadata, client, Browser(secret.text)), secret.text)

    async def finish(self, workspace: str, redirect_uri: str, secret: str, returned: Returned) -> SignedOn:
        """Make a session of what the provider answers, once.

        Raises AuthenticationError where the answer is not to this browser's question to this workspace's provider,
        where the provider vouches for nobody, or where whoever it names may not come in.
        """
        tenant = await self._tenant(workspace)
        if tenant is None or tenant_of(PREFIX, secret) != tenant.id:
            raise AuthenticationError("This sign-on was not begun here. Begin again.")
        browser = Browser(secret)
        next = await self._use_up(tenant.id, secret)
        if not hmac.compare_digest(browser.state.encode(), returned.state.encode()):
            raise AuthenticationError("This answer belongs to another sign-on. Begin again.")
        client, metadata = await self._provider(tenant.id, redirect_uri)
        _check_issuer(metadata, returned.issuer)
        person = await identify(self.http, metadata, client, browser, returned.code)
        async with tenant_session(self.engine, tenant.id) as session:
            provider = await get_provider(session)
            if provider.issuer != person.issuer:
                raise AuthenticationError(
                    "The workspace changed its sign-on provider meanwhile. Begin again."
                )
            user_id = await _admit(session, tenant, provider, person)
        return SignedOn(await open_web_session(self.engine, tenant.id, user_id, by="sso"), next)

    async def _tenant(self, workspace: str) -> Tenant | None:
        async with open_session(self.engine) as session:
            found: Tenant | None = await session.scalar(select(Tenant).where(Tenant.slug == workspace))
            return found

    async def _provider(self, tenant_id: uuid.UUID, redirect_uri: str) -> tuple[Client, Metadata]:
        async with tenant_session(self.engine, tenant_id) as session:
            provider = await get_provider(session)
        opened = self.sealer.open(provider.client_secret, tenant_id, PURPOSE)
        return Client(provider.client_id, opened, redirect_uri), await discover(self.http, provider.issuer)

    async def _use_up(self, tenant_id: uuid.UUID, secret: str) -> str:
        """Where the sign-on of a secret leads; it is known this once."""
        async with tenant_session(self.engine, tenant_id) as session:
            used = delete(SignOnAttempt).where(SignOnAttempt.digest == digest(secret))
            found = (await session.scalars(used.returning(SignOnAttempt))).one_or_none()
        if found is None or found.expires_at < now():
            raise AuthenticationError("This sign-on is over. Begin again.")
        return found.next


def _check_issuer(metadata: Metadata, issuer: str | None) -> None:
    """Whose answer it is (RFC 9207), where the provider says so."""
    if issuer is None and not metadata.authorization_response_iss_parameter_supported:
        return
    if issuer != metadata.issuer:
        raise AuthenticationError(f"This answer comes from another provider ({issuer}). Begin again.")


async def _admit(
    session: AsyncSession, tenant: Tenant, provider: SignOnProvider, person: Person
) -> uuid.UUID:
    """The member that a person is: known by the provider's subject, by an address that counts, or new.

    Whoever was removed comes in again only by an invitation.
    """
    await take_turns(session, f"sign-on {tenant.id} {person.issuer} {person.subject}")
    known = await session.scalar(
        select(Identity.user_id).where(Identity.issuer == person.issuer, Identity.subject == person.subject)
    )
    if known is not None and await is_member(session, tenant.id, known):
        return known
    user_id = await _match(session, tenant, provider, person, removed=known is not None)
    if known not in (None, user_id):
        raise AuthenticationError("Your e-mail address is that of somebody else here. Ask an administrator.")
    if known is None:
        session.add(
            Identity(tenant_id=tenant.id, issuer=person.issuer, subject=person.subject, user_id=user_id)
        )
    return user_id


async def _match(
    session: AsyncSession, tenant: Tenant, provider: SignOnProvider, person: Person, *, removed: bool
) -> uuid.UUID:
    """The user of an address that counts, made a member by an invitation or where the provider may do so."""
    email = _address(provider, person)
    user = await find_user(session, email)
    if user is not None and await is_member(session, tenant.id, user.id):
        return user.id
    invitation = await take_by_address(session, email)
    given = invitation.role if invitation else None if removed else provider.role
    if given is None:
        raise AuthenticationError(
            f"{email} is no member of this workspace. Ask an administrator for an invitation."
        )
    role = parse_role(given)
    user = await enrol(session, tenant.id, email, role, name=person.name, by_password=False)
    actor = Actor(tenant.id, tenant.slug, role, user.name, user_id=user.id)
    invited = str(invitation.id) if invitation else None
    audit.record(
        session, actor, "member.signed_on", str(user.id), role=role, issuer=person.issuer, invitation=invited
    )
    return user.id


def _address(provider: SignOnProvider, person: Person) -> str:
    """The address that a provider vouches for; raises AuthenticationError where it vouches for none that it may.

    Only ASCII: of other letters some become ASCII in lower case, such as the Kelvin sign.
    """
    if person.email is None:
        raise AuthenticationError("The sign-on provider does not tell your e-mail address.")
    if person.verified is None and not provider.accept_unstated_email:
        raise AuthenticationError(
            "The sign-on provider does not say whether it verified your e-mail address. Where it hands out the addresses "
            "itself, an administrator can let them count: Members, Single sign-on."
        )
    if person.verified is False:
        raise AuthenticationError(
            "The sign-on provider has not verified your e-mail address. Verify it there first."
        )
    email = person.email.strip().lower()
    name, _, domain = email.partition("@")
    if not person.email.isascii() or not name or not domain or "@" in domain:
        raise AuthenticationError(f"{person.email!r} is no e-mail address that can sign on.")
    if provider.domains and domain not in provider.domains:
        raise AuthenticationError(f"Addresses at {domain} may not sign on to this workspace.")
    return email
