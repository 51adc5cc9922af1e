"""Password attempts of all processes together, API keys limited to some agents and models, and the operator's log."""

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
    op.create_table(
        "operator_events",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("target", sa.String(), nullable=False),
        sa.Column("details", JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_operator_events")),
    )
    op.execute(f"GRANT SELECT, INSERT ON operator_events TO {APP_ROLE}")
