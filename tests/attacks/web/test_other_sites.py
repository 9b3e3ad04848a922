"""What other sites' pages, and people on the way, try with somebody's browser."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
import pytest

from paddock.hub.people.accounts import create_user, find_account
from paddock.hub.sessions.sessions import (
    form_key,
    start_session,
)
from paddock.web.browser import own_path
from tests.hub.oauth.people import PASSWORD, Person
from tests.live import LiveServer
from tests.web.access_world import address
from tests.web.routes import Route, every_route

NAMED = {
    "namespace": "ada", "name": "own", "rev": "main", "path": "README.md", "num": "1",
    "account": "ada", "slug": "ada/list-" + "0" * 24,
}  # fmt: skip
ELSEWHERE = "https://elsewhere.example"
TRICKS = [
    "//elsewhere.example", "///elsewhere.example", "////elsewhere.example",
    "/\\elsewhere.example", "\\\\elsewhere.example", "/\\/elsewhere.example",
    "\\/elsewhere.example", "/\t/elsewhere.example", "/\n/elsewhere.example",
    "\t//elsewhere.example", " //elsewhere.example", "/ /elsewhere.example",
    "https://elsewhere.example", "HTTPS://elsewhere.example", "https:elsewhere.example",
    "https:/elsewhere.example", "https:///elsewhere.example", "http:elsewhere.example",
    "javascript:alert(1)", "JaVaScRiPt:alert(1)", "java\tscript:alert(1)",
    "\u0001javascript:alert(1)", "data:text/html,x", "vbscript:x", "blob:x", "file:///etc/passwd",
    "ftp://elsewhere.example", "//elsewhere.example/%2f..", "//elsewhere.example\\@127.0.0.1",
    "//127.0.0.1@elsewhere.example", "https://127.0.0.1@elsewhere.example",
    "//elsewhere.example#/", "//elsewhere.example?/", "/.//elsewhere.example/..//", "//[::1]/",
    "//0x7f.1/", "//%65lsewhere.example", "//\u3002example", "elsewhere.example",
    "?next=//elsewhere.example", "/%0d%0aLocation:%20https://elsewhere.example",
    "/\r\nSet-Cookie: a=b", "/x\r\n\r\n<script>", "/" + "a" * 5000,
]  # fmt: skip


@pytest.fixture(scope="module")
def secret(shared_server: LiveServer) -> str:
    """Ada's session; she has a repository."""
    api = shared_server.api(shared_server.user("ada"))
    api.create_repo("ada/own")
    api.upload_file(
        path_or_fileobj=b"---\nlicense: mit\n---\n# Own",
        path_in_repo="README.md",
        repo_id="ada/own",
    )
    api.create_discussion("ada/own", "A question")
    with shared_server.hub.database.write() as conn:
        ada = find_account(conn, "ada")
        assert ada is not None
        return start_session(conn, ada)


@pytest.fixture
def client(shared_server: LiveServer) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=shared_server.url, timeout=60) as made:
        yield made


def forms() -> list[Route]:
    found = [r for r in every_route() if r.is_page and r.method not in {"GET", "HEAD"}]
    assert len(found) > 30
    return found


def send(client: httpx.Client, route: Route, secret: str, **headers: str) -> httpx.Response:
    cookies = {"Cookie": f"paddock_session={secret}"}
    fields = {"form_key": form_key(secret)} if "sec-fetch-site" in headers else {}
    fields = {"form_key": form_key(secret)} if "origin" in headers else fields
    fields |= {"title": "t", "text": "x", "name": "x", "decision": "allow", "status": "accepted"}
    path = address(route.raw, NAMED)
    return client.request(route.method, path, data=fields, headers={**cookies, **headers})


