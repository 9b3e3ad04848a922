"""An organisation with a repository at every stage, and how everybody asks for things of it.

Whoever may change a repository has one of their own at each stage, so that what one of them does
there does not stand in the way of the next; all others share one.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from fastapi.responses import HTMLResponse

from paddock import clock
from paddock.hub.access_table import Outcome, Right, Stage, Who, outcome
from paddock.hub.collaborators.tables import collaborators
from paddock.hub.people.accounts import create_org, create_user, find_account, set_role
from paddock.hub.people.tokens import create_token
from paddock.hub.reports import filing
from paddock.hub.sessions.sessions import form_key, start_session
from paddock.hub.tables import access_grants, repositories
from paddock.hub.types import Account
from paddock.signing.events.log import BRANCH, LOG_NAME
from paddock.web import browser
from tests.web.access_releases import announced, released
from tests.web.access_routes import STAGES_OF_SPACES
from tests.web.in_process import InProcess, in_process
from tests.web.routes import Route

ORG, FRIENDS = "lab", "friends"
WEIGHTS = "model.safetensors"
_ROLES = {
    Who.MEMBER: "read",
    Who.CONTRIBUTOR: "contributor",
    Who.CREATOR: "contributor",
    Who.WRITER: "write",
}
_SETTINGS: dict[Stage, dict[str, Any]] = {
    Stage.PRIVATE: {"private": True},
    Stage.INVITED: {"visibility": "invited"},
    Stage.GATED_AUTO: {"gated": "auto"},
    Stage.GATED_MANUAL: {"gated": "manual"},
}
_FILES = {
    "README.md": b"---\nlicense: mit\n---\n# A card\n",
    "a.txt": b"text",
    "rows.csv": b"a,b\n1,2\n",
    WEIGHTS: bytes(range(256)) * 4,
}
CHANGING = tuple(
    who for who in Who if outcome(Right.WRITE, Stage.OPEN, who) is Outcome.ALLOWED
)  # fmt: skip


class Person:
    """Somebody by their token, for what programs ask, and by their session, for pages."""

    def __init__(self, hub: InProcess, account: Account | None, role: str) -> None:
        self.name = account.name if account else "nobody"
        self._hub, self._client = hub, hub.client()
        self.token, self._secret = "", ""
        if account is not None:
            with hub.hub.database.write() as conn:
                self.token = create_token(conn, account, "test", role)
                self._secret = start_session(conn, account)

    def ask(self, route: Route, path: str, body: Any) -> httpx.Response:
        """The request of the route, as a page's form or as a program sends it."""
        if route.is_page:
            secret, cookie = self._secret or "form_stranger", "session" if self._secret else "form"
            fields = {**body, "form_key": form_key(secret)} if route.method == "POST" else None
            headers = {"Cookie": f"paddock_{cookie}={secret}"}
            return self._send(route.method, path, headers=headers, data=fields)
        return self.send(route.method, path, body)

    def send(self, method: str, path: str, body: Any) -> httpx.Response:
        """A request of a program."""
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        if isinstance(body, bytes):
            if "/git-" in path:
                headers["Content-Type"] = f"application/x-{path.rpartition('/')[2]}-request"
            return self._send(method, path, headers=headers, content=body)
        sent = None if method in {"GET", "HEAD"} else body
        return self._send(method, path, headers=headers, json=sent)

    def _send(self, method: str, path: str, **more: Any) -> httpx.Response:
        self._client.cookies.clear()
        return self._hub.ask(self._client, method, path, **more)


@dataclass(slots=True)
class World:
    """Everybody, and the names of what is in the repositories."""

    hub: InProcess
    people: dict[Who, Person]
    named: dict[tuple[Who | None, Stage], dict[str, str]]

    def of(self, who: Who, stage: Stage) -> dict[str, str]:
        """What addresses need: somebody's own repository at a stage, or the common one."""
        return self.named[who if who in CHANGING else None, stage]


@contextmanager
def make_world(folder: Path) -> Iterator[World]:
    with in_process(folder) as hub, pytest.MonkeyPatch.context() as patch:
        patch.setattr(filing, "MAX_AN_HOUR", 1000)  # everybody reports at every stage
        patch.setattr(filing, "MAX_A_DAY", 1000)
        patch.setattr(browser, "page", _blank)
        accounts = _people(hub)
        people = {
            who: Person(hub, accounts.get(who), "admin" if who is Who.ADMINISTRATOR else "write")
            for who in Who
        }
        author = Person(hub, _member(hub, "author", "read"), "write")
        files = released(folder / "release", _FILES)
        named: dict[tuple[Who | None, Stage], dict[str, str]] = {}
        for stage in Stage:
            by = _Maker(people, author, files)
            for kind in ("datasets", "spaces") if stage in STAGES_OF_SPACES else ("datasets",):
                by.make_other(kind, f"{stage}-all", stage)
            for who in (None, *CHANGING):
                named[who, stage] = by.make_model(f"{stage}-{who or 'all'}", stage, who)
        _let_in(hub, accounts)
        hub.run_jobs()
        yield World(hub, people, named)


def _blank(
    _template: str, status_code: int, headers: dict[str, str] | None = None, **_values: object
) -> HTMLResponse:
    """A page that may be shown: what stands on it is not asked here, and takes its time."""
    return HTMLResponse("", status_code, headers)


