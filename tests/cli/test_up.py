"""``paddock up`` as a person meets it: the first start, the next one, and the end."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from huggingface_hub import HfApi

from tests.process import RunningHub, running_hub


def test_the_first_start_makes_an_account_and_says_what_to_try(tmp_path: Path) -> None:
    with running_hub(tmp_path, starter=True) as hub:
        assert HfApi(endpoint=hub.url, token=hub.token).whoami()["name"] == hub.admin == "admin"
        info = HfApi(endpoint=hub.url, token=False).model_info("admin/starter")
        names = {file.rfilename for file in info.siblings or []}
        assert {"model.safetensors", "README.md", "release.json", "release.oms.json"} <= names
        said = "".join(hub.said)
        assert f"export HF_ENDPOINT={hub.url} HF_TOKEN={hub.token}" in said
        assert "paddock verify starter" in said


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
