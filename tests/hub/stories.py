"""What clients do with a hub, step by step, told so that any step may fail and all can be repeated.

A story raises ``Failed`` at the first answer that is no success, and ``AssertionError`` when the
hub claims what is not so. Whatever was acknowledged before is checked by whoever tells the story.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from typing import Any

import httpx

from tests.hub.api.hosted import Hosted, file_line, line
from tests.hub.xet.messages import Xorb, shard, whole_file

Story = Callable[[Hosted, str, bytes], None]

# What a hub may answer when its storage failed: try again, or there is no room.
HONEST = {502, 503, 507}


class Failed(Exception):
    """A step was not done: the status that said so, or None for a connection that broke."""

    def __init__(self, status: int | None, told: str) -> None:
        super().__init__(f"{status}: {told}")
        self.status = status


def by_lfs(hosted: Hosted, path: str, content: bytes) -> None:
    """One PUT, verified, committed, fetched."""
    actions = _batch(hosted, content, "basic")
    if actions:
        _ask("PUT", actions["upload"]["href"], content=content)
        _ask("POST", actions["verify"]["href"], json=_named(content))
    _commit_large(hosted, path, content)
    _fetch(hosted, path, content)


def by_parts(hosted: Hosted, path: str, content: bytes) -> None:
    """Parts, joined, committed, fetched."""
    actions = _batch(hosted, content, "multipart")
    if actions:
        header = dict(actions["upload"]["header"])
        step = int(header.pop("chunk_size"))
        parts = []
        for number in map(int, sorted(header)):
            piece = content[(number - 1) * step : number * step]
            put = _ask("PUT", header[f"{number:05d}"], content=piece)
            parts.append({"partNumber": number, "etag": put.headers["ETag"]})
        done = {"oid": _named(content)["oid"], "parts": parts}
        _ask("POST", actions["upload"]["href"], json=done)
    _commit_large(hosted, path, content)
    _fetch(hosted, path, content)


def by_xet(hosted: Hosted, path: str, content: bytes) -> None:
    """A xorb and a shard, committed, fetched whole and as a range."""
    xorb = Xorb([content[at : at + 60_000] for at in range(0, len(content), 60_000)])
    grant = _ask_hub(hosted, "GET", f"{hosted.api}/xet-write-token/main").json()
    headers = {"Authorization": f"Bearer {grant['accessToken']}"}
    cas = grant["casUrl"]
    _ask("POST", f"{cas}/v1/xorbs/default/{xorb.hash}", content=xorb.body, headers=headers)
    told = shard([whole_file(xorb)], [xorb])
    _ask("POST", f"{cas}/v1/shards", content=told, headers=headers)
    _commit_large(hosted, path, content)
    _fetch(hosted, path, content)
    part = _ask_hub(
        hosted, "GET", f"/{hosted.repo_id}/resolve/main/{path}", headers={"Range": "bytes=7-70006"}
    )
    assert part.content == content[7:70_007]


def by_commit(hosted: Hosted, path: str, content: bytes) -> None:
    """A file inside a commit, too large for its row, fetched."""
    answer = _told(lambda: hosted.post_commit(file_line(path, content)))
    assert answer.json()["commitOid"]
    _fetch(hosted, path, content)


STORIES: dict[str, Story] = {
    "lfs": by_lfs,
    "parts": by_parts,
    "xet": by_xet,
    "commit": by_commit,
}


def tell(story: Story, hosted: Hosted, content: bytes, path: str, *, tries: int = 3) -> int:
    """Tell the story until it ends well, as a patient client does; gives the tries that took.

    Every failure on the way must be one that asks for patience.
    """
    for done in range(1, tries + 1):
        try:
            story(hosted, path, content)
        except Failed as failure:
            assert failure.status is None or failure.status in HONEST, failure
        else:
            return done
    raise AssertionError(f"still failing after {tries} tries")


def new_content(size: int = 150_000) -> bytes:
    return os.urandom(size)


def _named(content: bytes) -> dict[str, Any]:
    return {"oid": hashlib.sha256(content).hexdigest(), "size": len(content)}


def _batch(hosted: Hosted, content: bytes, transfer: str) -> dict[str, Any]:
    asked = {"operation": "upload", "transfers": [transfer], "objects": [_named(content)]}
    url = f"/{hosted.repo_id}.git/info/lfs/objects/batch"
    (told,) = _ask_hub(hosted, "POST", url, json=asked).json()["objects"]
    actions: dict[str, Any] = told.get("actions", {})
    return actions


def _commit_large(hosted: Hosted, path: str, content: bytes) -> None:
    named = {"path": path, "algo": "sha256", **_named(content)}
    answer = _told(lambda: hosted.post_commit(line("lfsFile", **named)))
    assert answer.json()["commitOid"]


def _fetch(hosted: Hosted, path: str, content: bytes) -> None:
    got = _ask_hub(hosted, "GET", f"/{hosted.repo_id}/resolve/main/{path}")
    assert got.content == content, f"{len(got.content)} bytes, not the {len(content)} acknowledged"


def _ask_hub(hosted: Hosted, method: str, url: str, **sent: Any) -> httpx.Response:
    return _told(lambda: hosted.http.request(method, url, **sent))


def _ask(method: str, url: str, **sent: Any) -> httpx.Response:
    return _told(lambda: httpx.request(method, url, timeout=30, **sent))


def _told(ask: Callable[[], httpx.Response]) -> httpx.Response:
    try:
        answer = ask()
    except httpx.TransportError as error:
        raise Failed(None, repr(error)) from error
    if not answer.is_success:
        if answer.status_code >= 500:
            assert answer.json()["error"], "a failure without a sentence"
        raise Failed(answer.status_code, answer.text[:300])
    return answer
