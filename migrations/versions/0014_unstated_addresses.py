"""Whether a sign-on provider's addresses count of which it does not say that it verified them."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.add_column(
        "sign_on_providers",
        sa.Column("accept_unstated_email", sa.Boolean(), server_default=sa.false(), nullable=False),
    )
