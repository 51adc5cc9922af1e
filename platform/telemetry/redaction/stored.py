"""Redaction policies in the database: each change is a row, the newest is in force."""

import secrets
import threading
import time
import uuid

import anyio.to_thread
import psycopg
from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from ...database.reader import TenantReader
from ...database.session import take_turns
from ...errors import ConflictError, InputError
from ...identity.access import Actor
from ...identity.audit import record
from ...identity.sealing import Sealer
from ..tables import RedactionPolicyVersion
from .kinds import require_kinds
from .policy import RedactionPolicy, TenantPolicy

# Seconds for which a policy that was read is taken for the newest.
FRESH = 2.0
# Seconds for which no known policy is read again after the database did not answer in time.
PAUSE = 5.0
# What the key of hashes is sealed for.
PURPOSE = "hashes of redaction"
_NEWEST = """
SELECT newest.policy, newest.version, keyed.hash_key, keyed.sealed_hash_key
FROM redaction_policies newest
LEFT JOIN LATERAL (
    SELECT hash_key, sealed_hash_key FROM redaction_policies k
    WHERE k.tenant_id = newest.tenant_id AND (k.hash_key IS NOT NULL OR k.sealed_hash_key IS NOT NULL)
    ORDER BY k.version DESC LIMIT 1
) keyed ON true
WHERE newest.tenant_id = %s ORDER BY newest.version DESC LIMIT 1
"""


class StoredPolicies:
    """Reads tenants' policies for the redactor, which has no event loop; see :class:`Policies`.

    While the database cannot be reached or does not answer in time, the last policy read stays in force, and so do
    those of other tenants for ``PAUSE``: redaction waits for one statement, not for one a tenant. A tenant whose
    policy was never read raises, and the barrier drops the content; so does one whose policy hashes where the key of
    its hashes does not open.
    """

    def __init__(self, reader: TenantReader, sealer: Sealer) -> None:
        self._reader, self._sealer = reader, sealer
        self._lock = threading.Lock()
        self._known: dict[str, tuple[float, TenantPolicy]] = {}
        self._paused_until = 0.0

    def of(self, tenant_id: str) -> TenantPolicy:
        """The tenant's policy in force."""
        with self._lock:
            read_at, known = self._known.get(tenant_id, (0.0, None))
            began = time.monotonic()
            if known is not None and (began - read_at < FRESH or began < self._paused_until):
                return known
            try:
                newest = self._read(tenant_id)
            except psycopg.OperationalError:
                self._paused_until = time.monotonic() + PAUSE
                if known is None:
                    raise
                return known
            self._known[tenant_id] = (time.monotonic(), newest)
            return newest

    def knows(self, tenant_id: str) -> bool:
        """Whether the tenant's policy was read before."""
        return tenant_id in self._known

    def _read(self, tenant_id: str) -> TenantPolicy:
        rows = self._reader.rows(tenant_id, _NEWEST, [tenant_id])
        if not rows:
            return TenantPolicy(RedactionPolicy())
        given, version, key, sealed = rows[0]
        policy = RedactionPolicy.model_validate(given)
        if key is None and policy.hashes:
            key = bytes.fromhex(self._sealer.open(bytes(sealed), uuid.UUID(tenant_id), PURPOSE))
        return TenantPolicy(policy, version, bytes(key or b""))


async def policy_history(session: AsyncSession, limit: int = 100) -> list[RedactionPolicyVersion]:
    """The tenant's policies, newest first."""
    newest = select(RedactionPolicyVersion).order_by(RedactionPolicyVersion.version.desc()).limit(limit)
    return list(await session.scalars(newest))


async def store_policy(
    session: AsyncSession, sealer: Sealer, actor: Actor, policy: RedactionPolicy, based_on: int | None = None
) -> RedactionPolicyVersion:
    """Put a policy in force.

    Raises ConflictError where ``based_on`` is not the newest version, InputError for a value of blanks, which stands
    between any two words, and for a kind that nothing finds.
    """
    await anyio.to_thread.run_sync(require_kinds, policy)
    for name in ("allow", "deny"):
        if any(not value.strip() for value in getattr(policy, name)):
            raise InputError("A value that is never or always hidden is more than blanks.", name)
    await take_policy_turn(session, actor.tenant_id)
    newest = await policy_history(session, 1)
    version = newest[0].version if newest else 0
    if based_on is not None and based_on != version:
        raise ConflictError(
            f"The policy was changed meanwhile: it is at version {version}, not {based_on}. Read it again."
        )
    row = RedactionPolicyVersion(
        tenant_id=actor.tenant_id, version=version + 1, policy=policy.model_dump(mode="json"),
        actor=actor.label, **await _key(session, sealer, actor.tenant_id),
    )  # fmt: skip
    session.add(row)
    record(session, actor, "redaction_policy.changed", str(row.version), replaces=version)
    await session.flush()
    return row


async def take_policy_turn(session: AsyncSession, tenant_id: uuid.UUID) -> None:
    """Wait until no other transaction changes the tenant's policy or seals its key."""
    await take_turns(session, f"redaction policy {tenant_id}")


async def _key(session: AsyncSession, sealer: Sealer, tenant_id: uuid.UUID) -> dict[str, bytes | None]:
    """The key of the tenant's hashes as the newest version that has one has it; a new one is sealed."""
    row = RedactionPolicyVersion
    keyed = select(row).where(or_(row.hash_key.is_not(None), row.sealed_hash_key.is_not(None)))
    newest = await session.scalar(keyed.order_by(row.version.desc()).limit(1))
    if newest is None:
        return {"hash_key": None, "sealed_hash_key": sealer.seal(secrets.token_hex(32), tenant_id, PURPOSE)}
    return {"hash_key": newest.hash_key, "sealed_hash_key": newest.sealed_hash_key}
