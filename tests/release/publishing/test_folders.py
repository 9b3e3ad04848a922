"""A release in a folder is the same again only to the last byte, and is never overwritten."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from paddock.starter import starter_folder
from tests.cli.conftest import Paddock
from tests.cli.conftest import in_process as in_process  # a fixture of the next
from tests.cli.conftest import paddock as paddock  # a fixture


def _publish(lab: Path, paddock: Paddock, version: str = "1.0.0") -> tuple[int, str]:
    (lab / "release.yaml").write_text(
        f"apiVersion: paddock/v1\nkind: ModelRelease\nmetadata: {{name: tea, version: {version}}}\n"
        "licenses: {distribution: Apache-2.0}\nartifacts: {source: {path: model}}\n"
        "publish: [{to: folder, path: out}]\n"
    )
    code, out, error = paddock("release", "publish", lab)
    return code, out + error


def test_the_same_again_is_read_and_another_is_refused_before_it_is_built(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, paddock: Paddock
) -> None:
    monkeypatch.setenv("PADDOCK_CONFIG_HOME", str(tmp_path / "home"))
    shutil.copytree(starter_folder(), tmp_path / "lab" / "model")
    lab = tmp_path / "lab"
    assert "tea 1.0.0 copied in" in _publish(lab, paddock)[1]
    assert "tea 1.0.0 is already in" in _publish(lab, paddock)[1]
    code, said = _publish(lab, paddock, "1.1.0")
    assert (code, "out holds tea 1.0.0" in said) == (1, True)
    assert "scanning" not in said
    config = lab / "out" / "config.json"
    config.write_bytes(config.read_bytes().replace(b"1", b"2", 1))
    code, said = _publish(lab, paddock)
    assert (code, "config.json has other bytes than were signed" in said) == (1, True)
    assert "remove the folder, and publish again" in said
