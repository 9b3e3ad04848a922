"""What a hub advises is told by verify, bounded, and changes no verdict."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import httpx2
import pytest

from paddock.release.publishing.hub_client import Hub
from paddock.release.target import RepositoryTarget
from paddock.release.verifying.advisories import MAX_BYTES, MAX_TOLD, advised_by
from paddock.release.verifying.verdict import Subject, Verdict
from tests.cli.conftest import Paddock
from tests.cli.conftest import in_process as in_process  # a fixture of the next
from tests.cli.conftest import paddock as paddock  # a fixture
from tests.live import LiveServer


def test_advisories_on_a_model_and_on_its_base_are_told(
    shared_server: LiveServer, tmp_path: Path, paddock: Paddock, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = shared_server.user("vera")
    api = shared_server.api(token)
    for name, card in (
        ("base", "---\nlicense: mit\n---\n# Base"),
        ("child", "---\nbase_model: vera/base\n---\n# Child"),
    ):
        api.create_repo(f"vera/{name}")
        api.upload_file(
            path_or_fileobj=card.encode(), path_in_repo="README.md", repo_id=f"vera/{name}"
        )

    def send(path: str, body: dict[str, Any]) -> Any:
        headers = {"Authorization": f"Bearer {token}"}
        url = f"{shared_server.url}/api/models/vera/base/{path}"
        return httpx.post(url, json=body, headers=headers).raise_for_status().json()

    seen = {"category": "insecure", "title": "It tells its prompt", "prompt": "p", "output": "o"}
    report = send("reports", seen)["id"]
    rated = {"state": "triaged", "impact": "moderate", "ease": "easy", "public": "now"}
    for decision in (rated, {"state": "confirmed"}):
        send(f"reports/{report}/decision", decision)
    told = {
        "title": "It tells its prompt",
        "severity": "high",
        "details": "Asked, it tells.",
        "advice": "Keep no secret in it.",
        "reports": [report],
    }
    name = send("advisories", told)["id"]
    monkeypatch.setenv("PADDOCK_CONFIG_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("HF_ENDPOINT", shared_server.url)
    monkeypatch.setenv("HF_TOKEN", token)
    for repo in ("vera/base", "vera/child"):
        code, out, _ = paddock("verify", repo, "--json")
        verdict = json.loads(out)
        assert code == 1 and verdict["verdict"] != "trusted"
        (note,) = (note for note in verdict["notes"] if name in note)
        assert note == (
            f"the hub's advisory {name} (high) on vera/base: It tells its prompt. "
            "What to do: Keep no secret in it."
        )
    send(f"advisories/{name}/withdraw", {})
    assert name not in paddock("verify", "vera/base", "--json")[1]


VERDICT = Verdict("trusted", "intact", "trusted", (), Subject("a/b"))
HOSTILE = {
    "escapes": {"own": [{"id": "A\x1b[2J\n1", "summary": "x" * 10_000, "database_specific": 3}]},
    "other shapes": {"own": [1, None, {"id": {}}], "inherited": "no list"},
    "many": {"own": [{"id": f"A-{n}"} for n in range(5_000)]},
    "no object": [1, 2],
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_a_hub_says_is_bounded_and_fit_for_a_terminal(name: str) -> None:
    after = _advised(200, json.dumps(HOSTILE[name]).encode())
    assert after.verdict == "trusted" and len(after.notes) <= MAX_TOLD + 1
    assert all(note.isprintable() and len(note) < 3_000 for note in after.notes)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (404, b"{}"),
        (200, b"<html>"),
        (200, b"[" * 100_000),
        (200, b" " * (MAX_BYTES + 1)),
        (302, b""),
    ],
)
def test_a_hub_without_advisories_says_nothing(status: int, body: bytes) -> None:
    assert _advised(status, body) == VERDICT


def _advised(status: int, body: bytes) -> Verdict:
    transport = httpx2.MockTransport(lambda _: httpx2.Response(status, content=body))
    hub = Hub("http://hub.test", None)
    return advised_by(hub, RepositoryTarget("a/b", None), VERDICT, transport=transport)
