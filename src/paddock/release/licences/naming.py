"""Which maker's licence a model is under, by its name: a hint where nobody said it.

Pure. Names are compared from the last slash on; the longest pattern that fits wins, so that
Llama-3.1 is not taken for Llama-3.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

from paddock.release.licences.terms import Terms

MAX_NAME_CHARS = 200


def licence_by_name(model_id: str, rows: Iterable[Terms]) -> str | None:
    """The id of the row whose maker's models are called so, or None."""
    name = model_id.rpartition("/")[2].lower()[:MAX_NAME_CHARS]
    fitting = [
        (found.end() - found.start("model"), row.id)
        for row in rows
        if row.models is not None and (found := _pattern(row.models).search(name))
    ]
    return max(fitting)[1] if fitting else None


def is_named_by_maker(name: str, row: Terms) -> bool:
    """Whether a model is called as its maker calls it: Llama-3.1-8B, Meta-Llama-3-8B."""
    if row.models is None:
        return False
    return re.match(rf"(?:meta-)?(?:{row.models})(?![0-9])", name.lower()) is not None


@cache
def _pattern(models: str) -> re.Pattern[str]:
    return re.compile(rf"(?:^|[-_.])(?P<model>{models})(?![0-9])")
