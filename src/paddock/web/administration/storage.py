"""Who holds how much, and may; files that an administrator let through in spite of a scan."""

from __future__ import annotations

from fastapi.responses import Response

from paddock.errors import PaddockError
from paddock.hub.context import Hub, HubDep
from paddock.hub.large import usage
from paddock.hub.large.quota_sizes import parse_quota
from paddock.hub.people.accounts import get_account
from paddock.hub.scans.overrides import list_in_force
from paddock.web.administration.asking import START, require_administrator
from paddock.web.browser import Visitor, VisitorDep
from paddock.web.forms import Done, Text, back_to, said, sentence
from paddock.web.page_routes import page_router

router = page_router()

_PAGE = START + "/storage"
_SHOWN = 100
_SENTENCES = {"set": "The quota is set."}


@router.get(_PAGE)
def listed(hub: HubDep, visitor: VisitorDep, done: Done = "") -> Response:
    """The greatest first."""
    require_administrator(visitor)
    return _show(hub, visitor, done=done)


@router.post(_PAGE + "/quota")
def set_quota(
    hub: HubDep, visitor: VisitorDep, name: Text = "", size: Text = "", form_key: Text = ""
) -> Response:
    """Of one account, or of everybody who has none where no name is given."""
    visitor.check_form(form_key)
    require_administrator(visitor)
    try:
        with hub.database.write() as conn:
            if not name.strip():
                usage.set_default_quota(conn, parse_quota(size.strip()))
            else:
                account = get_account(conn, name.strip())
                if size.strip() == "default":
                    usage.drop_quota(conn, account.id)
                else:
                    usage.set_quota(conn, account.id, parse_quota(size.strip()))
    except PaddockError as e:
        return _show(hub, visitor, e.status, problem=sentence(e), typed=(name, size))
    return back_to(_PAGE, "set")


def _show(
    hub: Hub,
    visitor: Visitor,
    status: int = 200,
    *,
    done: str = "",
    problem: str = "",
    typed: tuple[str, str] = ("", ""),
) -> Response:
    with hub.database.read() as conn:
        holders = usage.greatest_holders(conn, _SHOWN)
        default_bytes = usage.default_quota(conn)
        overrides = list_in_force(conn)
    return visitor.show(
        "administration/storage.html",
        status,
        holders=holders,
        default_bytes=default_bytes,
        overrides=overrides,
        typed=typed,
        problem=problem,
        done=said(_SENTENCES, done),
    )
