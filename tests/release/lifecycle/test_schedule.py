"""Stages to come that release.yaml names are announced with the publication, once."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from tests.attacks.corpus.release_trees import model_files
from tests.cli.conftest import Paddock
from tests.cli.conftest import in_process as in_process  # a fixture of the next
from tests.cli.conftest import paddock as paddock  # a fixture
from tests.live import LiveServer


def test_a_schedule_goes_with_the_release_and_the_hub_keeps_to_it(
    shared_server: LiveServer, tmp_path: Path, paddock: Paddock, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = shared_server.user("planner")
    monkeypatch.setenv("PADDOCK_CONFIG_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("HF_ENDPOINT", shared_server.url)
    monkeypatch.setenv("HF_TOKEN", token)
    document = {
        "apiVersion": "paddock/v1",
        "kind": "ModelRelease",
        "metadata": {"name": "acme", "version": "1.0.0", "stage": "internal"},
        "artifacts": {"source": {"path": "model"}},
        "access": {"schedule": [{"stage": "gated", "at": "2999-01-01T00:00:00Z"},
                                {"stage": "open", "at": "2999-06-01T00:00:00Z"}]},
        "publish": {"to": "hub", "repo": "planner/acme"},
    }  # fmt: skip
    (tmp_path / "model").mkdir()
    for name, content in model_files().items():
        (tmp_path / "model" / name).write_bytes(content)
    file = tmp_path / "release.yaml"
    file.write_text(yaml.safe_dump(document))
    code, out, error = paddock("release", "publish", file, "--json")
    assert code == 0, error
    outcome = json.loads(out)
    assert [event["stage"] for event in outcome["stages"]] == ["gated", "open"]
    assert outcome["follows_stages"]
    info = shared_server.api(token).model_info("planner/acme")
    assert (info.private, info.gated) == (True, False)
    code, out, _ = paddock("release", "publish", file, "--json")
    assert code == 0
    assert json.loads(out)["stages"] == []
    code, out, error = paddock("verify", "planner/acme@1.0.0", "--json")
    assert (code, json.loads(out)["verdict"]) == (0, "trusted"), error
    assert paddock("release", "revoke", "planner/acme@1.0.0", "--reason", "unsafe")[0] == 0
    code, out, _ = paddock("verify", "planner/acme@1.0.0", "--json")
    verdict = json.loads(out)
    assert (code, verdict["verdict"], verdict["freshness"]) == (1, "revoked", "revoked")
    assert "acme 1.0.0 was revoked" in verdict["reasons"][0]
