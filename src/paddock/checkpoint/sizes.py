"""Sizes as people write them: ``5GB`` is decimal, ``4GiB`` binary, a bare number is bytes."""

from __future__ import annotations

import re

_SIZE = re.compile(r"([0-9]{1,18})\s*(|K|M|G|T|KI|MI|GI|TI)B?", re.IGNORECASE)
_POWERS = {"": 0, "K": 1, "M": 2, "G": 3, "T": 4}


def parse_size(text: str) -> int | None:
    """The bytes that ``text`` stands for, or None when it is no size."""
    found = _SIZE.fullmatch(text.strip())
    if found is None:
        return None
    unit = found[2].upper()
    step = 1024 if unit.endswith("I") else 1000
    return int(found[1]) * int(step ** _POWERS[unit.removesuffix("I")])
