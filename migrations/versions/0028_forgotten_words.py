"""When what a run said was forgotten: what comes of it after that is not kept."""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"


def upgrade() -> None:
    op.add_column("runs", sa.Column("forgotten_at", sa.DateTime(timezone=True), nullable=True))
