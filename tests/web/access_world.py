"""An organisation with a repository for everybody at every stage, and how they ask for things.

Each repository is one person's to try everything on, so that what one of them is allowed to change
does not stand in the way of the next.
"""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass
from typing import Any

import httpx

from paddock.hub.access_table import Stage, Who
from paddock.hub.people.accounts import find_account, set_role
from paddock.hub.sessions.sessions import form_key, start_session
from tests.live import LiveServer
from tests.web.routes import Route

ORG = "lab"
_ROLES = {
    Who.MEMBER: "read",
    Who.CONTRIBUTOR: "contributor",
    Who.CREATOR: "contributor",
    Who.WRITER: "write",
}
_GATED = {Stage.GATED_AUTO: "auto", Stage.GATED_MANUAL: "manual"}
_CARD = b"---\nlicense: mit\n---\n# A card\n"
_FILES = {"README.md": _CARD, "a.txt": b"text", "rows.csv": b"a,b\n1,2\n"}


class Person:
    """Somebody by their token, for what programs ask, and by their session, for pages."""

    def __init__(self, server: LiveServer, name: str | None, token: str | None) -> None:
        # No connection is kept, so none is left open when the test ends.
        self.client = httpx.Client(base_url=server.url, timeout=60)
        self.name = name or "nobody"
        self._token = token
        self._secret = ""
        if name is not None:
            with server.hub.database.write() as conn:
                account = find_account(conn, name)
                assert account is not None
                self._secret = start_session(conn, account)

    def ask(self, route: Route, path: str, body: Any) -> httpx.Response:
        """The request of the route, as a page's form or as a program sends it."""
        if route.is_page:
            secret, cookie = self._secret or "form_stranger", "session" if self._secret else "form"
            fields = {**body, "form_key": form_key(secret)} if route.method == "POST" else None
            headers = {"Cookie": f"paddock_{cookie}={secret}"}
            return self.client.request(route.method, path, headers=headers, data=fields)
        headers = {"Authorization": f"Bearer {self._token}"} if self._token else {}
        if isinstance(body, bytes):
            if "/git-" in path:
                headers["Content-Type"] = f"application/x-{path.rpartition('/')[2]}-request"
            return self.client.request(route.method, path, headers=headers, content=body)
        sent = None if route.method in {"GET", "HEAD"} else body
        return self.client.request(route.method, path, headers=headers, json=sent)


@dataclass(slots=True)
class World:
    """Everybody, and the names of what is in each one's repositories."""

    server: LiveServer
    people: dict[Who, Person]
    named: dict[tuple[Who, Stage], dict[str, str]]

    def close(self) -> None:
        for person in self.people.values():
            person.client.close()


def make_world(server: LiveServer) -> World:
    tokens = {who: server.user(str(who)) for who in Who if who is not Who.ANONYMOUS}
    # Nobody may report more than so often in an hour.
    authors = {stage: server.user(f"author-{stage}") for stage in Stage}
    tokens[Who.ADMINISTRATOR] = server.admin_token
    server.org(ORG, str(Who.OWNER))
    server.org("rival", str(Who.FOREIGN))
    with server.hub.database.write() as conn:
        org = find_account(conn, ORG)
        assert org is not None
        for name, role in {**{f"author-{stage}": "read" for stage in Stage}, **_ROLES}.items():
            member = find_account(conn, str(name))
            assert member is not None
            set_role(conn, org, member, role)
    names = {who: str(who) for who in tokens} | {Who.ADMINISTRATOR: server.admin}
    people = {who: Person(server, names.get(who), tokens.get(who)) for who in Who}
    named = {}
    with httpx.Client(base_url=server.url, timeout=60) as client:
        for who in Who:
            maker = tokens[Who.CREATOR if who is Who.CREATOR else Who.OWNER]
            for stage in Stage:
                by = _Maker(client, tokens[Who.OWNER], maker, authors[stage])
                by.make_repository("datasets", f"{stage}-{who}", stage)
                named[who, stage] = by.make_model(f"{stage}-{who}", stage)
    return World(server, people, named)


@dataclass(slots=True)
class _Maker:
    """Makes repositories, as those who own, create and talk about them."""

    client: httpx.Client
    owner: str
    creator: str
    author: str

    def send(self, method: str, path: str, body: Any, token: str | None = None) -> Any:
        headers = {"Authorization": f"Bearer {token or self.owner}"}
        sent = {"content": body} if isinstance(body, bytes) else {"json": body}
        answer = self.client.request(method, path, headers=headers, **sent)
        assert answer.is_success, (path, answer.text)
        return answer.json() if answer.content else None

    def make_repository(self, kind: str, name: str, stage: Stage) -> str:
        """Its address in the API."""
        api = f"/api/{kind}/{ORG}/{name}"
        new = {"name": name, "organization": ORG, "type": kind.removesuffix("s")}
        self.send("POST", "/api/repos/create", new, self.creator)
        self.send("POST", f"{api}/commit/main", commit_body(_FILES))
        if stage is Stage.PRIVATE:
            self.send("PUT", f"{api}/settings", {"private": True})
        elif stage in _GATED:
            self.send("PUT", f"{api}/settings", {"gated": _GATED[stage]})
            self.send("POST", f"{api}/user-access-request/grant", {"user": str(Who.INVITED)})
        return api

    def make_model(self, name: str, stage: Stage) -> dict[str, str]:
        """A model that is talked about; what addresses need."""
        api = self.make_repository("models", name, stage)
        self.send("POST", f"{api}/tag/main", {"tag": "v1"})
        self.send("POST", f"{api}/branch/old", {})
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
