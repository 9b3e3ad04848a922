"""What a request to the CAS may do: its token's claims, and whether they still hold.

A token covers one repository and the revision that it was asked for; whichever of them goes, or the
right to them, the token ends with it.
"""

from __future__ import annotations

from typing import Annotated, NamedTuple

import sqlalchemy as sa
from fastapi import Depends, Request

from paddock import clock
from paddock.hub import signing
from paddock.hub.bearers import Bearer, recall
from paddock.hub.context import Hub, HubDep
from paddock.hub.scans import leaving
from paddock.hub.scans.leaving import Asking
from paddock.hub.xet import access, revisions
from paddock.hub.xet.access import XetAccess


class Admitted(NamedTuple):
    """What a token allows, and who asks for which repository's bytes with it."""

    allowed: XetAccess
    asking: Asking


def admit(request: Request, hub: Hub, conn: sa.Connection) -> Admitted:
    """Raise for a token that allows nothing, or nothing any more."""
    header = request.headers.get("authorization", "")
    allowed = access.check_token(signing.signing_key(hub.database), header, clock.now())
    caller, repo = recall(conn, allowed.bearer, allowed.repo_id)
    revisions.check(conn, caller, repo, allowed)
    return Admitted(allowed, Asking(hub, conn, caller, repo))


def get_access(request: Request, hub: HubDep) -> XetAccess:
    """What the request's token allows."""
    with hub.database.read() as conn:
        return admit(request, hub, conn).allowed


AccessDep = Annotated[XetAccess, Depends(get_access)]


def get_write_access(allowed: AccessDep) -> XetAccess:
    """The same, of a token that may add files."""
    access.require_write(allowed)
    return allowed


WriteAccessDep = Annotated[XetAccess, Depends(get_write_access)]


def require_content(
    hub: Hub, conn: sa.Connection, bearer: Bearer, repo_id: int, sha256: str
) -> None:
    """Raise for a right that was withdrawn, and for a file that the bearer may not have."""
    caller, repo = recall(conn, bearer, repo_id)
    leaving.require_content(Asking(hub, conn, caller, repo), sha256)
