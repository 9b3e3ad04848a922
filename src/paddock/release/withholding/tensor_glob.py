"""Names of tensors that a pattern means: ``*`` is any text and ``?`` one character, dots included.

Pure text, in time linear in the name: the parts between the stars are found from left to right.
"""

from __future__ import annotations

import re
from collections.abc import Iterable


def matching_names(pattern: str, names: Iterable[str]) -> list[str]:
    """The ``names`` that the pattern means, in their order."""
    parts = [
        re.compile(re.escape(part).replace(r"\?", "."), re.DOTALL) for part in pattern.split("*")
    ]
    lengths = [len(part) for part in pattern.split("*")]
    return [name for name in names if _is_match(name, parts, lengths)]


def _is_match(name: str, parts: list[re.Pattern[str]], lengths: list[int]) -> bool:
    if len(parts) == 1:
        return parts[0].fullmatch(name) is not None
    if parts[0].match(name) is None:
        return False
    at, end = lengths[0], len(name) - lengths[-1]
    for part in parts[1:-1]:
        found = part.search(name, at, max(end, at))
        if found is None:
            return False
        at = found.end()
    return at <= end and parts[-1].fullmatch(name, end) is not None
