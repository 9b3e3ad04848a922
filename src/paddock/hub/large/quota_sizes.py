"""Quotas as administrators write them: 500MB, 50GB, unlimited."""

from __future__ import annotations

import re

from paddock.errors import BadInput, shown

_SIZE = re.compile(r"(\d{1,18})([kMGTP]?)B?")
_UNITS = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12, "P": 10**15}
_MAX_BYTES = 2**63 - 1


def parse_quota(size: str) -> int | None:
    """Bytes; None is without limit. Raises BadInput."""
    if size == "unlimited":
        return None
    match = _SIZE.fullmatch(size)
    if match is None or int(match[1]) * _UNITS[match[2]] > _MAX_BYTES:
        raise BadInput(f"{shown(size)} is no size", hint="write 500MB, 50GB, 2TB or unlimited")
    return int(match[1]) * _UNITS[match[2]]