@pytest.mark.parametrize(
    "headers",
    [
        {},  # a form of nobody knows whom, without the key
        {"origin": ELSEWHERE},  # even with the key
        {"origin": "null"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
def test_no_form_is_taken_that_our_page_did_not_show(
    client: httpx.Client, secret: str, headers: dict[str, str]
) -> None:
    taken = []
    for route in forms():
        answer = send(client, route, secret, **headers)
        is_unread = answer.status_code == 400  # of the form not even the key was looked at
        if not is_unread and "did not come from this hub" not in answer.text:
            taken.append(f"{route.method} {route.path}: {answer.status_code}")
    assert not taken, "\n".join(taken)


def test_the_cookie_alone_changes_nothing_by_the_api(client: httpx.Client, secret: str) -> None:
    key = form_key(secret)
    for headers in (
        {},
        {"x-paddock-form": "0" * 64},
        {"x-paddock-form": key, "origin": ELSEWHERE},
        {"x-paddock-form": key, "sec-fetch-site": "cross-site"},
        {"x-paddock-form": key, "sec-fetch-site": "same-site"},
    ):
        sent = {"Cookie": f"paddock_session={secret}", **headers}
        done = client.post("/api/repos/create", json={"name": "taken"}, headers=sent)
        assert done.status_code in {401, 403}, headers
    sent = {"Cookie": f"paddock_session={secret}", "x-paddock-form": key}
    assert client.post("/api/repos/create", json={"name": "mine"}, headers=sent).is_success


def test_no_page_stands_in_a_frame_or_asks_anybody_else(client: httpx.Client, secret: str) -> None:
    pages = [route for route in every_route() if route.is_page and route.method == "GET"]
    seen = 0
    for route in pages:
        headers = {"Cookie": f"paddock_session={secret}", "Accept": "text/html"}
        answer = client.get(address(route.raw, NAMED), headers=headers)
        if not answer.headers.get("content-type", "").startswith("text/html"):
            continue
        seen += 1
        policy = dict(part.strip().partition(" ")[::2]
                      for part in answer.headers["content-security-policy"].split(";"))  # fmt: skip
        assert policy["frame-ancestors"] == "'none'", route.path
        assert policy["default-src"] == policy["base-uri"] == "'none'", route.path
        assert "unsafe" not in policy.get("script-src", "") + policy["style-src"], route.path
        assert "http" not in answer.headers["content-security-policy"], route.path
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "same-origin"
    assert seen > 40


def test_nobody_is_sent_elsewhere_after_signing_in(shared_server: LiveServer) -> None:
    assert [trick for trick in TRICKS if own_path(trick) != "/" and not harmless(trick)] == []
    with shared_server.hub.database.write() as conn:
        create_user(conn, "redirected", password=PASSWORD)
    answer = Person(shared_server, "redirected").sign_in(next=TRICKS[0])
    assert answer.headers["location"] == "/"


def harmless(trick: str) -> bool:
    """Whether it is a path of this host to a browser, whatever it looks like."""
    return trick.startswith(("/ /", "/.//", "/%0d"))


def test_no_other_parameter_sends_anybody_elsewhere(
    client: httpx.Client, secret: str, shared_server: LiveServer
) -> None:
    headers = {"Cookie": f"paddock_session={secret}"}
    names = ("next", "back", "return", "return_to", "redirect", "url", "to", "from", "continue")
    for path in ("/login", "/join", "/terms", "/settings", "/settings/profile", "/", "/ada/own"):
        for trick in TRICKS:
            asked = httpx.URL(path, params=dict.fromkeys(names, trick))
            for sent in ({}, headers):
                answer = client.get(asked, headers=sent)
                assert answer.status_code < 500, (path, trick)
                stays_here(answer, shared_server, trick)


def stays_here(answer: httpx.Response, server: LiveServer, trick: str) -> None:
    leads_to = answer.headers.get("location", "/")
    resolved = urlsplit(str(httpx.URL(server.url).join(leads_to)))
    assert leads_to.startswith("/"), (trick, leads_to)
    assert not leads_to.startswith(("//", "/\\")), (trick, leads_to)
    assert resolved.netloc == urlsplit(server.url).netloc, (trick, leads_to)
    assert not {"a", "b"} & answer.cookies.keys()


def test_a_session_that_somebody_else_chose_is_never_taken_over(
    shared_server: LiveServer,
) -> None:
    with shared_server.hub.database.write() as conn:
        create_user(conn, "victim", password=PASSWORD)
    for chosen in ("hf_session_chosen",):
        victim = Person(shared_server, "victim")
        victim.browser.cookies.set("paddock_session", chosen)
        victim.browser.cookies.set("paddock_form", chosen)
        victim.sign_in()
        got = [c.value for c in victim.browser.cookies.jar if c.name == "paddock_session"]
        assert any(value != chosen for value in got)
        headers = {"Cookie": f"paddock_session={chosen}; paddock_form={chosen}"}
        with httpx.Client(base_url=shared_server.url, headers=headers) as mallory:
            assert mallory.get("/settings/password").status_code in {303, 401}


@pytest.mark.parametrize(
    "path",
    [
        "/login?next=/%0d%0aSet-Cookie:%20a=b",
        "/ada/own/tree/main%0d%0aSet-Cookie:%20a=b",
        "/ada/own/resolve/main/README.md%0d%0aSet-Cookie:%20a=b",
        "/search?q=%0d%0aSet-Cookie:%20a=b",
        "/models?search=%0d%0aSet-Cookie:%20a=b",
        "/%0d%0aSet-Cookie:%20a=b",
        "/settings/profile%0d%0aSet-Cookie:%20a=b",
    ],
)
def test_no_line_of_an_address_becomes_a_header(client: httpx.Client, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code < 500
    assert "a=b" not in answer.headers.get("set-cookie", "")
    assert all("\n" not in value for value in answer.headers.values())
