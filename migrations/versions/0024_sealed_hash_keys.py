"""The key of redaction's hashes may be sealed; then there is none in the clear."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    op.add_column("redaction_policies", sa.Column("sealed_hash_key", sa.LargeBinary(), nullable=True))
    op.alter_column("redaction_policies", "hash_key", nullable=True)
