"""Who is given a Xet token, for which revision, and what it is then good for."""

from __future__ import annotations

import itertools
import os
import re
import time

import httpx
import pytest

from tests.hub.xet.messages import Xorb, shard, whole_file
from tests.live import LiveServer

_numbers = itertools.count()


def _get(
    server: LiveServer, name: str, token: str | None, what: str = "read", rev: str = "main"
) -> httpx.Response:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    address = f"{server.url}/api/models/{name}/xet-{what}-token/{rev}"
    return httpx.get(address, headers=headers)


@pytest.fixture
def name(shared_server: LiveServer) -> str:
    made = f"alice/t{next(_numbers)}"
    shared_server.api(shared_server.user("alice")).create_repo(made)
    return made


@pytest.fixture
def private(shared_server: LiveServer) -> str:
    made = f"alice/t{next(_numbers)}"
    shared_server.api(shared_server.user("alice")).create_repo(made, private=True)
    return made


def test_the_answer_comes_as_json_and_as_headers(shared_server: LiveServer, name: str) -> None:
    answer = _get(shared_server, name, shared_server.user("alice"), "write")
    told = answer.json()
    assert re.fullmatch(re.escape(shared_server.url) + "/xet/hub-[0-9a-f]{16}", told["casUrl"])
    assert 15 * 60 <= told["exp"] - time.time() <= 60 * 60
    assert answer.headers["X-Xet-Cas-Url"] == told["casUrl"]
    assert answer.headers["X-Xet-Access-Token"] == told["accessToken"]
    assert answer.headers["X-Xet-Token-Expiration"] == str(told["exp"])


def test_no_two_hubs_are_taken_for_one_another(
    server: LiveServer, shared_server: LiveServer, name: str
) -> None:
    # Clients remember under the whole address which xorbs a CAS holds; a hub that is made anew on
    # the same host and port holds none of them.
    server.api(server.admin_token).create_repo("boss/other")
    others = _get(server, "boss/other", server.admin_token).json()["casUrl"]
    told = _get(shared_server, name, shared_server.user("alice")).json()
    assert others.removeprefix(server.url) != told["casUrl"].removeprefix(shared_server.url)
    again = _get(shared_server, name, shared_server.user("alice")).json()
    assert again["casUrl"] == told["casUrl"]
    # Nor is what one account was told known to another one on the same machine.
    bobs = _get(shared_server, name, shared_server.user("bob")).json()["casUrl"]
    assert bobs != told["casUrl"]
    bearer = {"Authorization": f"Bearer {told['accessToken']}"}
    asked = httpx.get(f"{told['casUrl']}/v2/reconstructions/{'0' * 64}", headers=bearer)
    assert (asked.status_code, "hub" in asked.json()["error"]) == (404, False)


def test_reading_is_for_those_who_may_read(
    shared_server: LiveServer, name: str, private: str
) -> None:
    alice, bob = shared_server.user("alice"), shared_server.user("bob")
    for repo, token, status in [
        (name, None, 200),
        (name, bob, 200),
        (private, alice, 200),
        (private, bob, 404),
        (private, None, 401),
        ("alice/none", bob, 404),
        (name, "hf_wrong", 401),
    ]:
        assert _get(shared_server, repo, token).status_code == status, (repo, token)


def test_writing_is_for_those_who_may_write(
    shared_server: LiveServer, name: str, private: str
) -> None:
    alice, bob = shared_server.user("alice"), shared_server.user("bob")
    only_reads = shared_server.user("alice", role="read")
    for repo, token, status in [
        (name, alice, 200),
        (name, only_reads, 403),
        (name, bob, 403),
        (name, None, 401),
        (private, bob, 404),
    ]:
        assert _get(shared_server, repo, token, "write").status_code == status, (repo, token)


def test_a_gated_repository_gives_read_tokens_to_those_who_were_let_in(
    shared_server: LiveServer, name: str
) -> None:
    alice, bob = shared_server.user("alice"), shared_server.user("bob")
    shared_server.api(alice).update_repo_settings(name, gated="manual")
    for token, status in [(alice, 200), (bob, 403), (None, 401)]:
        answer = _get(shared_server, name, token)
        assert answer.status_code == status
        if status != 200:
            assert answer.headers["X-Error-Code"] == "GatedRepo"


