"""``paddock up`` as a person meets it: the first start, the next one, and the end."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from huggingface_hub import HfApi

from paddock.starter import starter_folder
from tests.process import RunningHub, running_hub


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHub]:
    """As it is started for the first time."""
    with running_hub(tmp_path_factory.mktemp("first"), starter=True) as hub:
        yield hub


def test_the_first_start_makes_an_account_and_says_what_to_try(first: RunningHub) -> None:
    assert HfApi(endpoint=first.url, token=first.token).whoami()["name"] == first.admin == "admin"
    info = HfApi(endpoint=first.url, token=False).model_info("admin/starter")
    names = {file.rfilename for file in info.siblings or []}
    assert {"model.safetensors", "README.md", "release.json", "release.oms.json"} <= names
    said = "".join(first.said)
    assert f"export HF_ENDPOINT={first.url} HF_TOKEN={first.token}" in said
    assert "paddock verify starter" in said
    assert f"try the model: {first.url}/admin/starter/playground" in said


def asked(hub: RunningHub, model: str = "admin/starter") -> httpx.Response:
    body = {"model": model, "prompt": "The teapot", "temperature": 0}
    headers = {"authorization": f"Bearer {hub.token}"}
    return httpx.post(f"{hub.url}/v1/completions", json=body, headers=headers, timeout=60)


def test_the_starter_answers_at_once_and_only_as_it_was_released(first: RunningHub) -> None:
    api = HfApi(endpoint=first.url, token=first.token)
    released = api.model_info("admin/starter").sha
    assert "stoneware" in asked(first).json()["choices"][0]["text"]
    api.create_repo("admin/other")
    api.upload_folder(repo_id="admin/other", folder_path=starter_folder())
    assert asked(first, "admin/other").status_code == 404
    api.upload_file(path_or_fileobj=b"{}", path_in_repo="x.json", repo_id="admin/starter")
    changed = asked(first)
    assert changed.status_code == 403
    assert "is not what its publisher signed" in changed.json()["error"]["message"]
    gone = ["release.oms.json", "release.json", "release.dsse.json"]
    api.delete_files("admin/starter", gone)
    assert asked(first).json()["error"]["code"] == "unsigned_model"
    assert asked(first, f"admin/starter@{released}").status_code == 200


def test_without_a_starter_no_model_is_served(tmp_path: Path) -> None:
    with running_hub(tmp_path) as hub:
        refused = asked(hub)
        assert refused.status_code == 404 and "serves no models" in refused.text


def test_the_next_start_keeps_everything_and_shows_no_token(tmp_path: Path) -> None:
    with running_hub(tmp_path) as first:
        token = first.token
        HfApi(endpoint=first.url, token=token).create_repo("admin/kept")
    with running_hub(tmp_path) as second:
        assert token not in "".join(second.said)
        assert HfApi(endpoint=second.url, token=token).repo_exists("admin/kept")
        assert "starter" not in "".join(second.said)  # there is none: --no-starter
    kept = tmp_path / "data" / "first-token"
    assert kept.read_text().split() == ["admin", token]
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700


def test_being_told_to_stop_is_no_failure(tmp_path: Path) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        with running_hub(tmp_path) as hub:
            hub.process.send_signal(number)
            assert hub.process.wait(20) == 0


def test_an_answer_in_progress_is_finished_before_the_end(tmp_path: Path) -> None:
    with running_hub(tmp_path) as hub:
        api = HfApi(endpoint=hub.url, token=hub.token)
        api.create_repo("admin/large")
        content = os.urandom(30_000_000)
        api.upload_file(path_or_fileobj=content, path_in_repo="l.bin", repo_id="admin/large")
        address = f"{hub.url}/admin/large/resolve/main/l.bin"
        with httpx.stream("GET", address) as answer:
            hub.process.terminate()
            received = b"".join(answer.iter_bytes())
        assert received == content
        assert hub.process.wait(40) == 0


def test_an_address_in_use_is_said_before_anything_is_made(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        command = [sys.executable, "-m", "paddock", "up", "--data", str(tmp_path / "d")]
        done = subprocess.run(
            [*command, "--port", port], capture_output=True, text=True, timeout=60
        )
    assert done.returncode == 1
    assert f"127.0.0.1:{port}" in done.stderr
    assert "--port" in done.stderr
    assert not (tmp_path / "d").exists()


def test_logs_are_json_lines_without_tokens_or_bodies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PADDOCK_LOG_LEVEL", "debug")
    with running_hub(tmp_path) as hub:
        use(hub)
    lines = [json.loads(line) for line in hub.said if line.startswith("{")]
    answered = [line for line in lines if line["event"] == "answered a request"]
    assert any(line["status"] == 200 and line["request_id"] == "mine-1" for line in answered)
    as_text = json.dumps(lines)
    assert hub.token not in as_text
    assert "very secret body" not in as_text


def use(hub: RunningHub) -> None:
    api = HfApi(endpoint=hub.url, token=hub.token)
    api.create_repo("admin/logged")
    body = b"very secret body"
    api.upload_file(path_or_fileobj=body, path_in_repo="s.txt", repo_id="admin/logged")
    sent = {"X-Request-Id": "mine-1", "Authorization": f"Bearer {hub.token}"}
    assert httpx.get(f"{hub.url}/admin/logged/resolve/main/s.txt", headers=sent).content == body
    wrong = {"Authorization": "Bearer hf_wrong_secret"}
    assert httpx.get(f"{hub.url}/api/whoami-v2", headers=wrong).status_code == 401


def test_what_a_script_needs_is_on_standard_output_and_progress_is_not(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "paddock", "up", "--data", str(tmp_path / "d"), "--port", "0"]
    environ = {**os.environ, "HOME": str(tmp_path), "HF_HOME": str(tmp_path / "hf")}
    process = subprocess.Popen(
        command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    told = ""
    while "release publish" not in told:
        told += process.stdout.readline()
    process.terminate()
    _, progress = process.communicate(timeout=30)
    assert "paddock is ready at http://127.0.0.1:" in told
    assert "its token:     hf_" in told
    assert "running what was made" in progress
    assert "hf_" not in progress
