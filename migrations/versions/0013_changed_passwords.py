"""From when on a person's sessions count: those from before a change of the password are over."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.add_column("users", sa.Column("sessions_since", sa.DateTime(timezone=True), nullable=True))
