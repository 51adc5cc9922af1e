"""Keys that were rotated, in whose place no second one comes; accounts that nobody signed in to since their password was drawn."""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"


def upgrade() -> None:
    op.add_column("api_keys", sa.Column("rotated_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("users", sa.Column("first_password", sa.String(), nullable=True))
