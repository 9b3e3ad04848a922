"""Bytes and rows: the blob store and the database. Knows nothing of repositories or models."""