def test_the_revision_must_exist(shared_server: LiveServer, name: str) -> None:
    alice = shared_server.user("alice")
    oid = shared_server.api(alice).repo_info(name).sha
    assert oid
    assert _get(shared_server, name, alice, rev=oid).status_code == 200
    assert _get(shared_server, name, alice, rev="refs%2Fheads%2Fmain").status_code == 200
    for what in ("read", "write"):
        answer = _get(shared_server, name, alice, what, rev="nowhere")
        assert answer.status_code == 404
        assert answer.headers["X-Error-Code"] == "RevisionNotFound"


def _works(server: LiveServer, grant: dict[str, str]) -> int:
    """What a call with the token comes to; 404 of the file itself is a call that went through."""
    bearer = {"Authorization": f"Bearer {grant['accessToken']}"}
    answer = httpx.get(f"{server.url}/xet/v1/reconstructions?file_id={'0' * 64}", headers=bearer)
    return answer.status_code


def test_a_token_ends_with_the_branch_or_tag_that_it_is_for(
    shared_server: LiveServer, name: str
) -> None:
    alice = shared_server.user("alice")
    api = shared_server.api(alice)
    api.create_branch(name, branch="dev")
    api.create_tag(name, tag="v1")
    oid = api.repo_info(name).sha
    grants = {
        (what, rev): _get(shared_server, name, alice, what, rev=rev).json()
        for what in ("read", "write")
        for rev in ("dev", "v1", "main", oid or "")
        if (what, rev) != ("write", "v1")
    }
    assert {_works(shared_server, grant) for grant in grants.values()} == {200}
    api.delete_branch(name, branch="dev")
    api.delete_tag(name, tag="v1")
    for (what, rev), grant in grants.items():
        expected = 404 if rev in ("dev", "v1") else 200
        assert _works(shared_server, grant) == expected, (what, rev)


def test_a_token_for_a_pull_request_ends_when_that_is_over(
    shared_server: LiveServer, name: str
) -> None:
    alice, bob = shared_server.user("alice"), shared_server.user("bob")
    number = shared_server.api(bob).create_pull_request(name, title="Mine").num
    rev = f"refs%2Fpr%2F{number}"
    writes = _get(shared_server, name, bob, "write", rev=rev).json()
    reads = _get(shared_server, name, bob, rev=rev).json()
    assert (_works(shared_server, writes), _works(shared_server, reads)) == (200, 200)
    shared_server.api(alice).change_discussion_status(name, number, new_status="closed")
    assert _works(shared_server, writes) in (403, 409)
    assert _works(shared_server, reads) == 200  # what was proposed can still be read


def test_a_client_that_opens_a_pull_request_names_no_revision(
    shared_server: LiveServer, name: str
) -> None:
    answer = _get(shared_server, name, shared_server.user("alice"), "write", "None?create_pr=1")
    assert answer.status_code == 200


def test_a_token_is_good_for_its_own_repository_only(
    shared_server: LiveServer, name: str, private: str
) -> None:
    alice = shared_server.user("alice")
    xorb = Xorb([os.urandom(5000)])
    file = whole_file(xorb)
    write = _get(shared_server, private, alice, "write").json()
    bearer = {"Authorization": f"Bearer {write['accessToken']}"}
    cas = write["casUrl"]
    httpx.post(f"{cas}/v1/xorbs/default/{xorb.hash}", content=xorb.body, headers=bearer)
    httpx.post(f"{cas}/v1/shards", content=shard([file], [xorb]), headers=bearer)
    for repo, what, status in [
        (private, "read", 200),
        (private, "write", 200),
        (name, "read", 404),
        (name, "write", 404),
    ]:
        token = _get(shared_server, repo, alice, what).json()["accessToken"]
        answer = httpx.get(
            f"{cas}/v2/reconstructions/{file.hash}", headers={"Authorization": f"Bearer {token}"}
        )
        assert answer.status_code == status, (repo, what)


def test_an_access_token_of_the_hub_is_no_xet_token(shared_server: LiveServer) -> None:
    headers = {"Authorization": f"Bearer {shared_server.user('alice')}"}
    answer = httpx.post(f"{shared_server.url}/xet/v1/shards", content=b"", headers=headers)
    assert answer.status_code == 401
