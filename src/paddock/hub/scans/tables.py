"""The rows of scans: one for each content, whichever repositories hold it."""

from __future__ import annotations

from sqlalchemy import Column, String, Table, Text

from paddock.hub.tables import metadata
from paddock.storage.columns import Moment

file_scans = Table(
    "file_scans",
    metadata,
    Column("etag", String(64), primary_key=True),  # SHA-256 of a large file, else git's blob id
    Column("status", String(10), nullable=False),  # "safe" | "suspicious" | "unsafe"
    Column("reason", Text, nullable=False),
    Column("scanned_at", Moment, nullable=False),
)
