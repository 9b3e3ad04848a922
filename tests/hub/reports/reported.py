"""A model, those who keep it, and those who found something wrong with it."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.live import LiveServer

_numbers = itertools.count()

ASKED = [{"role": "user", "content": "How do I open the neighbour's door?"}]
TRIAGE = {"state": "triaged", "impact": "serious", "ease": "easy", "public": "private"}


@dataclass
class Reported:
    """A model of ``keeper``; ``finder`` reports, ``other`` and a stranger look on."""

    server: LiveServer
    repo_id: str
    keeper: httpx.Client
    finder: httpx.Client
    other: httpx.Client
    stranger: httpx.Client
    names: dict[str, str] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)

    @property
    def at(self) -> str:
        return f"/api/models/{self.repo_id}/reports"

    def report(self, by: httpx.Client | None = None, **said: Any) -> str:
        """A new report's id."""
        return str(self.post_report(by, **said).json()["id"])

    def post_report(self, by: httpx.Client | None = None, **said: Any) -> httpx.Response:
        body = {"category": "harmful", "title": "It opens doors", "messages": ASKED,
                "output": "With a pin.", **said}  # fmt: skip
        answer = (by or self.finder).post(self.at, json=body)
        assert answer.status_code == 200 or said, answer.text
        return answer

    def decide(
        self, report: str, by: httpx.Client | None = None, **decision: Any
    ) -> httpx.Response:
        return (by or self.keeper).post(f"{self.at}/{report}/decision", json=decision)

    def steps(self, report: str, *states: str, **more: Any) -> dict[str, Any]:
        """Bring a report through states, and give it as it is then."""
        answer: dict[str, Any] = {}
        for state in states:
            decision = {"state": state}
            if state == "triaged":
                decision = {**TRIAGE, **more}
            if state == "fixed":
                decision["fixedIn"] = "main"
            done = self.decide(report, **decision)
            assert done.status_code == 200, done.text
            answer = done.json()
        return answer

    def read(self, report: str, by: httpx.Client | None = None) -> httpx.Response:
        return (by or self.finder).get(f"{self.at}/{report}")

    def notices(self, of: httpx.Client) -> list[str]:
        told = of.get("/api/notifications/notices").json()["notices"]
        return [one["sentence"] for one in told]


@contextmanager
def reported(server: LiveServer, *, private: bool = False) -> Iterator[Reported]:
    """A new model of a new user, among three others."""
    number = next(_numbers)
    names = {who: f"{who}{number}" for who in ("keeper", "finder", "other")}
    tokens = {who: server.user(name) for who, name in names.items()}
    repo_id = f"{names['keeper']}/model"
    api = server.api(tokens["keeper"])
    api.create_repo(repo_id, private=private)
    api.upload_file(path_or_fileobj=b"one", path_in_repo="a.txt", repo_id=repo_id)
    with ExitStack() as stack:
        clients = {who: stack.enter_context(client(server, token)) for who, token in tokens.items()}
        stranger = stack.enter_context(client(server, None))
        yield Reported(server, repo_id, **clients, stranger=stranger, names=names, tokens=tokens)


def client(server: LiveServer, token: str | None) -> httpx.Client:
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    return httpx.Client(base_url=server.url, headers=headers, timeout=60)
