"""Who knows which chunks: what an account sent itself, and what it was told of.

An account that knows chunks may name them in a shard although it can read no file that is made of
them: clients remember for weeks what they sent and what they were told. Rows go with their xorb and
with their account. What is readable, rights and files are ``naming``'s business.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

import numpy as np
import sqlalchemy as sa

from paddock import clock
from paddock.hub.large.tables import xorb_known_to
from paddock.hub.xet.spans import Mask, either
from paddock.storage.sql import in_chunks, insert_ignore

_KNOWN = xorb_known_to.c
_NOTHING = np.zeros(0, np.bool_)


def add_sent(conn: sa.Connection, account_id: int, xorb_hashes: Iterable[str]) -> None:
    """The account sent these xorbs, whose rows are there: it knows all of their chunks."""
    wanted = sorted(set(xorb_hashes))
    _insert(conn, account_id, dict.fromkeys(wanted))
    for some in in_chunks(wanted):
        mine = (_KNOWN.account_id == account_id) & _KNOWN.xorb_hash.in_(some)
        conn.execute(xorb_known_to.update().where(mine, _KNOWN.told.is_not(None)).values(told=None))


def add_told(conn: sa.Connection, account_id: int, told: Mapping[str, Mask]) -> None:
    """The account was told of these chunks of the xorbs, whose rows are there."""
    _insert(conn, account_id, {xorb: _pack(mask) for xorb, mask in told.items()})
    for some in in_chunks(sorted(told)):
        mine = (_KNOWN.account_id == account_id) & _KNOWN.xorb_hash.in_(some)
        query = sa.select(_KNOWN.xorb_hash, _KNOWN.told).where(mine, _KNOWN.told.is_not(None))
        for row in conn.execute(query.order_by(_KNOWN.xorb_hash).with_for_update()).all():
            after = _pack(either(_unpack(bytes(row.told)), told[row.xorb_hash]))
            same = (_KNOWN.account_id == account_id) & (_KNOWN.xorb_hash == row.xorb_hash)
            # The time is that of the last answer: the sweep lets go of what was told long ago.
            changed = xorb_known_to.update().where(same)
            conn.execute(changed.values(told=after, since=clock.now()))


def known_to(
    conn: sa.Connection,
    account_id: int,
    xorb_hashes: Iterable[str],
    *,
    told_since: datetime | None = None,
) -> dict[str, Mask | None]:
    """Those of the xorbs that the account knows: None for all chunks, else which.

    With ``told_since`` what was told last before then is left out.
    """
    found: dict[str, Mask | None] = {}
    in_time = sa.true() if told_since is None else _KNOWN.since >= told_since
    for some in in_chunks(sorted(set(xorb_hashes))):
        query = sa.select(_KNOWN.xorb_hash, _KNOWN.told).where(_KNOWN.account_id == account_id)
        query = query.where(_KNOWN.told.is_(None) | in_time)
        for row in conn.execute(query.where(_KNOWN.xorb_hash.in_(some))):
            found[row.xorb_hash] = None if row.told is None else _unpack(bytes(row.told))
    return found


def was_sent_by(conn: sa.Connection, account_id: int, xorb_hash: str) -> bool:
    """Whether the account sent the xorb itself."""
    return known_to(conn, account_id, [xorb_hash]).get(xorb_hash, _NOTHING) is None


def _insert(conn: sa.Connection, account_id: int, told: Mapping[str, bytes | None]) -> None:
    since = clock.now()
    rows = [
        {"xorb_hash": xorb, "account_id": account_id, "told": mask, "since": since}
        for xorb, mask in told.items()
    ]
    insert_ignore(conn, xorb_known_to, rows)


def _pack(mask: Mask) -> bytes:
    return np.packbits(mask).tobytes()


def _unpack(packed: bytes) -> Mask:
    return np.unpackbits(np.frombuffer(packed, np.uint8)).astype(np.bool_)
