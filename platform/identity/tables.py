"""Tables of identity: who exists, what they may do, and what they did."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint, false, true
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from ..database.base import Base, TenantTable, new_id, now


class Tenant(Base):
    """A customer; ``slug`` names it in adapters and sign-in. From ``closed_at`` on it is being deleted: nobody enters it."""

    __tablename__ = "tenants"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    slug: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=now)
    closed_at: Mapped[datetime | None]


class DeletedTenant(Base):
    """A customer whose data were deleted; ``slug`` names no other, for adapters carry it."""

    __tablename__ = "deleted_tenants"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(unique=True)
    deleted_at: Mapped[datetime] = mapped_column(default=now)


class User(Base):
    """A person; ``home_tenant_id`` is where a sign-in without a workspace name leads.

    Sessions from before ``sessions_since`` are over, in whatever tenant. At ``password_reset_at`` a link of the home set
    the password: in other tenants it opens no membership from before, since whoever made the link may know it.
    ``first_password`` is the SHA-256 of the stored hash of a password that an administrator was shown, until somebody
    signs in.
    """

    __tablename__ = "users"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    email: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str] = mapped_column(default="")
    password_hash: Mapped[str | None]
    home_tenant_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("tenants.id", ondelete="SET NULL"))
    created_at: Mapped[datetime] = mapped_column(default=now)
    sessions_since: Mapped[datetime | None]
    password_reset_at: Mapped[datetime | None]
    first_password: Mapped[str | None]


class Membership(TenantTable, Base):
    """A user's role in a tenant; ``training`` is false for who objects, as the release before reads it.

    ``by_password`` is whether the account's password opens this tenant. Where a provider of the tenant made
    somebody with another home a member, it does not: who knows the password is not this tenant's to say.
    """

    __tablename__ = "memberships"

    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    role: Mapped[str]
    training: Mapped[bool] = mapped_column(default=True, server_default=true())
    by_password: Mapped[bool] = mapped_column(default=True, server_default=true())
    created_at: Mapped[datetime] = mapped_column(default=now)


class ApiKey(TenantTable, Base):
    """An API key: only its SHA-256 is stored; ``hint`` is its last four characters.

    Where one of ``agents`` and ``models`` is not None, it may ask those alone. At ``rotated_at`` another took its place;
    ``line_id`` is the first of those that one took the place of another, None of the first itself.
    """

    __tablename__ = "api_keys"
    __table_args__ = (UniqueConstraint("tenant_id", "digest"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    name: Mapped[str]
    role: Mapped[str]
    digest: Mapped[str]
    hint: Mapped[str]
    agents: Mapped[list[Any] | None] = mapped_column(JSONB(none_as_null=True))
    models: Mapped[list[Any] | None] = mapped_column(JSONB(none_as_null=True))
    user_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    rotated_at: Mapped[datetime | None]
    line_id: Mapped[uuid.UUID | None]


class WebSession(TenantTable, Base):
    """A signed-in browser: only the SHA-256 of its cookie is stored."""

    __tablename__ = "web_sessions"

    digest: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime]


class SignOnProvider(TenantTable, Base):
    """The OpenID provider that a tenant's members may sign on with; there is at most one.

    ``client_secret`` is sealed (``sealing.py``). ``domains`` are those of the addresses that the provider may vouch
    for, all where there is none. ``role`` is given to whoever signs on without being known; None lets in only
    members and the invited. ``accept_unstated_email`` is whether an address counts of which the provider does not
    say whether it verified it.
    """

    __tablename__ = "sign_on_providers"

    issuer: Mapped[str]
    client_id: Mapped[str]
    client_secret: Mapped[bytes]
    domains: Mapped[list[Any]] = mapped_column(default=list)
    role: Mapped[str | None]
    accept_unstated_email: Mapped[bool] = mapped_column(default=False, server_default=false())
    updated_at: Mapped[datetime] = mapped_column(default=now, onupdate=now)


class Identity(TenantTable, Base):
    """Whom a provider's subject is in a tenant; it means nothing in another tenant."""

    __tablename__ = "identities"
    __table_args__ = (Index(None, "tenant_id", "user_id"),)

    issuer: Mapped[str] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    created_at: Mapped[datetime] = mapped_column(default=now)


class SignOnAttempt(TenantTable, Base):
    """A sign-on under way: only the SHA-256 of the browser's secret is stored, and used up by its answer."""

    __tablename__ = "sign_on_attempts"

    digest: Mapped[str] = mapped_column(primary_key=True)
    next: Mapped[str]
    expires_at: Mapped[datetime]


class Invitation(TenantTable, Base):
    """An invitation that nobody took up yet: only the SHA-256 of its link's secret is stored."""

    __tablename__ = "invitations"
    __table_args__ = (UniqueConstraint("tenant_id", "email"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    email: Mapped[str]
    role: Mapped[str]
    digest: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime]


class PasswordLink(TenantTable, Base):
    """A link that nobody took up yet, by which an account of this tenant gets another password.

    Only the SHA-256 of its secret is stored. ``replaces`` is the SHA-256 of the stored hash of the password that there
    was: where that is another by now, the link is void.
    """

    __tablename__ = "password_links"

    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    digest: Mapped[str]
    replaces: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime]


class AuditEvent(TenantTable, Base):
    """One administrative act: who did what to what, when."""

    __tablename__ = "audit_events"
    __table_args__ = (Index(None, "tenant_id", "at"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    at: Mapped[datetime] = mapped_column(default=now)
    actor: Mapped[str]
    action: Mapped[str]
    target: Mapped[str]
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)
