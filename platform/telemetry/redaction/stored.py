"""Redaction policies in the database: each change is a row, the newest is in force."""

import secrets
import threading
import time

import psycopg
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from ...database.reader import TenantReader
from ...errors import ConflictError
from ...identity.access import Actor
from ...identity.audit import record
from ..tables import RedactionPolicyVersion
from .policy import RedactionPolicy, TenantPolicy

# Seconds for which a policy that was read is taken for the newest.
FRESH = 2.0
# Seconds for which no known policy is read again after the database did not answer in time.
PAUSE = 5.0
_NEWEST = "SELECT policy, version, hash_key FROM redaction_policies WHERE tenant_id = %s ORDER BY version DESC LIMIT 1"


class StoredPolicies:
    """Reads tenants' policies for the redactor, which has no event loop; see :class:`Policies`.

    While the database cannot be reached or does not answer in time, the last policy read stays in force, and so do
    those of other tenants for ``PAUSE``: redaction waits for one statement, not for one a tenant. A tenant whose
    policy was never read raises, and the barrier drops the content.
    """

    def __init__(self, reader: TenantReader) -> None:
        self._reader = reader
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

    def _read(self, tenant_id: str) -> TenantPolicy:
        rows = self._reader.rows(tenant_id, _NEWEST, [tenant_id])
        if not rows:
            return TenantPolicy(RedactionPolicy())
        row = rows[0]
        return TenantPolicy(RedactionPolicy.model_validate(row[0]), row[1], bytes(row[2]))


async def policy_history(session: AsyncSession, limit: int = 100) -> list[RedactionPolicyVersion]:
    """The tenant's policies, newest first."""
    newest = select(RedactionPolicyVersion).order_by(RedactionPolicyVersion.version.desc()).limit(limit)
    return list(await session.scalars(newest))


async def store_policy(
    session: AsyncSession, actor: Actor, policy: RedactionPolicy, based_on: int | None = None
) -> RedactionPolicyVersion:
    """Put a policy in force. Raises ConflictError where ``based_on`` is not the newest version."""
    newest = await policy_history(session, 1)
    version = newest[0].version if newest else 0
    if based_on is not None and based_on != version:
        raise ConflictError(
            f"The policy was changed meanwhile: it is at version {version}, not {based_on}. Read it again."
        )
    row = RedactionPolicyVersion(
        tenant_id=actor.tenant_id, version=version + 1, policy=policy.model_dump(mode="json"),
        hash_key=newest[0].hash_key if newest else secrets.token_bytes(32), actor=actor.label,
    )  # fmt: skip
    session.add(row)
    record(session, actor, "redaction_policy.changed", str(row.version), replaces=version)
    await session.flush()
    return row
