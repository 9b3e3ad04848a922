"""A plan tells beforehand what keys, people and places would stop after a long build."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from paddock.starter import starter_folder
from tests.cli.conftest import Paddock
from tests.cli.conftest import in_process as in_process  # a fixture of the next
from tests.cli.conftest import paddock as paddock  # a fixture

HEAD = """\
apiVersion: paddock/v1
kind: ModelRelease
metadata: {name: tea, version: 1.1.0}
licenses: {distribution: Apache-2.0}
artifacts: {source: {path: model}}
"""


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, paddock: Paddock) -> Path:
    monkeypatch.setenv("PADDOCK_CONFIG_HOME", str(tmp_path / "home"))
    folder = tmp_path / "lab"
    shutil.copytree(starter_folder(), folder / "model")
    (folder / "keys").mkdir()
    paddock("keys", "create", "bob", "--kind", "ed25519", "--no-password")
    paddock("keys", "export", "bob", "--public", "-o", folder / "keys" / "bob.pub.pem")
    (folder / "taken").mkdir()
    (folder / "taken" / "notes.txt").write_text("mine")
    (folder / "away").symlink_to(tmp_path)
    return folder


@pytest.mark.parametrize(
    ("section", "sentence"),
    [
        ("sign: {oms: {key: keys/none.pem}}", "none.pem cannot be read"),
        ("sign: {oms: {key: bob}}", "OMS signs with P-256"),
        ("sign: {dsse: {keys: [keys/none.pem]}}", "none.pem cannot be read"),
        ("gate: {policy: none.yaml}", "none.yaml cannot be read"),
        ("gate: {people: [{person: bob, key: bob.pem}]}", "bob.pem cannot be read"),
        ("publish: [{to: folder, path: model/out}]", "would be part of the next release"),
        ("publish: [{to: folder, path: taken}]", "holds files that are no release"),
        ("publish: [{to: folder, path: taken/notes.txt}]", "is a file"),
        ("publish: [{to: folder, path: away/out}]", "leads out of the folder"),
    ],
)
def test_what_would_stop_a_release_later_is_planned_and_nothing_changes(
    section: str, sentence: str, lab: Path, paddock: Paddock
) -> None:
    (lab / "release.yaml").write_text(f"{HEAD}{section}\n")
    before = {path: path.lstat().st_mtime_ns for path in (lab, *lab.rglob("*"))}
    code, out, _ = paddock("release", "plan", lab, "--json")
    assert code == 5
    assert any(sentence in block for block in json.loads(out)["blocks"]), out
    assert {path: path.lstat().st_mtime_ns for path in (lab, *lab.rglob("*"))} == before
    if section.startswith("publish"):
        code, _, error = paddock("release", "publish", lab)
        assert (code, sentence in error) == (1, True)
        assert not list(lab.glob(".*.work")), "nothing was built for it"


def test_a_source_that_is_not_there_is_named_with_what_is(lab: Path, paddock: Paddock) -> None:
    (lab / "release.yaml").write_text(HEAD.replace("path: model", "path: modle"))
    code, _, error = paddock("release", "plan", lab)
    assert (code, "artifacts.source.path: there is no 'modle' in" in error) == (1, True)
    assert "did you mean 'model'?" in error
