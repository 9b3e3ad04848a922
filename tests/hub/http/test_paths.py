"""Addresses become values, and what cannot be read is refused."""

from __future__ import annotations

from typing import Any

import fastapi
import httpx
import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st
from starlette.types import Receive, Scope, Send

from paddock.hub.http.paths import BadAddress, decode_text, encode_path, encode_segment
from paddock.hub.types import Kind
from paddock.web import errors


@pytest.fixture(scope="module")
def client() -> TestClient:
    """Two routes over the raw path, as the web gives it to routing."""
    routes = fastapi.FastAPI()
    errors.install(routes)

    @routes.get("/{kind:kind_prefix}{ns:segment}/{name:segment}/resolve/{rev:revision}/{path:rest}")
    def resolve(kind: Kind, ns: str, name: str, rev: str, path: str) -> list[str]:
        return [kind, ns, name, rev, path]

    @routes.get("/api/{kind:kind}/{ns:segment}/{name:segment}/tree/{rev:segment}/{path:rest}")
    def tree(kind: Kind, ns: str, name: str, rev: str, path: str) -> list[str]:
        return [kind, ns, name, rev, path]

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            scope["path"] = scope["raw_path"].decode("latin-1")
        await routes(scope, receive, send)

    return TestClient(app)


@pytest.mark.parametrize(
    ("address", "parts"),
    [
        ("/n/r/resolve/main/a/b", ["model", "n", "r", "main", "a/b"]),
        ("/n/r/resolve/main/a%2Fb", ["model", "n", "r", "main", "a/b"]),
        ("/datasets/n/r/resolve/main/a", ["dataset", "n", "r", "main", "a"]),
        ("/spaces/n/r/resolve/main/a", ["space", "n", "r", "main", "a"]),
        ("/n/r/resolve/refs/pr/1/a/b", ["model", "n", "r", "refs/pr/1", "a/b"]),
        ("/n/r/resolve/refs%2Fpr%2F1/a/b", ["model", "n", "r", "refs/pr/1", "a/b"]),
        ("/n/r/resolve/refs/convert/parquet/a", ["model", "n", "r", "refs/convert/parquet", "a"]),
        ("/n/r/resolve/feature%2Fx/a", ["model", "n", "r", "feature/x", "a"]),
        ("/n/r/resolve/main/%C3%A9%20%25%2e", ["model", "n", "r", "main", "é %."]),
        ("/n/r/resolve/main/a+b", ["model", "n", "r", "main", "a+b"]),
        ("/n/r/resolve/main/", ["model", "n", "r", "main", ""]),
        ("/n/r/resolve/main/a%252Fb", ["model", "n", "r", "main", "a%2Fb"]),
        ("/api/datasets/n/r/tree/a%2Fb/c%2Fd", ["dataset", "n", "r", "a/b", "c/d"]),
    ],
)
def test_an_address_is_split_before_it_is_decoded(
    client: TestClient, address: str, parts: list[str]
) -> None:
    assert client.get(address).json() == parts


@pytest.mark.parametrize(
    "raw", ["%ff", "a%00b", "%c3", "%ed%a0%80", "%C0%AF", "%", "%zz"]
)  # the last two are text: a stray percent sign stands for itself
def test_what_is_no_text_is_refused(client: TestClient, raw: str) -> None:
    answer: httpx.Response = client.get(f"/n/r/resolve/main/{raw}")
    if raw in {"%", "%zz"}:
        assert answer.json()[-1] == raw
    else:
        assert answer.status_code == 400
        assert "address" in answer.json()["error"]


@pytest.mark.parametrize("address", ["/api/papers/n/r/tree/main/x", "/api/model/n/r/tree/main/x"])
def test_other_kinds_are_not_found(client: TestClient, address: str) -> None:
    assert client.get(address).status_code == 404


@given(st.text(alphabet=st.characters(exclude_characters="\0", exclude_categories=["Cs"])))
def test_what_is_encoded_is_decoded(text: str) -> None:
    assert decode_text(encode_segment(text)) == text
    assert decode_text(encode_path(text)) == text
    assert "/" not in encode_segment(text)


@given(st.binary())
def test_any_bytes_are_text_or_refused(raw: bytes) -> None:
    quoted: Any = "".join(f"%{byte:02x}" for byte in raw)
    try:
        assert decode_text(quoted) == raw.decode()
    except BadAddress:
        assert b"\0" in raw or not _is_utf8(raw)


def _is_utf8(raw: bytes) -> bool:
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True
