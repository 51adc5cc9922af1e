"""The platform's operator over HTTP: known by a token of the settings, and what was done is in a log of its own."""

import hashlib
import hmac
import uuid
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

from fastapi import Depends, Request
from fastapi.security import HTTPBearer
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from ..database.base import Base, new_id, now
from ..errors import AuthenticationError, InputError, PermissionDeniedError, PrerequisiteError
from ..settings import Settings
from .http import COOKIE, current_actor
from .tenants import list_tenants

LEAST = 32
_token = HTTPBearer(auto_error=False, scheme_name="Operator", description="WHORL_OPERATOR_TOKEN.")


class OperatorEvent(Base):
    """One act of the operator's: what was done to which tenant or setting, when."""

    __tablename__ = "operator_events"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    at: Mapped[datetime] = mapped_column(default=now)
    action: Mapped[str]
    target: Mapped[str]
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)


def note(session: AsyncSession, action: str, target: str, **details: Any) -> None:
    """Add an event to the operator's log; it is stored when the act's own transaction commits."""
    session.add(OperatorEvent(action=action, target=target, details=details))


async def noted(session: AsyncSession, limit: int, before: uuid.UUID | None = None) -> list[OperatorEvent]:
    """The latest events, newest first; those before an event where one is named."""
    query = select(OperatorEvent).order_by(OperatorEvent.id.desc()).limit(limit)
    if before is not None:
        query = query.where(OperatorEvent.id < before)
    return list(await session.scalars(query))


class OperatorToken:
    """The token, as its digest; without one there is no operator over HTTP."""

    def __init__(self, text: str | None) -> None:
        self._digest = None if text is None else _digest(text)

    @property
    def set(self) -> bool:
        """Whether there is a token."""
        return self._digest is not None

    def is_shown(self, text: str) -> bool:
        """Whether ``text`` is the token; takes as long whatever it is."""
        return self._digest is not None and hmac.compare_digest(self._digest, _digest(text))


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def load_operator_token(settings: Settings) -> OperatorToken:
    """The token of the settings or of their file.

    Raises InputError for one that could be guessed, PrerequisiteError for a file that cannot be read.
    """
    if settings.operator_token and settings.operator_token_file:
        raise InputError("Set WHORL_OPERATOR_TOKEN or WHORL_OPERATOR_TOKEN_FILE, not both.")
    text = settings.operator_token
    if settings.operator_token_file:
        text = _read(settings.operator_token_file)
    if text is not None and len(text) < LEAST:
        raise InputError(
            f"The operator's token has {len(text)} characters, {LEAST} at least are needed. openssl rand -hex 32 makes one."
        )
    return OperatorToken(text)


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise PrerequisiteError(f"The operator's token in {file} cannot be read: {error}") from error


async def require_operator(request: Request, shown: Annotated[Any, Depends(_token)] = None) -> None:
    """Raise AuthenticationError for who does not show the token, PermissionDeniedError where there is none."""
    token: OperatorToken = request.app.state.whorl.operator
    if shown is None:
        raise AuthenticationError("Send the operator's token as 'Authorization: Bearer …'.")
    if token.is_shown(shown.credentials):
        return
    if not token.set:
        raise PermissionDeniedError("There is no operator over HTTP here: WHORL_OPERATOR_TOKEN is not set.")
    raise AuthenticationError("This is not the operator's token.")


async def require_metrics(request: Request, shown: Annotated[Any, Depends(_token)] = None) -> None:
    """Let the operator see what all tenants do together; without a token, administrators of the only tenant.

    Raises AuthenticationError or PermissionDeniedError for anybody else.
    """
    token: OperatorToken = request.app.state.whorl.operator
    if shown is not None and token.is_shown(shown.credentials):
        return
    cookie = request.cookies.get(COOKIE)
    (await current_actor(request, shown, cookie)).require("administer")
    engine: AsyncEngine = request.app.state.whorl.engine
    if token.set or len(await list_tenants(engine)) > 1:
        raise PermissionDeniedError(
            "Metrics are of all workspaces together and for the operator: send WHORL_OPERATOR_TOKEN, and set it where it is not."
        )
