"""Values of strangers' JSON: each of a known kind and a bounded size, or absent.

Pure. Nothing here raises: what is not of the kind that was asked for counts as not said, and a text
that is too long is cut where people see that it was. Pages escape what comes out.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from paddock.digest import is_sha256

MAX_TEXT_CHARS = 2000
MAX_ROWS = 2000
_CUT = " …"


def text(value: object, most: int = MAX_TEXT_CHARS) -> str | None:
    """A text that says something, cut to ``most`` characters."""
    if not isinstance(value, str) or not value.strip():
        return None
    said = "".join(c if c.isprintable() or c == "\n" else "\N{REPLACEMENT CHARACTER}" for c in
                   value[: most + 1])  # fmt: skip
    return said if len(said) <= most else said[: most - len(_CUT)] + _CUT


def texts(value: object, most: int = 100) -> tuple[str, ...]:
    """A list of texts; one text is a list of one."""
    items = value[:most] if isinstance(value, list) else [value]
    return tuple(said for item in items if (said := text(item)) is not None)


def number(value: object) -> float | None:
    """A finite number that is no truth value."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if abs(value) > 1e300 or not math.isfinite(value):
        return None
    return float(value)


def whole(value: object) -> int | None:
    """A whole number of at most 63 bits."""
    return value if type(value) is int and abs(value) < 1 << 63 else None


def flag(value: object) -> bool | None:
    """Yes or no."""
    return value if isinstance(value, bool) else None


def digest(value: object) -> str | None:
    """A SHA-256 in hex."""
    return value if isinstance(value, str) and is_sha256(value) else None


def mapping(value: object) -> dict[str, Any]:
    """An object; empty where there is none."""
    return value if isinstance(value, dict) else {}


def rows(value: object, most: int = MAX_ROWS) -> Iterator[dict[str, Any]]:
    """The objects in a list, of its first ``most`` items."""
    for item in value[:most] if isinstance(value, list) else ():
        if isinstance(item, dict):
            yield item


def in_words(value: object, depth: int = 0) -> str | None:
    """Any value for people: numbers with separators, yes and no, lists joined, rows in brackets."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}" if abs(value) < 1 << 63 else None
    if isinstance(value, float):
        return f"{value:g}" if math.isfinite(value) else None
    if isinstance(value, list) and depth < 2:
        parts = [said for item in value[:100] if (said := in_words(item, depth + 1)) is not None]
        return text(", ".join(parts))
    if isinstance(value, dict) and depth < 2:
        named = [
            f"{text(str(key), 100)}: {said}"
            for key, item in list(value.items())[:50]
            if (said := in_words(item, depth + 1)) is not None
        ]
        return text(", ".join(named))
    return text(value)
