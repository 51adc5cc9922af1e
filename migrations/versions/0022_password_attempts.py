"""Password attempts counted for all processes together, and API keys limited to some agents and models."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from whorl.platform.database.rls import APP_ROLE

revision = "0022"
down_revision = "0021"

_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    for name in ("agents", "models"):
        op.add_column("api_keys", sa.Column(name, JSONB(), nullable=True))
    op.create_table(
        "password_attempts",
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("moments", ARRAY(_MOMENT), nullable=False),
        sa.Column("expires_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_password_attempts")),
    )
    op.create_index(op.f("ix_password_attempts_expires_at"), "password_attempts", ["expires_at"])
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON password_attempts TO {APP_ROLE}")
