"""Every route against what no honest client sends: no failure of ours, always a clear answer."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator

import httpx
import pytest
from fastapi import APIRouter

from paddock.hub.api import routers
from tests.live import LiveServer

REQUESTS_PER_SEED = 700

HONEST = {"ns": "boss", "namespace": "boss", "name": "x", "rev": "main", "path": "a.txt"}
SEGMENTS = [
    "boss", "x", "main", "v1", "a%2Fb", "..", "%2e%2e", "%00", "%0a", "%ff", "%F0%9F%98%80",
    "refs%2Fpr%2F1", "refs%2Fheads%2Fmain", "HEAD", "None", "a" * 300, "%25", ".git", "x.git", "*",
    "%5c", "0" * 40, "abcde",
]  # fmt: skip
QUERIES = [
    "", "?limit=-1", "?limit=abc", "?limit=99999999999999999999", "?cursor=zzz", "?cursor=%00",
    "?expand=nope", "?expand[]=sha", "?recursive=maybe", "?p=-1", "?p=99999999999", "?search=%00",
    "?sort=x&direction=9", "?filter=%ff", "?num_parameters=min:zz", "?author=%00", "?create_pr=1",
    "?sort=downloads&limit=1&cursor=eyJ9", "?blobs=true&securityStatus=1",
]  # fmt: skip
BODIES = [
    b"", b"{}", b"[]", b"null", b'"x"', b"1e999", b"\xff\xfe", b"{" * 1000, b"[" * 100_000,
    b"\x00" * 2000, b'{"name":"\\u0000"}', b'{"name":"a\\ud800b"}', b'{"files":[{}]}',
    b'{"files":[{"path":"\\ud800","size":-1,"sample":"!!"}]}',
    b'{"files":[{"path":"a","size":1e400,"sample":""}]}',
    b'{"key":"header","value":{}}\n',
    b'{"key":"header","value":{"summary":"x\\ud800"}}\n'
    b'{"key":"file","value":{"path":"a","content":"YQ==","encoding":"base64"}}\n',
    b'{"key":"header","value":{"summary":"x"}}\n'
    b'{"key":"lfsFile","value":{"path":"a","algo":"sha256","oid":"zz","size":-3}}\n',
    b'{"operation":"upload","objects":[{"oid":"a","size":-1}]}',
    b'{"operation":"download","objects":[{"oid":"' + b"a" * 64 + b'","size":1' + b"0" * 40 + b"}]}",
    b'{"operation":"upload","transfers":["multipart"],"objects":[{"oid":"' + b"a" * 64
    + b'","size":9223372036854775808}]}',
    b'{"paths":["a","\\u0000","../x"],"expand":true}', b"paths=a&paths=%00&expand=true",
    b'{"tag":"a..b"}', b'{"tag":"v9","message":"\\ud800"}', b'{"startingPoint":"\\u0000"}',
    b'{"content":"---\\n&a [*a]\\n---","repoType":"model"}',
    b'{"content":"---\\na: !!python/object/apply:os.system [x]\\n---"}', b'{"private":"yes"}',
    b'{"fromRepo":"boss/x","toRepo":"boss/x/y"}', b'{"gated":true}',
]  # fmt: skip
TYPES = [
    "application/json", "application/x-ndjson", "application/x-www-form-urlencoded", "text/plain",
    "application/octet-stream", "application/vnd.git-lfs+json", "multipart/form-data; boundary=x",
]  # fmt: skip
# git shows a person what it is told in plain text, and nothing of JSON.
FOR_GIT = ("/info/refs", "/git-upload-pack", "/git-receive-pack")
RANGES = ["bytes=0-0", "bytes=-0", "bytes=9-1", "bytes=0-1,3-4", "bytes=abc", "bytes=9" * 9 + "-"]
CREDENTIALS = ["Bearer x", "Basic !!", "Basic YTpi", "Nonsense", "Bearer"]


def every_route() -> list[tuple[str, str]]:
    def walk(router: APIRouter, prefix: str = "") -> Iterator[tuple[str, str]]:
        for route in router.routes:
            if nested := getattr(route, "original_router", None):
                yield from walk(nested, prefix + route.include_context.prefix)
            else:
                yield from ((method, prefix + route.path) for method in sorted(route.methods))

    return [found for router in routers() for found in walk(router)]


class Attacker:
    """Makes one hostile request after another, the same ones for the same seed."""

    def __init__(self, server: LiveServer, seed: int) -> None:
        self.rng = random.Random(seed)
        self.server = server
        self.routes = every_route()

    def request(self) -> httpx.Request:
        rng = self.rng
        method, path = rng.choice(self.routes)
        address = re.sub(r"\{(\w+)(?::(\w+))?\}", self._parameter, path)
        headers = {"content-type": rng.choice(TYPES)}
        if rng.random() < 0.7:
            token = f"Bearer {self.server.admin_token}"
            headers["authorization"] = token if rng.random() < 0.85 else rng.choice(CREDENTIALS)
        if rng.random() < 0.2:
            headers["range"] = rng.choice(RANGES)
        body = None if method in {"GET", "HEAD"} else rng.choice(BODIES)
        url = self.server.url + address + rng.choice(QUERIES)
        return httpx.Request(method, url, headers=headers, content=body)

    def _parameter(self, found: re.Match[str]) -> str:
        name, convertor = found[1], found[2]
        if convertor == "kind":
            return self.rng.choice(["models", "models", "datasets", "spaces"])
        if convertor == "kind_prefix":
            return self.rng.choice(["", "", "datasets/"])
        if self.rng.random() < 0.7 and name in HONEST:
            return HONEST[name]
        return self.rng.choice(SEGMENTS)


@pytest.mark.parametrize("seed", range(3))
def test_no_request_makes_the_server_fail(server: LiveServer, seed: int) -> None:
    api = server.admin_api
    api.create_repo("boss/x")
    api.upload_file(path_or_fileobj=b"hi", path_in_repo="a.txt", repo_id="boss/x")
    attacker = Attacker(server, seed)
    with httpx.Client(timeout=20) as client:
        for _ in range(REQUESTS_PER_SEED):
            request = attacker.request()
            answer = client.send(request)
            told = f"{request.method} {request.url} {request.content[:200]!r}: {answer.text[:300]}"
            assert answer.status_code < 500 or answer.status_code == 501, told
            assert answer.headers["X-Request-Id"], told
            if answer.status_code >= 400 and answer.status_code != 416:
                in_plain_text = request.url.path.endswith(FOR_GIT)
                assert request.method == "HEAD" or in_plain_text or answer.json(), told
                if not request.url.path.endswith(("/api/validate-yaml", "/locks/verify")):
                    assert answer.headers.get("X-Error-Message"), told
    assert httpx.get(f"{server.url}/readyz").status_code == 200
