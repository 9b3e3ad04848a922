"""An administrator's word on files that a scan rejected: given with a reason, or taken back."""

from __future__ import annotations

from fastapi.responses import Response

from paddock.errors import Forbidden, PaddockError, shown
from paddock.hub import access
from paddock.hub.context import HubDep
from paddock.hub.errors import EntryNotFound
from paddock.hub.git import files, refs
from paddock.hub.http.paths import RepositoryNameDep
from paddock.hub.scans import allowing
from paddock.hub.types import Caller, FileEntry, Need
from paddock.web.browser import VisitorDep
from paddock.web.forms import Text, back_to, sentence
from paddock.web.page_routes import page_router
from paddock.web.settings.general import PAGE, show_settings

router = page_router()

_MAX_ID = 2**31 - 1


@router.post(PAGE + "/allow")
def allow(
    hub: HubDep,
    visitor: VisitorDep,
    name: RepositoryNameDep,
    path: Text = "",
    reason: Text = "",
    form_key: Text = "",
) -> Response:
    """Let a file of main be downloaded by everybody who may read the repository."""
    visitor.check_form(form_key)
    try:
        with hub.database.write() as conn:
            repo = access.open_to_change(conn, visitor.caller, name, Need.OWN)
            by = _administrator(visitor.caller)
            commit_oid = refs.resolve_revision(conn, repo, "main")
            entry = files.entry_at(conn, repo, commit_oid, path)
            if not isinstance(entry, FileEntry):
                message = f"{shown(path)} does not exist in {repo.full_name} any more"
                raise EntryNotFound(message, commit_oid=commit_oid)
            allowing.allow(conn, repo, entry, by, reason)
    except PaddockError as e:
        return show_settings(hub, visitor, name, e.status, problem=sentence(e))
    return back_to(f"{repo.web_path}/settings", "allowed", "scans")


@router.post(PAGE + "/withdraw")
def withdraw(
    hub: HubDep,
    visitor: VisitorDep,
    name: RepositoryNameDep,
    number: Text = "",
    form_key: Text = "",
) -> Response:
    """Take a word back."""
    visitor.check_form(form_key)
    wanted = int(number) if number.isascii() and number.isdigit() else 0
    try:
        with hub.database.write() as conn:
            repo = access.open_to_change(conn, visitor.caller, name, Need.OWN)
            by = _administrator(visitor.caller)
            allowing.withdraw(conn, repo, min(wanted, _MAX_ID), by)
    except PaddockError as e:
        return show_settings(hub, visitor, name, e.status, problem=sentence(e))
    return back_to(f"{repo.web_path}/settings", "withdrawn", "scans")


def _administrator(caller: Caller) -> str:
    """The name of an administrator; raises Forbidden for anybody else."""
    if not access.is_site_admin(caller):
        raise Forbidden(
            "only an administrator of the hub decides what may be downloaded against a scan"
        )
    return access.require_user(caller).name
