"""Update metadata is renewed on a hub while the releases there stay what they are."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
import yaml
from huggingface_hub import HfApi

from paddock import clock
from paddock.release.signatures.tuf.metadata import Lifetimes
from paddock.release.signatures.tuf.repository import Repository, refresh
from tests.cli.conftest import Paddock
from tests.cli.conftest import in_process as in_process  # a fixture of the next
from tests.cli.conftest import paddock as paddock  # a fixture
from tests.live import LiveServer
from tests.release.publishing.test_publish import model as model  # a fixture

REPO = "ada/renewed"


@pytest.fixture
def api(shared_server: LiveServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> HfApi:
    token = shared_server.user("ada")
    monkeypatch.setenv("HF_ENDPOINT", shared_server.url)
    monkeypatch.setenv("HF_TOKEN", token)
    monkeypatch.setenv("PADDOCK_CONFIG_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    return shared_server.api(token)


def write_release(model: Path, version: str) -> None:
    (model / "release.yaml").write_text(
        yaml.safe_dump({
            "apiVersion": "paddock/v1",
            "kind": "ModelRelease",
            "metadata": {"name": "renewed", "version": version},
            "licenses": {"distribution": "Apache-2.0"},
            "sign": {"dsse": {"keys": ["ml-dsa-65:pq"]}, "tuf": {"repo": "tuf"}},
        })
    )  # fmt: skip


def test_a_tag_is_current_by_what_the_main_branch_has_and_publishing_again_changes_nothing(
    paddock: Paddock, api: HfApi, model: Path, tmp_path: Path
) -> None:
    paddock("keys", "create", "pq", "--kind", "ml-dsa-65", "--no-password")
    repository = Repository(model / "tuf", tmp_path / "home" / "keys" / "tuf")
    assert paddock("keys", "tuf", "create", repository.folder, "--no-password")[0] == 0
    write_release(model, "1.0.0")
    publish = ("release", "publish", model / "release.yaml", "--to", REPO, "--json")
    code, out, error = paddock(*publish)
    assert code == 0, error
    tip = api.model_info(REPO).sha
    code, out, error = paddock(*publish)  # ML-DSA signs differently each time
    assert (code, '"changed": false' in out) == (0, True), error
    assert api.model_info(REPO).sha == tip

    older = Repository(repository.folder, repository.keys, Lifetimes(timestamp=1))
    refresh(older, clock.now() - timedelta(days=2))  # a timestamp that is over
    assert paddock("keys", "tuf", "publish", repository.folder, REPO)[0] == 0
    code, out, _ = paddock("verify", f"{REPO}@1.0.0", "--json")
    assert (code, json.loads(out)["class"]) == (1, "freshness")
    refresh(repository, clock.now())
    assert "has it now" in paddock("keys", "tuf", "publish", repository.folder, REPO)[1]
    for target in (REPO, f"{REPO}@1.0.0"):
        code, out, _ = paddock("verify", target, "--json")
        assert (code, json.loads(out)["freshness"]) == (0, "fresh"), out
    assert "has it already" in paddock("keys", "tuf", "publish", repository.folder, REPO)[1]


def test_metadata_of_somebody_else_does_not_get_beside_a_release(
    paddock: Paddock, api: HfApi, model: Path, tmp_path: Path
) -> None:
    foreign = tmp_path / "foreign"
    create = ("keys", "tuf", "create", foreign, "--keys", tmp_path / "keys", "--no-password")
    assert paddock(*create)[0] == 0
    api.create_repo("ada/empty")
    code, _, error = paddock("keys", "tuf", "publish", foreign, "ada/empty")
    assert (code, "holds no release" in error) == (1, True)
