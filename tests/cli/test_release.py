"""``paddock release``: plan, build and publish from the command line, against a live hub."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Paddock
from tests.live import LiveServer
from tests.release.tiny_model import copy_tiny_model


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PADDOCK_CONFIG_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    for name in ("HF_TOKEN", "HF_ENDPOINT", "PADDOCK_TOKEN", "PADDOCK_HUB_URL"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def model(shared_data: Path, tmp_path: Path) -> Path:
    return copy_tiny_model(shared_data, tmp_path / "model")


def test_a_plan_says_what_would_happen_and_changes_nothing(
    model: Path, tmp_path: Path, paddock: Paddock
) -> None:
    code, out, err = paddock("release", "plan", model, "--to", "ada/tiny")
    assert code == 0
    for words in ("tiny 1.0.0", "model.safetensors", "licence     unknown", "(will be made)"):
        assert words in out
    assert "assumed version: 1.0.0" in err
    assert not (tmp_path / "home").exists()
    assert not (model / "release.yaml").exists()


def test_a_blocked_plan_exits_with_five_and_names_the_file(model: Path, paddock: Paddock) -> None:
    (model / "optimizer.pt").write_bytes(b"\x80\x04N.")
    code, out, _ = paddock("release", "plan", model, "--json")
    assert code == 5
    assert "optimizer.pt" in json.loads(out)["blocks"][0]
    for verb in ("build", "publish"):
        code, _, err = paddock("release", verb, model, "--to", "ada/tiny")
        assert code == 5
        assert "optimizer.pt" in err
        assert "hint:" in err


def test_a_built_folder_verifies(model: Path, tmp_path: Path, paddock: Paddock) -> None:
    code, out, err = paddock("release", "build", model, "-o", tmp_path / "out", "--json")
    built = json.loads(out)
    assert code == 0
    assert built["folder"] == str(tmp_path / "out")
    assert Path(built["public_key"]).exists()
    assert "made a signing key for you" in err
    assert paddock("verify", tmp_path / "out")[0] == 0
    assert paddock("verify", tmp_path / "out", "--trust", built["public_key"])[0] == 0


def test_the_story_of_the_readme(
    model: Path,
    server: LiveServer,
    tmp_path: Path,
    paddock: Paddock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HF_TOKEN", server.user("ada"))
    monkeypatch.setenv("HF_ENDPOINT", server.url)
    code, out, err = paddock("release", "publish", model, "--to", "ada/tiny")
    assert code == 0
    assert f"{server.url}/ada/tiny" in out
    assert "assumed licence: unknown" in err
    code, out, _ = paddock("release", "publish", model, "--to", "ada/tiny", "--json")
    published = json.loads(out)
    assert code == 0
    assert published["changed"] is False
    assert {"repo", "url", "revision", "commit", "tag", "files"} <= published.keys()
    code, out, _ = paddock("verify", "ada/tiny@1.0.0")
    assert code == 0, out
    code, out, _ = paddock("verify", "ada/tiny", "--json")
    assert json.loads(out)["version"] == "1.0.0"
    code, _, err = paddock("verify", "ada/tiny@9.9.9")
    assert code == 1
    assert "9.9.9" in err
    code, _, err = paddock("verify", "ada/none")
    assert code == 1
    assert "error: " in err


def test_publishing_needs_a_destination_a_token_and_a_hub(model: Path, paddock: Paddock) -> None:
    code, _, err = paddock("release", "publish", model)
    assert code == 2
    assert "--to NAMESPACE/NAME" in err
    code, _, err = paddock("release", "publish", model, "--to", "ada/tiny")
    assert code == 1
    assert "no token" in err
    assert "HF_TOKEN" in err


def test_a_wrong_release_file_names_file_line_and_nearest_key(
    model: Path, paddock: Paddock
) -> None:
    (model / "release.yaml").write_text(
        "apiVersion: paddock/v1\nkind: ModelRelease\nmetadata: {name: a, version: 1.0.0}\n"
        "lisences: {}\n"
    )
    code, _, err = paddock("release", "plan", model)
    assert code == 1
    assert "release.yaml:4: unknown key 'lisences'" in err
    assert "hint: did you mean 'licenses'?" in err


@pytest.mark.parametrize(
    ("token", "code", "more"),
    [("hf_wrong", 1, ["--to", "ada/x"]), ("", 1, ["--to", "ada/x"]), ("", 2, [])],
)
def test_what_cannot_be_published_is_said_before_anything_is_read_or_written(
    shared_server: LiveServer,
    model: Path,
    paddock: Paddock,
    monkeypatch: pytest.MonkeyPatch,
    token: str,
    code: int,
    more: list[str],
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", shared_server.url)
    monkeypatch.setenv("HF_TOKEN", token)
    ended, out, err = paddock("release", "publish", model, *more)
    assert (ended, out) == (code, "")
    assert "reading" not in err
    assert "hint: " in err
    assert not (model / "release.yaml").exists()
