"""A repository deleted by its owner, who typed its name."""

from __future__ import annotations

from fastapi.responses import Response

from paddock.hub import access, repositories
from paddock.hub.context import HubDep
from paddock.hub.http.paths import RepositoryNameDep
from paddock.hub.types import Need
from paddock.web.account.identity import NotConfirmed, require_typed
from paddock.web.browser import VisitorDep
from paddock.web.forms import Text, back_to, sentence
from paddock.web.page_routes import page_router
from paddock.web.settings.general import PAGE, show_settings

router = page_router()


@router.post(PAGE + "/delete")
def delete(
    hub: HubDep, visitor: VisitorDep, name: RepositoryNameDep, typed: Text = "", form_key: Text = ""
) -> Response:
    """Everything in it goes, at once and for good."""
    visitor.check_form(form_key)
    try:
        with hub.database.write() as conn:
            repo = access.open_to_change(conn, visitor.caller, name, Need.OWN)
            require_typed(typed, repo.full_name)
            repositories.forget_repository(conn, repo, visitor.user)
    except NotConfirmed as e:
        return show_settings(hub, visitor, name, e.status, problem=sentence(e))
    return back_to(f"/{repo.namespace}")
