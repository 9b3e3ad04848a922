"""A thing that is on or off for somebody: what a form wants of it, and where to go on afterwards.

Pure. A page's script asks for JSON and stays where it is; a form leads back to a page of this hub.
"""

from __future__ import annotations

from typing import Any

from fastapi import Request
from fastapi.responses import JSONResponse, RedirectResponse, Response

from paddock.errors import BadInput, shown
from paddock.web.browser import own_path


def is_wanted(wanted: str, now: bool) -> bool:
    """Whether it shall be on: "1" or "0", and the other way round for nothing; raises BadInput."""
    if wanted not in {"", "0", "1"}:
        raise BadInput(f"{shown(wanted)} is neither 0 nor 1")
    return wanted == "1" if wanted else not now


def go_on(request: Request, next: str, usual: str, told: dict[str, Any]) -> Response:
    """What is now so, for a script; for a person the page that they came from, or the usual one."""
    if "application/json" in request.headers.get("accept", ""):
        return JSONResponse(told)
    return RedirectResponse(own_path(next) if next else usual, 303)
