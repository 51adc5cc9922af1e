"""A training may go on with an adapter: which one, for lineage."""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"


def upgrade() -> None:
    op.add_column("trainings", sa.Column("continues", sa.String(), nullable=True))
