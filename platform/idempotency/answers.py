"""Answers kept by key: begun once, given again to the same caller, forgotten after a day."""

import asyncio
import hashlib
import json
import logging
import os
import uuid
from dataclasses import dataclass
from datetime import timedelta

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import ColumnElement, delete, literal, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from ..database.base import now
from ..database.outage import AWAY
from ..database.session import tenant_session
from ..errors import ConflictError, KeyReusedError
from .tables import IdempotentAnswer

_log = logging.getLogger(__name__)
KEPT = timedelta(days=1)
# How long nothing may be heard of a request before another of its key is carried out, as after the death of a process.
LEASE = timedelta(minutes=1)
# Seconds between two times that a process says that it carries a request out, and after which one may ask again.
_RENEW, _RETRY = 15.0, 5.0
_NONCE = 12


@dataclass(frozen=True)
class Keyed:
    """A request with a key: whose, by which secret, and a hash of what is asked."""

    tenant_id: uuid.UUID
    secret: str
    key: str
    request_hash: str

    @property
    def caller(self) -> str:
        """Whom the key belongs to: the SHA-256 of the secret."""
        return hashlib.sha256(self.secret.encode()).hexdigest()

    def seal(self, answer: "Answer") -> bytes:
        """The answer encrypted (AES-256-GCM): a random nonce, then the ciphertext."""
        nonce = os.urandom(_NONCE)
        head = json.dumps([answer.status, answer.headers]).encode()
        return nonce + self._cipher().encrypt(nonce, head + b"\n" + answer.body, self.key.encode())

    def open(self, sealed: bytes) -> "Answer":
        """The answer that ``seal`` encrypted."""
        text = self._cipher().decrypt(sealed[:_NONCE], sealed[_NONCE:], self.key.encode())
        head, _, body = text.partition(b"\n")
        status, headers = json.loads(head)
        return Answer(status, headers, body)

    def _cipher(self) -> AESGCM:
        """The secret has 256 random bits, so that HKDF (RFC 5869) needs no salt."""
        return AESGCM(HKDF(SHA256(), 32, None, b"whorl idempotent answer").derive(self.secret.encode()))


@dataclass(frozen=True)
class Answer:
    """A response that can be given again."""

    status: int
    headers: dict[str, str]
    body: bytes


async def begin(engine: AsyncEngine, keyed: Keyed) -> Answer | None:
    """Claim a key, or get the answer that was given before; None lets the caller carry the request out.

    Raises KeyReusedError where the key came with another request, ConflictError while the first is under way.
    """
    values = {
        "tenant_id": keyed.tenant_id, "caller": keyed.caller, "key": keyed.key, "request_hash": keyed.request_hash,
        "created_at": now(), "expires_at": now() + LEASE,
    }  # fmt: skip
    claim = insert(IdempotentAnswer).values(**values).on_conflict_do_nothing().returning(IdempotentAnswer.key)
    row = None
    async with tenant_session(engine, keyed.tenant_id) as session:
        await session.execute(delete(IdempotentAnswer).where(IdempotentAnswer.expires_at < now()))
        # A key that is given up between the two statements is free again.
        while row is None:
            if await session.scalar(claim) is not None:
                return None
            row = (await session.scalars(select(IdempotentAnswer).where(*_named(keyed)))).one_or_none()
    if row.request_hash != keyed.request_hash:
        raise KeyReusedError(f"The Idempotency-Key {keyed.key!r} came with another request. Draw a new one.")
    if row.answer is None:
        raise ConflictError(
            f"The request with the Idempotency-Key {keyed.key!r} is being carried out. Try again later.",
            retry_after=_RETRY,
        )
    return keyed.open(row.answer)


async def hold(engine: AsyncEngine, keyed: Keyed) -> None:
    """Keep a key claimed for as long as its request is carried out, until cancelled; a database that is away is asked again."""
    while True:
        await asyncio.sleep(_RENEW)
        claimed = update(IdempotentAnswer).where(*_named(keyed), IdempotentAnswer.answer.is_(None))
        try:
            async with tenant_session(engine, keyed.tenant_id) as session:
                await session.execute(claimed.values(expires_at=now() + LEASE))
        except AWAY as error:
            _log.warning("A claimed Idempotency-Key is not renewed: %s", type(error).__name__)


async def settle(engine: AsyncEngine, keyed: Keyed, answer: Answer | None) -> None:
    """Store what a request with a claimed key came to; without an answer the key is given back.

    A database that is away keeps nobody from an answer that is there: it cannot be given again then.
    """
    try:
        await (release(engine, keyed) if answer is None else keep(engine, keyed, answer))
    except AWAY as error:
        _log.warning("The answer to an Idempotency-Key is not kept: %s", type(error).__name__)


async def keep(engine: AsyncEngine, keyed: Keyed, answer: Answer) -> None:
    """Store the answer of a claimed key."""
    values = {"status": answer.status, "answer": keyed.seal(answer), "expires_at": now() + KEPT}
    async with tenant_session(engine, keyed.tenant_id) as session:
        await session.execute(update(IdempotentAnswer).where(*_named(keyed)).values(**values))


async def release(engine: AsyncEngine, keyed: Keyed) -> None:
    """Give a claimed key back: nothing came of the request, it may be sent again."""
    async with tenant_session(engine, keyed.tenant_id) as session:
        await session.execute(delete(IdempotentAnswer).where(*_named(keyed)))


def _named(keyed: Keyed) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return literal(keyed.caller) == IdempotentAnswer.caller, literal(keyed.key) == IdempotentAnswer.key
