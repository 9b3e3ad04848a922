"""Private repositories that whoever was let in sees."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    invited: sa.Column[bool] = sa.Column(
        "is_invited", sa.Boolean(), nullable=False, server_default=sa.false()
    )
    op.add_column("repositories", invited)
