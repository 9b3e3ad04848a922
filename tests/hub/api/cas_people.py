"""People who speak to the CAS, and its answers to chunk queries read as clients read them."""

from __future__ import annotations

import itertools
import os
import struct
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import httpx
from blake3 import blake3

from tests.hub.xet.messages import BOOKEND, TAG, File, Xorb, raw, shard, text, whole_file
from tests.live import LiveServer

_numbers = itertools.count()


@dataclass
class Person:
    """Somebody with an account and a repository; a write token does for queries, as in clients."""

    server: LiveServer
    name: str
    http: httpx.Client = field(init=False)

    def __post_init__(self) -> None:
        self.token = self.server.user(self.name)
        self.http = httpx.Client(base_url=self.server.url, timeout=30)

    def repo(self, *, private: bool = False, **settings: Any) -> str:
        made = f"{self.name}/q{next(_numbers)}"
        self.server.api(self.token).create_repo(made, private=private)
        if settings:
            self.server.api(self.token).update_repo_settings(made, **settings)
        return made

    def ask(self, repo: str, method: str, path: str, **sent: Any) -> httpx.Response:
        """A call to the CAS with a token of this repository."""
        bearer = {"Authorization": f"Bearer {self.token}"}
        kind = sent.pop("kind", "write")
        grant = self.http.get(f"/api/models/{repo}/xet-{kind}-token/main", headers=bearer).json()
        own = {"Authorization": f"Bearer {grant['accessToken']}", **sent.pop("headers", {})}
        return self.http.request(method, f"/xet{path}", headers=own, **sent)

    def send(self, repo: str, xorb: Xorb) -> httpx.Response:
        return self.ask(repo, "POST", f"/v1/xorbs/default/{xorb.hash}", content=xorb.body)

    def register(self, repo: str, *files: File, version: str = "v1") -> httpx.Response:
        return self.ask(repo, "POST", f"/{version}/shards", content=shard(list(files)))

    def upload(self, repo: str, xorb: Xorb) -> File:
        file = whole_file(xorb)
        assert self.send(repo, xorb).status_code == 200
        assert self.register(repo, file).json() == {"result": 1}
        return file

    def query(self, repo: str, chunk: bytes, **how: Any) -> httpx.Response:
        return self.ask(repo, "GET", f"/v1/chunks/default/{name_of(chunk)}", **how)


def two_people(server: LiveServer) -> tuple[Person, Person]:
    """An owner, and somebody who has nothing to do with them."""
    number = next(_numbers)
    return Person(server, f"owner{number}"), Person(server, f"other{number}")


class Told(NamedTuple):
    """A xorb of an answer, and the key of the answer."""

    xorb: bytes
    tags: list[bytes]
    sizes: list[int]
    key: bytes

    def recognises(self, chunk: bytes) -> list[int]:
        tag = blake3(raw(name_of(chunk)), key=self.key).digest()
        return [at for at, each in enumerate(self.tags) if each == tag]


def name_of(chunk: bytes) -> str:
    return text(Xorb([chunk]).raw_hash)  # of a single chunk, the tree's root is its own hash


def read_told(answer: httpx.Response) -> list[Told]:
    """The xorbs of an answer, read as clients read it: by the footer's offsets."""
    body = answer.content
    tag, version, footer_bytes = struct.unpack_from("<32sQQ", body)
    assert (tag, version, footer_bytes) == (TAG, 2, 200)
    footer = struct.unpack_from("<9Q32sQQ48xQQQQ", body, len(body) - 200)
    _, files_at, at, end, *counts = footer[:9]
    key, made, expiry, at_footer = footer[9], footer[10], footer[11], footer[15]
    assert body[files_at:at] == BOOKEND
    assert (end, counts[0::2], at_footer) == (len(body) - 200, [0, 0, 0], len(body) - 200)
    assert expiry - made == 24 * 3600
    told = []
    while body[at : at + 48] != BOOKEND:
        xorb, _, count, unpacked, _ = struct.unpack_from("<32sIIII", body, at)
        rows = list(struct.iter_unpack("<32sIIII", body[at + 48 : at + 48 * (count + 1)]))
        assert sum(row[2] for row in rows) == unpacked
        assert [row[1] for row in rows] == [sum(r[2] for r in rows[:i]) for i in range(count)]
        told.append(Told(xorb, [row[0] for row in rows], [row[2] for row in rows], key))
        at += 48 * (count + 1)
    assert at + 48 == end
    return told


def random_chunks(*sizes: int) -> list[bytes]:
    return [os.urandom(size) for size in sizes]


# These say when, and how often one has asked: other callers' answers do not change them.
_OF_THE_CALL = {"date", "x-request-id", "ratelimit", "ratelimit-policy"}


def are_same(one: httpx.Response, other: httpx.Response) -> bool:
    """Whether two answers cannot be told apart."""
    left, right = (
        (
            answer.status_code,
            {k: v for k, v in answer.headers.items() if k not in _OF_THE_CALL},
            answer.content,
        )
        for answer in (one, other)
    )
    assert left == right
    return True
