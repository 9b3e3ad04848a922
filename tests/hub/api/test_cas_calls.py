"""Calls of the CAS that few clients make: probes, several files at once, telemetry."""

from __future__ import annotations

import httpx
import pytest

from tests.hub.api.cas_people import (
    Person,
    random_chunks,
)
from tests.hub.xet.messages import Xorb
from tests.live import LiveServer


def test_files_and_xorbs_can_be_probed_by_who_has_them(strangers: tuple[Person, Person]) -> None:
    owner, other = strangers
    xorb = Xorb(random_chunks(9000, 100))
    source = owner.repo(private=True)
    file = owner.upload(source, xorb)
    for path, size in (
        (f"/v1/files/{file.hash}", 9100),
        (f"/v1/xorbs/default/{xorb.hash}", len(xorb.body)),
    ):
        answer = owner.ask(source, "HEAD", path, kind="read")
        assert (answer.status_code, answer.headers["Content-Length"]) == (200, str(size))
        assert other.ask(other.repo(), "HEAD", path).status_code == 404


def test_several_files_are_reconstructed_at_once(strangers: tuple[Person, Person]) -> None:
    owner, _ = strangers
    source = owner.repo()
    xorbs = [Xorb(random_chunks(900, 100)), Xorb(random_chunks(50))]
    files = [owner.upload(source, xorb) for xorb in xorbs]
    asked = [*(file.hash for file in files), "0" * 63 + "1"]
    query = "&".join(f"file_id={each}" for each in asked)
    got = owner.ask(source, "GET", f"/v1/reconstructions?{query}").json()
    assert sorted(got["files"]) == sorted(file.hash for file in files)
    for file, xorb in zip(files, xorbs, strict=True):
        assert got["files"][file.hash][0]["hash"] == xorb.hash
        (fetch,) = got["fetch_info"][xorb.hash]
        last = fetch["url_range"]["end"]
        body = httpx.get(fetch["url"], headers={"Range": f"bytes=0-{last}"}).content
        assert body == xorb.body
    posted = owner.ask(source, "POST", "/v1/reconstructions", json=asked).json()
    assert posted["files"] == got["files"]


@pytest.mark.parametrize("body", [b"", b"{", b"{}", b"[1]", b"[null]", b'"a"'])
def test_a_batch_that_is_no_list_of_files_is_refused(
    strangers: tuple[Person, Person], body: bytes
) -> None:
    owner, _ = strangers
    assert owner.ask(owner.repo(), "POST", "/v1/reconstructions", content=body).status_code == 400


def test_a_batch_of_too_many_files_is_refused(strangers: tuple[Person, Person]) -> None:
    owner, _ = strangers
    wanted = [f"{number:064x}" for number in range(257)]
    answer = owner.ask(owner.repo(), "POST", "/v1/reconstructions", json=wanted)
    assert answer.status_code == 400 and "256" in answer.json()["error"]


def test_telemetry_is_taken_and_kept_nowhere(shared_server: LiveServer) -> None:
    for path in ("/v1/telemetry", "/xet/v1/telemetry", f"/xet/hub-{'0' * 16}/v1/telemetry"):
        assert httpx.post(shared_server.url + path, json={"x": 1}).status_code == 200
