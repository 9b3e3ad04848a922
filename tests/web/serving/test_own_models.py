"""``/v1`` on the hub: its users, its repositories, and the pages' own scripts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from openai import AuthenticationError, NotFoundError, OpenAI

from paddock.hub.people.accounts import find_account
from paddock.hub.sessions import sessions
from paddock.starter import starter_folder
from tests.databases import sqlite_url
from tests.live import LiveServer, live_server

POLICY = b"""\
apiVersion: paddock/v1
kind: Policy
refusal: Not here.
rules:
  - {id: cups, category: S1, phrases: [four cups], stages: [after]}
  - {id: kettles, category: S1, phrases: [red kettle]}
"""


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    folder = tmp_path_factory.mktemp("hub")
    others = {
        "serve_models": "boss/open, boss/secret, boss/ruled",
        "serve_threads": 1,
        "packed_bytes": 0,
    }
    with live_server(folder / "data", sqlite_url(folder), **others) as running:
        kinds = (("open", False), ("secret", True), ("other", False), ("ruled", False))
        for name, private in kinds:
            running.admin_api.create_repo(f"boss/{name}", private=private)
        for name in ("open", "secret", "ruled"):
            running.admin_api.upload_folder(
                repo_id=f"boss/{name}", folder_path=str(starter_folder())
            )
        running.admin_api.upload_file(
            path_or_fileobj=POLICY, path_in_repo="policy.yaml", repo_id="boss/ruled"
        )
        yield running


def client(hub: LiveServer, key: str) -> OpenAI:
    return OpenAI(base_url=f"{hub.url}/v1", api_key=key, max_retries=0)


def test_users_ask_the_models_that_they_may_read(hub: LiveServer) -> None:
    owner, stranger = client(hub, hub.admin_token), client(hub, hub.user("stranger"))
    assert {each.id for each in owner.models.list()} == {"boss/open", "boss/secret", "boss/ruled"}
    assert {each.id for each in stranger.models.list()} == {"boss/open", "boss/ruled"}
    answers = {
        each.completions.create(model=model, prompt="The teapot", temperature=0).choices[0].text
        for each, model in ((owner, "boss/open"), (owner, "boss/secret"), (stranger, "boss/open"))
    }
    assert len(answers) == 1 and answers != {""}
    commit = hub.admin_api.model_info("boss/open").sha
    stranger.completions.create(model=f"boss/open@{commit}", prompt="The teapot", max_tokens=1)
    hidden = ("boss/secret", "BOSS/secret", "boss/other", "boss/none")
    odd = ("boss/open@nowhere", "boss/open@../x", "boss/open@HEAD~1", "x" * 400, "../")
    tricks = ("boss/secret%00", "boss/secret\0", "boss/../boss/secret", "/boss/secret", "boss\\x")
    for model in (*hidden, *odd, *tricks):
        with pytest.raises(NotFoundError):
            stranger.completions.create(model=model, prompt="x", max_tokens=1)


def test_strangers_ask_nothing(hub: LiveServer) -> None:
    for headers in ({}, {"authorization": "Bearer"}, {"authorization": "Basic YTpi"}):
        asked = httpx.get(f"{hub.url}/v1/models", headers=headers)
        assert asked.status_code == 401, asked.text
    with pytest.raises(AuthenticationError):
        client(hub, "hf_wrong").models.list()


def test_a_page_of_the_hub_asks_with_its_session_and_its_key(hub: LiveServer) -> None:
    hub.user("ann")
    with hub.hub.database.write() as conn:
        account = find_account(conn, "ann")
        assert account is not None
        secret = sessions.start_session(conn, account)
    good = {
        "cookie": f"paddock_session={secret}",
        "x-paddock-form": sessions.form_key(secret),
        "sec-fetch-site": "same-origin",
    }

    def status(**headers: str | None) -> int:
        sent = {name: value for name, value in {**good, **headers}.items() if value is not None}
        return httpx.get(f"{hub.url}/v1/models", headers=sent).status_code

    assert status() == 200
    assert status(cookie=None) == 401
    assert status(cookie="paddock_session=wrong") == 401
    assert status(**{"x-paddock-form": None}) == 401  # a cookie alone is nothing
    assert status(**{"x-paddock-form": "0" * 64}) == 403
    assert status(**{"sec-fetch-site": "cross-site"}) == 403
    assert status(origin="http://elsewhere") == 403


def test_a_new_commit_is_another_model(hub: LiveServer, tmp_path: Path) -> None:
    api = hub.admin_api
    api.create_repo("boss/open", exist_ok=True)
    before = client(hub, hub.admin_token).models.retrieve("boss/open").root
    api.upload_file(path_or_fileobj=b"new", path_in_repo="notes.txt", repo_id="boss/open")
    owner = client(hub, hub.admin_token)
    assert owner.models.retrieve("boss/open").root != before
    owner.completions.create(model="boss/open", prompt="x", max_tokens=1)


def test_the_policy_of_a_repository_holds_for_its_model(hub: LiveServer) -> None:
    asked = {"model": "boss/ruled", "temperature": 0}
    stranger = client(hub, hub.user("ruled"))
    done = stranger.completions.create(prompt="A red kettle", **asked).choices[0]
    assert (done.text, done.finish_reason) == ("Not here.", "content_filter")
    teapot = [{"role": "user", "content": "What is the teapot made of?"}]
    stream = stranger.chat.completions.create(messages=teapot, stream=True, **asked)
    text = "".join(chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices)
    assert text.endswith("Not here.") and "four" not in text
    listed = {each.id: each for each in stranger.models.list()}
    assert listed["boss/ruled"].policy.startswith("sha256:")


def test_where_no_models_are_served_it_is_said_so(server: LiveServer) -> None:
    asked = httpx.get(f"{server.url}/v1/models")
    assert asked.status_code == 404
    assert "serve_models" in asked.json()["error"]["message"]
    assert httpx.get(f"{server.url}/healthz").status_code == 200
