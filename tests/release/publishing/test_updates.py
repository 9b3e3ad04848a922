"""Update metadata is renewed on a hub while the releases there stay what they are."""

from __future__ import annotations

import json
import shutil
from datetime import timedelta
from pathlib import Path

import pytest
import yaml
from huggingface_hub import HfApi

from paddock import clock
from paddock.release.publishing.oci.push import Pushed, push_release
from paddock.release.publishing.oci.reference import parse_reference
from paddock.release.publishing.outgoing import Outgoing, outgoing
from paddock.release.signatures.tuf.metadata import Lifetimes
from paddock.release.signatures.tuf.repository import Repository, refresh
from tests.cli.conftest import Paddock
from tests.cli.conftest import in_process as in_process  # a fixture of the next
from tests.cli.conftest import paddock as paddock  # a fixture
from tests.live import LiveServer
from tests.release.publisher import Publisher
from tests.release.publishing.oci.registries import running_registry
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


def test_a_folder_and_a_registry_are_renewed_and_never_with_what_is_older(
    paddock: Paddock, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PADDOCK_CONFIG_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "docker"))
    publisher = Publisher(tmp_path)
    release = publisher.release("out", now=clock.now() - timedelta(days=10))
    older = tmp_path / "older"
    shutil.copytree(publisher.repository.folder, older)
    trust = tmp_path / "trust.yaml"
    publisher.trust("oms", tuf=publisher.root())
    with running_registry(tmp_path / "registry") as host:
        where, target = f"{host}/acme/tiny:1.0.0", f"oci://{host}/acme/tiny:1.0.0"
        assert push(outgoing(release), where, tmp_path).changed
        for place in (str(release), target):
            code, out, _ = paddock("verify", place, "--trust", trust, "--plain-http", "--json")
            assert (code, json.loads(out)["verdict"]) == (1, "stale"), out
        refresh(publisher.repository, clock.now())
        for place in (str(release), target):
            publish = ("keys", "tuf", "publish", publisher.repository.folder, place)
            code, out, error = paddock(*publish, "--plain-http")
            assert (code, "has it now" in out) == (0, True), error
            code, out, _ = paddock("verify", place, "--trust", trust, "--plain-http", "--json")
            assert (code, json.loads(out)["freshness"]) == (0, "fresh"), out
            code, out, error = paddock("keys", "tuf", "publish", older, place, "--plain-http")
            assert (code, "which is newer than" in error) == (1, True)
        assert "has it already" in paddock(*publish, "--plain-http")[1]
        again = push(outgoing(release), where, tmp_path)  # other metadata than the tag has
        assert not again.changed
        foreign = tmp_path / "foreign"
        create = ("keys", "tuf", "create", foreign, "--keys", tmp_path / "other", "--no-password")
        assert paddock(*create)[0] == 0
        for place in (str(release), target):
            code, _, error = paddock("keys", "tuf", "publish", foreign, place, "--plain-http")
            assert (code, "not one that this update metadata names" in error) == (1, True)


def push(release: Outgoing, where: str, folder: Path) -> Pushed:
    return push_release(
        release,
        parse_reference(where),
        plain_http=True,
        sessions=folder / "uploads.json",
        progress=lambda sentence: None,
    )
