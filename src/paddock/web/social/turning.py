"""A thing that is on or off for somebody: what a form wants of it, and where to go on afterwards.

A page's script asks for JSON and stays where it is; a form leads back to a page of this hub.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response

from paddock.errors import BadInput, shown
from paddock.hub.context import Hub, HubDep
from paddock.web.browser import Visitor, VisitorDep, own_path
from paddock.web.forms import Text


@dataclass(frozen=True, slots=True)
class Turn:
    """A form of ours by somebody who is signed in."""

    hub: Hub
    visitor: Visitor
    wanted: str
    next: str
    is_script: bool

    def is_wanted(self, now: bool) -> bool:
        """Whether it shall be on: "1" or "0", and the other way round for nothing."""
        return self.wanted == "1" if self.wanted else not now

    def go_on(self, usual: str, told: dict[str, Any]) -> Response:
        """What is now so, for a script; for a person the page they came from, or the usual one."""
        if self.is_script:
            return JSONResponse(told)
        return RedirectResponse(own_path(self.next) if self.next else usual, 303)


def _turn(
    request: Request,
    hub: HubDep,
    visitor: VisitorDep,
    form_key: Text = "",
    wanted: Text = "",
    next: Text = "",
) -> Turn:
    visitor.check_form(form_key)
    visitor.require_user()
    if wanted not in {"", "0", "1"}:
        raise BadInput(f"{shown(wanted)} is neither 0 nor 1")
    is_script = "application/json" in request.headers.get("accept", "")
    return Turn(hub, visitor, wanted, next, is_script)


TurnDep = Annotated[Turn, Depends(_turn)]
