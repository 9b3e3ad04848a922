"""Card validation over HTTP, and where it decides whether a README comes in."""

from __future__ import annotations

import httpx
import pytest
from huggingface_hub import ModelCard
from huggingface_hub.errors import BadRequestError

from tests.live import LiveServer


def ask(server: LiveServer, content: str, kind: str = "model", **headers: str) -> httpx.Response:
    body = {"content": content, "repoType": kind}
    return httpx.post(f"{server.url}/api/validate-yaml", json=body, headers=headers)


def test_a_good_card_passes_and_a_bare_one_is_warned_about(shared_server: LiveServer) -> None:
    good = ask(shared_server, "---\nlicense: mit\n---\n")
    assert (good.status_code, good.json()) == (200, {"errors": [], "warnings": []})
    bare = ask(shared_server, "# hello")
    assert bare.status_code == 200
    assert bare.json()["warnings"] == [{"message": "empty or missing yaml metadata in repo card"}]


def test_a_bad_card_is_a_bad_request_in_both_forms(shared_server: LiveServer) -> None:
    bad = ask(shared_server, "---\nlicense: nonsense\n---\n")
    assert bad.status_code == 400
    assert bad.json()["errors"][0]["message"].startswith('"license" must be one of [')
    assert bad.json()["warnings"] == []
    text = ask(shared_server, "---\nlicense: nonsense\n---\n", accept="text/plain")
    assert (text.status_code, text.headers["content-type"]) == (400, "text/plain; charset=utf-8")
    assert text.text.startswith('- Error: "license" must be one of [')


def test_the_stock_card_is_validated_before_it_is_sent(
    shared_server: LiveServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", shared_server.url)
    ModelCard("---\nlicense: mit\n---\n").validate()
    with pytest.raises(ValueError, match='"license" must be one of'):
        ModelCard("---\nlicense: nonsense\n---\n").validate()


def test_an_upload_of_a_bad_card_is_stopped(shared_server: LiveServer) -> None:
    token = shared_server.user("carder")
    api = shared_server.api(token)
    api.create_repo("m")
    upload = {"path_in_repo": "README.md", "repo_id": "carder/m"}
    with pytest.raises(ValueError, match=r"Invalid metadata in README\.md"):
        api.upload_file(path_or_fileobj=b"---\ntags: x\n---\n", **upload)
    with pytest.warns(UserWarning, match="empty or missing yaml metadata"):
        api.upload_file(path_or_fileobj=b"# hello", **upload)
    assert api.model_info("carder/m").card_data is None


def test_a_bad_card_is_stopped_by_the_commit_as_well(
    shared_server: LiveServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    api = shared_server.api(shared_server.user("sneaky"))
    api.create_repo("m")
    # A client that does not ask first.
    monkeypatch.setattr(type(api), "_validate_yaml", lambda *_args, **_kwargs: None)
    with pytest.raises(BadRequestError, match=r"Invalid metadata in README\.md"):
        api.upload_file(
            path_or_fileobj=b"---\nlicense: nonsense\n---\n",
            path_in_repo="README.md",
            repo_id="sneaky/m",
        )
    assert api.list_repo_files("sneaky/m") == [".gitattributes"]


@pytest.mark.parametrize(
    "body", [None, [], {}, {"content": 3}, {"content": "x", "repoType": "bucket"}]
)
def test_a_question_without_a_card_is_refused(shared_server: LiveServer, body: object) -> None:
    answer = httpx.post(f"{shared_server.url}/api/validate-yaml", json=body)
    assert answer.status_code == 400
