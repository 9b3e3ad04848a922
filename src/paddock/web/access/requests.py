"""The Access tab: how open the repository is, who asks to be let in, who was, and who was not.

For those who may write to it. Reads rows and a form; what is decided is ``hub.gates``'s.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Annotated, Final
from urllib.parse import urlencode

from fastapi import Query
from fastapi.responses import RedirectResponse, Response

from paddock import clock
from paddock.errors import BadInput, shown
from paddock.hub import access
from paddock.hub.context import Hub, HubDep
from paddock.hub.gates import lists, response
from paddock.hub.gates.deciding import decide_all, renew_all
from paddock.hub.gates.lists import Request
from paddock.hub.gates.requests import Decision
from paddock.hub.gates.standing import STANDINGS
from paddock.hub.http.paths import WEB_REPOSITORY, RepositoryNameDep
from paddock.hub.names import RepositoryName
from paddock.hub.paging import Part
from paddock.hub.types import Need, Repository
from paddock.web.access.stage import STEPS, read_stage
from paddock.web.account.own_access import WORDS
from paddock.web.account.scopes_form import FormPairs
from paddock.web.browser import Visitor, VisitorDep
from paddock.web.forms import Done, end_of_day, said, sentence
from paddock.web.page_routes import page_router
from paddock.web.repository.shell import open_shell

router = page_router()

PAGE = WEB_REPOSITORY + "/access"
_ON_A_PAGE = 50
_RENEW = "renew"
_SENTENCES: Final = {
    "accepted": "They are let in, from now on.",
    "rejected": "They are rejected, and told your reason where you gave one.",
    "reset": "Their access is taken back. They may ask again.",
    "pending": "They wait for a decision again.",
    "renew": "Their access ends on the day that you chose.",
    "some": "Done. Some were decided about meanwhile, or are gone: nothing changed for those.",
    "granted": "They are let in, from now on.",
    "imported": "All whom the table names are let in, each until the day that it gives.",
}
_WAITING: Final = {"pending", lists.APPEALED}  # who waited longest is first
_FILTERS: Final = (
    ("pending", "Waiting"),
    ("accepted", "Let in"),
    ("expired", "Ended"),
    ("terms_changed", "Owe terms"),
    ("appealed", "Appeals"),
    ("rejected", "Rejected"),
    ("reset", "Taken back"),
    ("all", "All"),
)


@dataclass(frozen=True, slots=True)
class Looking:
    """Which part of the list somebody looks at."""

    show: str = "pending"
    search: str = ""
    after: str | None = None

    def query(self, **other: str) -> str:
        """As the query of an address."""
        fields = {"show": self.show, "q": self.search, "after": self.after or "", **other}
        return urlencode({key: value for key, value in fields.items() if value})


@router.get(PAGE)
def listed(
    hub: HubDep,
    visitor: VisitorDep,
    name: RepositoryNameDep,
    show: Annotated[str, Query(max_length=20)] = "pending",
    q: Annotated[str, Query(max_length=lists.MAX_SEARCH_CHARS)] = "",
    after: Annotated[str | None, Query(max_length=400)] = None,
    done: Done = "",
) -> Response:
    """The stage, and the requests that stand so, the latest first."""
    looking = Looking(show if show in {*lists.FILTERS, "all"} else "pending", q, after)
    return show_access(hub, visitor, name, looking, done=said(_SENTENCES, done))


@router.post(PAGE + "/decide")
def decide(hub: HubDep, visitor: VisitorDep, name: RepositoryNameDep, pairs: FormPairs) -> Response:
    """Decide about one, or about all whose boxes are checked."""
    fields = dict(pairs)
    visitor.check_form(fields.get("form_key", ""))
    looking = Looking(fields.get("show", "pending"), fields.get("q", "")[: lists.MAX_SEARCH_CHARS])
    # A row's own button says both, and decides about that row alone.
    what, _, one = fields.get("decide", "").partition(" ")
    chosen = [one] if one else [value for key, value in pairs if key == "request"]
    try:
        word = _decide(hub, visitor, name, chosen, what, fields)
    except BadInput as e:
        return show_access(hub, visitor, name, looking, e.status, problem=sentence(e))
    with hub.database.read() as conn:
        repo = access.open_repository(conn, visitor.caller, name, Need.WRITE)
    return RedirectResponse(f"{repo.web_path}/access?{looking.query(done=word)}", 303)


def _decide(
    hub: Hub,
    visitor: Visitor,
    name: RepositoryName,
    chosen: list[str],
    what: str,
    fields: dict[str, str],
) -> str:
    """Write it down; the word for what was done."""
    ends = _end(fields) if what in {"accepted", _RENEW} else None
    with hub.database.write() as conn:
        repo = access.open_to_change(conn, visitor.caller, name, Need.WRITE)
        reviewer = access.require_user(visitor.caller)
        if what == _RENEW:
            decided = renew_all(conn, repo, chosen, reviewer, ends)
        elif what in {"accepted", "rejected", "reset", "pending"}:
            gives_reason = what in {"rejected", "reset"} and fields.get("reason", "").strip()
            decision = Decision(what, fields["reason"] if gives_reason else None, ends)
            decided = decide_all(conn, repo, chosen, reviewer, decision)
        else:
            raise BadInput(f"{shown(what)} is nothing that can be decided")
    return "some" if decided.passed_over else what


def _end(fields: dict[str, str]) -> datetime | None:
    return end_of_day(fields.get("ends", ""))


def _answer_by(repo: Repository, request: Request) -> datetime | None:
    since = request.waits_since
    return None if since is None else response.answer_by(repo, since)


def show_access(
    hub: Hub,
    visitor: Visitor,
    name: RepositoryName,
    looking: Looking,
    status: int = 200,
    **values: object,
) -> Response:
    """The tab; raises what ``open_repository`` raises for those who may not write."""
    with hub.database.read() as conn:
        shell = open_shell(hub, conn, visitor, name, "access", Need.WRITE)
        standing = None if looking.show == "all" else looking.show
        part = Part(_ON_A_PAGE, looking.after)
        page = lists.list_requests(
            conn,
            shell.repo,
            standing,
            part,
            looking.search or None,
            oldest_first=looking.show in _WAITING,
        )
        overdue = response.count_overdue(conn, shell.repo)
        counts = lists.count_requests(conn, shell.repo)
        stage = read_stage(conn, shell.repo)
    counts["all"] = sum(counts[standing] for standing in STANDINGS)
    following = page.next_cursor
    return visitor.show(
        "access/requests.html",
        status,
        shell=shell,
        stage=stage,
        steps=STEPS,
        requests=page.items,
        counts=counts,
        overdue=overdue,
        days=response.response_days(shell.repo.card),
        answer_by=partial(_answer_by, shell.repo),
        moment=clock.now(),
        filters=_FILTERS,
        words=WORDS,
        looking=looking,
        next=following and f"?{Looking(looking.show, looking.search, following).query()}",
        **values,
    )
