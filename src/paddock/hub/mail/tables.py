"""The rows of letters on their way: what was sent, or cannot be, is deleted.

Knows columns, no behaviour. Links in letters are secrets, so they lie here for as long as it takes
to send them, and not among the jobs, which administrators read.
"""

from __future__ import annotations

from sqlalchemy import JSON, Column, ForeignKey, Index, String, Table, Text

from paddock.hub.tables import Id, metadata
from paddock.storage.columns import Moment

letters = Table(
    "letters",
    metadata,
    Column("id", Id, primary_key=True),
    Column("user_id", Id, ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False),
    Column("address", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("headers", JSON, nullable=False),
    # The same whenever it is tried: a letter that arrives twice is known by it.
    Column("message_id", String(32), nullable=False),
    Column("ends_at", Moment, nullable=False),  # nobody needs it later
    Index(None, "user_id"),
    Index(None, "ends_at"),
    sqlite_autoincrement=True,  # an id is never given to another row
)
