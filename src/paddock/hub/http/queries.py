"""Query parameters as several generations of clients spell them (hub protocol 1.4).

Booleans arrive as ``true``, ``True`` or ``1``; lists as repeated keys, as ``key[]`` or with commas.
Knows no route.
"""

from __future__ import annotations

from urllib.parse import urlencode

from fastapi import Request

from paddock.errors import BadInput, shown
from paddock.hub.context import Hub

_BOOLEANS = {
    "true": True, "True": True, "1": True, "": True,
    "false": False, "False": False, "0": False,
}  # fmt: skip
_MAX_DIGITS = 9


def flag(request: Request, name: str) -> bool | None:
    """A boolean parameter, or None where it is absent; raises BadInput."""
    text = request.query_params.get(name)
    if text is None:
        return None
    if text not in _BOOLEANS:
        raise BadInput(f"{name} must be true or false, not {shown(text)}")
    return _BOOLEANS[text]


def many(request: Request, name: str, *, commas: bool = True) -> list[str]:
    """Every value of a parameter, in order."""
    query = request.query_params
    given = [*query.getlist(name), *query.getlist(f"{name}[]")]
    parts = [part for text in given for part in text.split(",")] if commas else given
    return [part.strip() for part in parts if part.strip()]


def count(request: Request, name: str, *, default: int, most: int) -> int:
    """A number of things to answer with: at least one, at most ``most``; raises BadInput."""
    text = request.query_params.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit()) or len(text) > _MAX_DIGITS:
        raise BadInput(f"{name} must be a whole number, not {shown(text)}")
    return min(max(int(text), 1), most)


def link_to_next(request: Request, hub: Hub, cursor: str) -> str:
    """The ``Link`` header that leads to the page behind the cursor; clients follow it verbatim."""
    others = [(k, v) for k, v in request.query_params.multi_items() if k != "cursor"]
    query = urlencode([*others, ("cursor", cursor)])
    path = request.scope["raw_path"].decode("ascii", "replace")
    return f'<{hub.base_url(request)}{path}?{query}>; rel="next"'
