"""What accounts say of themselves, and their pictures."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

from tests.hub.http_calls import call
from tests.live import LiveServer

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 50


def test_a_user_says_something_of_themselves(shared_server: LiveServer) -> None:
    token = shared_server.user("pat")
    said = {"fullname": "Pat  P.", "details": "I make\nmodels", "website": "https://pat.example"}
    path = "/api/settings/profile"
    answer = call(shared_server, "PATCH", path, token, json=said)
    assert answer.json() == {**said, "fullname": "Pat P.", "github": None}
    overview = shared_server.api().get_user_overview("pat")
    assert (overview.fullname, overview.details) == ("Pat P.", "I make\nmodels")
    call(shared_server, "PATCH", path, token, json={"details": None, "github": "pat-p"})
    now = call(shared_server, "GET", path, token).json()
    assert (now["details"], now["github"], now["website"]) == (None, "pat-p", "https://pat.example")


def test_an_organisation_says_something_of_itself(shared_server: LiveServer) -> None:
    token = shared_server.user("pia")
    shared_server.org("pia-lab", "pia")
    path = "/api/organizations/pia-lab/settings/profile"
    call(shared_server, "PATCH", path, token, json={"fullname": "Pia's", "details": "small"})
    overview = shared_server.api().get_organization_overview("pia-lab")
    assert (overview.fullname, overview.details) == ("Pia's", "small")


@pytest.mark.parametrize(
    "said",
    [
        {"website": "javascript:alert(1)"}, {"website": "https://"}, {"website": "http://a b"},
        {"website": "https://[x"}, {"github": "a/b"}, {"details": "x" * 1001},
        {"fullname": "a\x00b"}, {"fullname": "\x1b[1m"}, {"details": 1}, {"fullname": "x" * 201},
    ],
)  # fmt: skip
def test_what_cannot_be_said_is_refused(shared_server: LiveServer, said: dict[str, object]) -> None:
    token = shared_server.user("pit")
    assert (
        call(shared_server, "PATCH", "/api/settings/profile", token, json=said).status_code == 400
    )
    assert call(shared_server, "PATCH", "/api/settings/profile", json={}).status_code == 401


def test_every_account_has_a_picture_of_its_own(shared_server: LiveServer) -> None:
    shapes = set()
    for name in ("pam", "pol"):
        shared_server.user(name)
        path = shared_server.api().get_user_overview(name).avatar_url
        drawn = call(shared_server, "GET", path)
        assert drawn.headers["content-type"] == "image/svg+xml"
        assert "sandbox" in drawn.headers["content-security-policy"]
        assert {child.tag.rpartition("}")[2] for child in ET.fromstring(drawn.text)} == {
            "rect", "path",
        }  # fmt: skip
        assert call(shared_server, "GET", path).content == drawn.content
        shapes.add(drawn.text)
        again = {"If-None-Match": drawn.headers["etag"]}
        assert call(shared_server, "GET", path, headers=again).status_code == 304
    assert len(shapes) == 2
    for path in ("/avatars/nobody", "/avatars/%00", f"/avatars/{'0' * 24}"):
        assert call(shared_server, "GET", path).status_code in {400, 404}


def test_a_picture_is_uploaded_and_removed(shared_server: LiveServer) -> None:
    token = shared_server.user("pip")
    where = call(shared_server, "PUT", "/api/settings/avatar", token, content=PNG).json()
    shown = call(shared_server, "GET", where["avatarUrl"])
    assert (shown.content, shown.headers["content-type"]) == (PNG, "image/png")
    assert call(shared_server, "GET", "/api/users/pip/avatar").json() == where
    image = {"Sec-Fetch-Dest": "image"}
    sent = call(shared_server, "GET", "/api/users/pip/avatar", headers=image)
    assert (sent.status_code, sent.headers["location"]) == (302, where["avatarUrl"])
    call(shared_server, "DELETE", "/api/settings/avatar", token)
    assert (
        call(shared_server, "GET", where["avatarUrl"]).headers["content-type"].endswith("svg+xml")
    )


@pytest.mark.parametrize("content", [b"", b"<svg/>", b"<html>", b"GIF8", PNG + b"\0" * 1_000_001])
def test_what_is_no_picture_is_refused(shared_server: LiveServer, content: bytes) -> None:
    token = shared_server.user("pop")
    answer = call(shared_server, "PUT", "/api/settings/avatar", token, content=content)
    assert answer.status_code in {400, 413}
