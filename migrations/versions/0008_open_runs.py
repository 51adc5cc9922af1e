"""The runs that are under way, found without reading those that are over."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.create_index(
        "ix_runs_running", "runs", ["tenant_id", "started_at"], postgresql_where=sa.text("status = 'running'")
    )