def _people(hub: InProcess) -> dict[Who, Account]:
    with hub.hub.database.write() as conn:
        found = {
            who: create_user(conn, str(who), is_admin=who is Who.ADMINISTRATOR)
            for who in Who
            if who is not Who.ANONYMOUS
        }
        org = create_org(conn, ORG, owner=found[Who.OWNER])
        create_org(conn, "rival", owner=found[Who.FOREIGN])
        friends = create_org(conn, FRIENDS, owner=found[Who.FOREIGN])
        set_role(conn, friends, found[Who.GUEST], "read")
        set_role(conn, friends, found[Who.FOREIGN], "no_access")
        for who, role in _ROLES.items():
            set_role(conn, org, found[who], role)
    return found


def _member(hub: InProcess, name: str, role: str) -> Account:
    with hub.hub.database.write() as conn:
        made, org = create_user(conn, name), find_account(conn, ORG)
        assert org is not None
        set_role(conn, org, made, role)
    return made


def _let_in(hub: InProcess, accounts: dict[Who, Account]) -> None:
    """Grants and roles on every repository, whatever its stage makes of them."""
    now = clock.now()
    past = now - timedelta(days=1)
    with hub.hub.database.write() as conn:
        friends = find_account(conn, FRIENDS)
        assert friends is not None
        grants = (
            (accounts[Who.INVITED], "accepted", None),
            (friends, "accepted", now + timedelta(days=1)),
            (accounts[Who.EXPIRED], "accepted", past),
            (accounts[Who.REJECTED], "rejected", None),
        )
        for repo_id in conn.execute(sa.select(repositories.c.id)).scalars().all():
            for account, status, ends in grants:
                row = {"repo_id": repo_id, "user_id": account.id, "status": status,
                       "public_id": f"{repo_id:012x}{account.id:012x}", "created_at": past,
                       "expires_at": ends, "is_email_shared": False}  # fmt: skip
                conn.execute(access_grants.insert().values(row))
            for who, role in ((Who.COLLABORATOR, "read"), (Who.HELPER, "write")):
                given = {"repo_id": repo_id, "user_id": accounts[who].id, "role": role}
                conn.execute(collaborators.insert().values(**given, created_at=past))


@dataclass(slots=True)
class _Maker:
    """Makes repositories, as those who own, create and talk about them."""

    people: dict[Who, Person]
    author: Person
    files: dict[str, bytes]

    def send(self, method: str, path: str, body: Any, by: Person | None = None) -> Any:
        answer = (by or self.people[Who.OWNER]).send(method, path, body)
        assert answer.is_success, (path, answer.text)
        return answer.json() if answer.content else None

    def make_repository(self, kind: str, name: str, who: Who | None) -> str:
        """Its address in the API."""
        api = f"/api/{kind}/{ORG}/{name}"
        new = {"name": name, "organization": ORG, "type": kind.removesuffix("s")}
        new |= {"sdk": "static"} if kind == "spaces" else {}
        maker = self.people[Who.CREATOR if who is Who.CREATOR else Who.OWNER]
        self.send("POST", "/api/repos/create", new, maker)
        self.send("POST", f"{api}/commit/main", commit_body(self.files))
        return api

    def make_other(self, kind: str, name: str, stage: Stage) -> None:
        """A dataset or a space, which everybody shares."""
        api = self.make_repository(kind, name, Who.CREATOR)
        self.send("PUT", f"{api}/settings", _SETTINGS.get(stage, {}))

    def make_model(self, name: str, stage: Stage, who: Who | None) -> dict[str, str]:
        """A model that is talked about; what addresses need."""
        api = self.make_repository("models", name, who)
        self.send("POST", f"{api}/tag/main", {"tag": "v1"})
        self.send("POST", f"{api}/branch/old", {})
        if stage in {Stage.DEPRECATED, Stage.REVOKED}:
            log = announced(self.files, "revoke" if stage is Stage.REVOKED else "deprecate")
            self.send("POST", f"{api}/branch/{BRANCH}", {})
            self.send("POST", f"{api}/commit/{BRANCH}", commit_body({LOG_NAME: log}))
        self.send("PUT", f"{api}/settings", _SETTINGS.get(stage, {}))
        said, by = {"title": "A question", "description": "Why?"}, self.author
        self.send("POST", f"{api}/discussions", {**said, "pullRequest": False}, by)
        self.send("POST", f"{api}/discussions", {**said, "pullRequest": True})
        reported = {"category": "wrong", "title": "It counts wrongly", "prompt": "p", "output": "o"}
        report = str(self.send("POST", f"{api}/reports", reported, by)["id"])
        events = self.send("GET", f"{api}/discussions/1", None)["events"]
        comment = next(event["id"] for event in events if event["type"] == "comment")
        return {"name": name, "report_id": report, "comment_id": comment}


def commit_body(files: dict[str, bytes]) -> bytes:
    """Lines of JSON that add the files, as the stock client sends them."""
    lines = [{"key": "header", "value": {"summary": "change"}}]
    for path, content in files.items():
        value = {"content": base64.b64encode(content).decode(), "path": path, "encoding": "base64"}
        lines.append({"key": "file", "value": value})
    return "\n".join(map(json.dumps, lines)).encode()


def address(raw: str, named: dict[str, str], kind: str = "models") -> str:
    """A route's pattern with names in it."""
    prefix = "" if kind == "models" else f"{kind}/"
    filled = raw.replace("{kind:kind}", kind).replace("{kind:kind_prefix}", prefix)
    filled = filled.replace("{kind:space}", "spaces").replace("{what:space_action}", "restart")
    for key, value in named.items():
        filled = re.sub(rf"\{{{key}(:\w+)?\}}", value, filled)
    return re.sub(r"\{[^}]+\}", "1", filled)
