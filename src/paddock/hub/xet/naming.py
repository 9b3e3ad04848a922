"""May the sender of a shard name these chunks of a xorb?

Three ways to the right: the account sent the xorb, it was told of the chunks when it asked, or a
file that the bearer may read is made of them. Everything else is answered as a xorb is that nobody
ever sent, so that claims tell nothing of what others keep. Decides; changes nothing.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable

import numpy as np
import sqlalchemy as sa

from paddock.hub.context import Hub
from paddock.hub.xet import hashes, known
from paddock.hub.xet.access import XetAccess
from paddock.hub.xet.readable import Reader, spans_of
from paddock.hub.xet.spans import Mask, Spans, either
from paddock.hub.xet.xorbs import MAX_CHUNKS

_MASKS_KEPT = 1024  # of 8 KiB
_SPANS_KEPT = 4  # of at most 16 MB
_ALL = np.ones(MAX_CHUNKS, np.bool_)


class Naming:
    """What one bearer may name; not shared by threads."""

    def __init__(self, hub: Hub, allowed: XetAccess) -> None:
        self._database = hub.database
        self._account_id = allowed.bearer.user_id
        self._masks: OrderedDict[str, Mask] = OrderedDict()
        self._spans: OrderedDict[str, Spans | None] = OrderedDict()
        with self._database.read() as conn:
            self._reader = Reader(hub, conn, allowed)

    def may_name(self, xorb_hash: bytes, start: int, end: int) -> bool:
        """Whether chunks ``[start, end)`` of the xorb (its raw hash) may be named."""
        if not 0 <= start < end <= MAX_CHUNKS:
            return False
        mask = self._masks.get(xorb := hashes.to_text(xorb_hash))
        if mask is None or not mask[start:end].all():
            with self._database.read() as conn:
                mask = self._find(conn, xorb, xorb_hash, slice(start, end))
            self._masks[xorb] = mask
            if len(self._masks) > _MASKS_KEPT:
                self._masks.popitem(last=False)
        return bool(mask[start:end].all())

    def may_trust(self, file_hashes: Iterable[str]) -> list[str]:
        """Those of the files whose SHA-256 may be told without reading them: readable ones."""
        with self._database.read() as conn:
            return [each for each in file_hashes if self._reader.may_read(conn, each)]

    def _find(self, conn: sa.Connection, xorb: str, xorb_hash: bytes, wanted: slice) -> Mask:
        mask = np.zeros(MAX_CHUNKS, np.bool_)
        if self._account_id:
            rows = known.known_to(conn, self._account_id, [xorb])
            told = rows.get(xorb)
            if told is None and xorb in rows:
                return _ALL
            mask = mask if told is None else either(mask, told)
        for file_hash in self._reader.made_of_xorb(conn, xorb):
            if mask[wanted].all():
                break
            if (spans := self._spans_of(conn, file_hash)) is not None:
                mask = either(mask, spans.mask(xorb_hash, MAX_CHUNKS))
        return mask

    def _spans_of(self, conn: sa.Connection, file_hash: str) -> Spans | None:
        if file_hash not in self._spans:
            self._spans[file_hash] = spans_of(conn, file_hash)
            if len(self._spans) > _SPANS_KEPT:
                self._spans.popitem(last=False)
        return self._spans[file_hash]
