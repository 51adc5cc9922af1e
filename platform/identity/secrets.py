"""Secrets that carry their tenant, stored as digests only.

A secret is ``<prefix>_<tenant id>_<256 random bits>``: the tenant in it lets the look-up run inside
that tenant's session, so that row-level security holds for authentication too.
"""

import hashlib
import secrets
import uuid
from collections.abc import Callable
from typing import NamedTuple

from ..errors import WhorlError


class Secret(NamedTuple):
    """A new secret: ``text`` is shown once, ``digest`` (SHA-256, hex) is stored."""

    text: str
    digest: str


def new_secret(prefix: str, tenant_id: uuid.UUID) -> Secret:
    """Draw a secret for ``tenant_id``."""
    text = f"{prefix}_{tenant_id.hex}_{secrets.token_urlsafe(32)}"
    return Secret(text, digest(text))


def digest(text: str) -> str:
    """SHA-256 of a secret; a slow hash adds nothing to 256 random bits."""
    return hashlib.sha256(text.encode()).hexdigest()


def tenant_of(prefix: str, text: str) -> uuid.UUID | None:
    """The tenant named in a secret, or None when it does not have the form of one."""
    parts = text.split("_", 2)
    if len(parts) != 3 or parts[0] != prefix or len(parts[1]) != 32:
        return None
    try:
        return uuid.UUID(hex=parts[1])
    except ValueError:
        return None


def tenant_or(refusal: Callable[[], WhorlError], prefix: str, text: str) -> uuid.UUID:
    """The tenant named in a secret; raises what ``refusal`` makes when it does not have the form of one."""
    tenant_id = tenant_of(prefix, text)
    if tenant_id is None:
        raise refusal()
    return tenant_id
