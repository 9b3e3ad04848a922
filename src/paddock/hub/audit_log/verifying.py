"""Verifies the log of a hub, or an exported file: chain, checkpoints and their signatures."""

from __future__ import annotations

from pathlib import Path

import rfc8785
import sqlalchemy as sa

from paddock.hub.audit_log import exporting
from paddock.hub.audit_log.checkpoints import Signed, is_signed, list_checkpoints, public_key
from paddock.hub.audit_log.exporting import BadLog
from paddock.hub.audit_log.judging import Checkpoint, Judgement, judge
from paddock.hub.audit_log.reading import every_entry
from paddock.hub.audit_log.tables import audit_log_head
from paddock.storage.database import Database, OneView


def verify_database(database: Database, kept: list[Signed] | None = None) -> Judgement:
    """The hub's own log; ``kept`` are checkpoints that were kept elsewhere."""
    key = public_key(database)
    with database.read() as conn:
        signed = [*list_checkpoints(conn), *(kept or [])]
        view = OneView(conn)
        found = judge(lambda: every_entry(view), [Checkpoint(s.seq, s.hash) for s in signed])
        head = conn.execute(sa.select(audit_log_head.c.seq, audit_log_head.c.hash)).one_or_none()
    if head is not None and (head.seq or found.entries) and head.hash != found.last_hash:
        found.complain(head.seq, "is the end of the chain as it was noted, and not the last entry")
    return _with_signatures(found, signed, key)


def verify_file(path: Path, key: str | None = None, kept: list[Signed] | None = None) -> Judgement:
    """An exported file, by the key that it names unless another is given; raises BadLog."""
    head = exporting.read_head(path)
    signed = [*exporting.read_checkpoints(path), *(kept or [])]
    points = [Checkpoint(s.seq, s.hash) for s in signed if s.seq >= head.start]
    try:
        found = judge(lambda: exporting.read_entries(path), points, start=head.start)
    except (rfc8785.CanonicalizationError, RecursionError, AttributeError, TypeError) as e:
        raise BadLog(f"{path.name} holds what no audit log holds: {type(e).__name__}") from e
    return _with_signatures(found, signed, key or head.key)


def _with_signatures(found: Judgement, signed: list[Signed], key: str) -> Judgement:
    for one in signed:
        if not is_signed(one, key):
            found.complain(one.seq, "has a checkpoint that the hub did not sign")
    return found
