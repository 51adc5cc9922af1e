"""The table of answers that are kept for requests that are sent again."""

from datetime import datetime

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from ..database.base import Base, TenantTable, now


class IdempotentAnswer(TenantTable, Base):
    """The answer to a request by its key; ``status`` is NULL while the request is being carried out.

    ``caller`` is the SHA-256 of the key or cookie that the request came with, ``answer`` is encrypted with it,
    so that the table alone gives nothing away.
    """

    __tablename__ = "idempotent_answers"
    __table_args__ = (Index(None, "tenant_id", "expires_at"),)

    caller: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    request_hash: Mapped[str]
    status: Mapped[int | None]
    answer: Mapped[bytes | None]
    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime]
