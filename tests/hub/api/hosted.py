"""A fresh repository on a live server, with the stock client and plain HTTP pointed at it."""

from __future__ import annotations

import base64
import itertools
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import orjson
from huggingface_hub import HfApi

from tests.live import LiveServer

_numbers = itertools.count()


@dataclass
class Hosted:
    """A repository and its owner."""

    server: LiveServer
    token: str
    repo_id: str
    http: httpx.Client = field(init=False)

    def __post_init__(self) -> None:
        headers = {"Authorization": f"Bearer {self.token}"}
        self.http = httpx.Client(base_url=self.server.url, headers=headers, timeout=60)

    @property
    def hf(self) -> HfApi:
        return self.server.api(self.token)

    @property
    def api(self) -> str:
        """Where the repository's API is."""
        return f"/api/models/{self.repo_id}"

    def stranger(self) -> httpx.Client:
        return httpx.Client(base_url=self.server.url, timeout=60)

    def commit(
        self, contents: Mapping[str, bytes], *, rev: str = "main", message: str = "change"
    ) -> str:
        """Commit files by hand; gives the new commit's id."""
        answer = self.post_commit(*(file_line(p, c) for p, c in contents.items()), rev=rev,
                                  header={"summary": message})  # fmt: skip
        assert answer.status_code == 200, answer.text
        oid: str = answer.json()["commitOid"]
        return oid

    def post_commit(
        self, *lines: Any, rev: str = "main", header: dict[str, Any] | None = None
    ) -> httpx.Response:
        first = {"key": "header", "value": header or {"summary": "change"}}
        body = b"\n".join(orjson.dumps(line) for line in (first, *lines))
        kind = {"Content-Type": "application/x-ndjson"}
        return self.http.post(f"{self.api}/commit/{rev}", content=body, headers=kind)

    def tip(self) -> str:
        """Where main is."""
        oid: str = self.http.get(f"{self.api}/commits/main").json()[0]["id"]
        return oid


@contextmanager
def host(server: LiveServer, *, private: bool = False) -> Iterator[Hosted]:
    """A new repository of a new user."""
    number = next(_numbers)
    token = server.user(f"user{number}")
    repo_id = f"user{number}/repo"
    server.api(token).create_repo(repo_id, private=private)
    hosted = Hosted(server, token, repo_id)
    with hosted.http:
        yield hosted


def file_line(path: str, content: bytes) -> dict[str, Any]:
    encoded = base64.b64encode(content).decode()
    return {"key": "file", "value": {"path": path, "content": encoded, "encoding": "base64"}}


def line(key: str, **value: Any) -> dict[str, Any]:
    return {"key": key, "value": value}
