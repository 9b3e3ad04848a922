"""Spaces as repositories: their settings, and that nothing runs them."""

from __future__ import annotations

import time

import httpx
import pytest
from huggingface_hub import HfApi
from huggingface_hub.errors import HfHubHTTPError, RepositoryNotFoundError

from paddock.hub.lookup import find_repository
from paddock.hub.names import RepositoryName
from paddock.hub.spaces.settings import reveal_secret
from paddock.hub.spaces.tables import space_settings
from paddock.hub.types import Kind
from tests.live import LiveServer


def a_space(server: LiveServer, name: str, **more: object) -> HfApi:
    api = server.api(server.user(name.split("/")[0]))
    api.create_repo(name, repo_type="space", space_sdk="gradio", **more)
    return api


def test_a_secret_goes_in_and_never_comes_out(server_on_each: LiveServer) -> None:
    given = [{"key": "API_KEY", "value": "hidden", "description": "of the service"}]
    api = a_space(server_on_each, "sara/app", space_secrets=given)
    found = api.get_space_secrets("sara/app")["API_KEY"]
    assert (found.description, found.updated_at is not None) == ("of the service", True)
    api.add_space_secret("sara/app", "API_KEY", "changed")
    headers = {"Authorization": f"Bearer {api.token}"}
    url = f"{server_on_each.url}/api/spaces/sara/app"
    for path in ("", "/secrets", "/variables", "/runtime"):
        answer = httpx.get(url + path, headers=headers).text
        assert "changed" not in answer
        assert "hidden" not in answer
    with server_on_each.hub.database.write() as conn:
        rows = conn.execute(space_settings.select()).all()
        assert all(b"changed" not in bytes(row.value) for row in rows)
        repo = find_repository(conn, RepositoryName(Kind.SPACE, "sara", "app"))
        assert repo is not None
        assert reveal_secret(conn, repo, "API_KEY") == "changed"
        conn.execute(space_settings.update().values(key="OTHER"))
        assert reveal_secret(conn, repo, "OTHER") is None
    api.delete_space_secret("sara/app", "OTHER")
    assert api.get_space_secrets("sara/app") == {}


def test_variables_are_seen_by_who_sees_the_space_and_secrets_by_who_writes(
    shared_server: LiveServer,
) -> None:
    given = [{"key": "MODEL", "value": "a/b"}]
    api = a_space(shared_server, "tom/app", space_variables=given)
    stranger, other = shared_server.api(), shared_server.api(shared_server.user("uma"))
    assert stranger.get_space_variables("tom/app")["MODEL"].value == "a/b"
    for who in (stranger, other):
        with pytest.raises(HfHubHTTPError):
            who.get_space_secrets("tom/app")
        with pytest.raises(HfHubHTTPError):
            who.add_space_variable("tom/app", "MODEL", "evil")
    api.update_repo_settings("tom/app", repo_type="space", private=True)
    with pytest.raises(RepositoryNotFoundError):
        stranger.get_space_variables("tom/app")
    for key in ("1X", "A-B", "", "A B", "x" * 300, "A=B"):
        with pytest.raises(HfHubHTTPError):
            api.add_space_variable("tom/app", key, "x")


def test_a_space_is_never_said_to_run(shared_server: LiveServer) -> None:
    api = a_space(shared_server, "vera/app")
    assert api.get_space_runtime("vera/app").stage == "NO_APP_FILE"
    api.upload_file(
        path_or_fileobj=b"x", path_in_repo="app.py", repo_id="vera/app", repo_type="space"
    )
    assert api.get_space_runtime("vera/app").stage == "STOPPED"
    assert api.space_info("vera/app").runtime.stage == "STOPPED"


def test_what_would_run_it_is_refused_at_once_and_only_to_who_may_ask(
    shared_server: LiveServer,
) -> None:
    api = a_space(shared_server, "willi/app", private=True)
    started = time.monotonic()
    for call in (
        lambda: api.restart_space("willi/app"),
        lambda: api.pause_space("willi/app"),
        lambda: api.request_space_hardware("willi/app", "t4-small"),
        lambda: list(api.fetch_space_logs("willi/app", follow=True)),
    ):
        with pytest.raises(HfHubHTTPError, match="does not run them") as refused:
            call()
        assert refused.value.response.status_code == 501
    assert time.monotonic() - started < 10
    with pytest.raises(RepositoryNotFoundError):
        shared_server.api().restart_space("willi/app")


def test_kernels_are_repositories_too(shared_server: LiveServer) -> None:
    api = shared_server.api(shared_server.user("xaver"))
    api.create_repo("xaver/kernel", repo_type="kernel")
    api.upload_file(
        path_or_fileobj=b"x", path_in_repo="x.cu", repo_id="xaver/kernel", repo_type="kernel"
    )
    assert shared_server.api().kernel_info("xaver/kernel").id == "xaver/kernel"
    assert "x.cu" in api.list_repo_files("xaver/kernel", repo_type="kernel")
    got = httpx.get(f"{shared_server.url}/kernels/xaver/kernel/resolve/main/x.cu")
    assert got.content == b"x"
