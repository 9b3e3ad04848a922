"""One command, every kind of place; each token goes to its own hub and nowhere else."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from paddock.starter import starter_folder
from tests.cli.conftest import Paddock
from tests.cli.conftest import in_process as in_process  # a fixture of the next
from tests.cli.conftest import paddock as paddock  # a fixture
from tests.live import LiveServer
from tests.release.publishing.oci.registries import running_registry


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PADDOCK_CONFIG_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "docker"))
    for name in ("HF_TOKEN", "HF_ENDPOINT", "PADDOCK_TOKEN", "PADDOCK_HUB_URL"):
        monkeypatch.delenv(name, raising=False)


def release_file(folder: Path, publish: str) -> Path:
    files = shutil.ignore_patterns("*.py", "__pycache__")
    shutil.copytree(starter_folder().parent, folder, dirs_exist_ok=True, ignore=files)
    text = (starter_folder().parent / "release.yaml").read_text()
    (folder / "release.yaml").write_text(f"{text}\npublish:\n{publish}")
    return folder / "release.yaml"


def test_a_release_goes_to_a_hub_a_folder_and_a_registry_and_verifies_in_each(
    server: LiveServer, tmp_path: Path, paddock: Paddock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", server.url)
    monkeypatch.setenv("HF_TOKEN", server.user("ada"))
    with running_registry(tmp_path / "registry") as host:
        file = release_file(
            tmp_path,
            "  - {to: hub, repo: ada/starter}\n  - {to: folder, path: out}\n"
            f"  - {{to: oci, ref: '{host}/ada/starter', plain_http: true}}\n",
        )
        code, out, error = paddock("release", "publish", file, "--json")
        assert code == 0, error
        outcomes = json.loads(out)["destinations"]
        assert [(o["to"], o["changed"]) for o in outcomes] == [
            ("hub", True), ("folder", True), ("oci", True),
        ]  # fmt: skip
        assert len({o["root"] for o in outcomes}) == 1
        for target in ("ada/starter@1.0.0", tmp_path / "out", f"oci://{host}/ada/starter:1.0.0"):
            code, out, error = paddock("verify", target, "--plain-http", "--json")
            assert code == 0, error
            assert json.loads(out)["name"] == "paddock-starter"
        code, out, _ = paddock("release", "publish", file, "--json")
        assert [o["changed"] for o in json.loads(out)["destinations"]] == [False] * 3


def test_the_hugging_face_hub_has_a_token_of_its_own(
    server: LiveServer, tmp_path: Path, paddock: Paddock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("HF_TOKEN", "hf_of_another_hub")
    monkeypatch.setenv("PADDOCK_HUGGINGFACE_URL", server.url)
    file = release_file(tmp_path, "  - {to: huggingface, repo: ada/elsewhere}\n")
    code, _, error = paddock("release", "publish", file)
    assert code == 1
    assert "there is no token" in error
    monkeypatch.setenv("PADDOCK_HUGGINGFACE_TOKEN", server.user("ada"))
    code, out, error = paddock("release", "publish", file, "--json")
    assert code == 0, error
    assert json.loads(out)["url"] == f"{server.url}/ada/elsewhere"


@pytest.mark.parametrize("kind", ["hub", "huggingface"])
def test_an_address_that_only_the_file_names_gets_no_token(
    kind: str, tmp_path: Path, paddock: Paddock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    file = release_file(tmp_path, f"  - {{to: {kind}, repo: ada/x, url: 'https://evil.example'}}\n")
    code, _, error = paddock("release", "publish", file)
    assert code == 2
    assert "your settings name" in error


def test_a_place_that_does_not_answer_is_said_before_anything_is_built(
    tmp_path: Path, paddock: Paddock
) -> None:
    file = release_file(
        tmp_path,
        "  - {to: folder, path: out}\n"
        "  - {to: oci, ref: '127.0.0.1:1/ada/starter', plain_http: true}\n",
    )
    code, _, error = paddock("release", "publish", file)
    assert code == 1
    assert "did not answer" in error
    assert not (tmp_path / "out").exists()
