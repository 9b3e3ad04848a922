"""A plan names every file of the release before there is one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.attacks.corpus.case import write_tree
from tests.attacks.corpus.release_trees import model_files
from tests.cli.conftest import Paddock
from tests.cli.conftest import in_process as in_process  # a fixture of the next
from tests.cli.conftest import paddock as paddock  # a fixture

RELEASE = """\
apiVersion: paddock/v1
kind: ModelRelease
metadata: {name: tea, version: 1.0.0}
licenses: {distribution: Apache-2.0}
components:
  - name: Model parameters (Final)
    access: open
    withhold: [{layers: 0, reason: safety, replace: zero}]
artifacts:
  source: {path: model}
  outputs: [{id: full}, {id: half, dtype: bfloat16}]
sign: {dsse: {keys: [one]}, tuf: {repo: tuf}}
"""


def test_what_is_planned_is_what_is_built(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, paddock: Paddock
) -> None:
    monkeypatch.setenv("PADDOCK_CONFIG_HOME", str(tmp_path / "home"))
    paddock("keys", "create", "one", "--kind", "ed25519", "--no-password")
    lab, out = tmp_path / "lab", tmp_path / "out"
    write_tree(
        lab / "model",
        {**model_files(), "tokenizer_config.json": b"{}", "generation_config.json": b"{}"},
    )
    (lab / "release.yaml").write_text(RELEASE)
    code, text, _ = paddock("release", "plan", lab, "--json")
    assert code == 0, text
    plan = json.loads(text)
    planned = {file["path"] for file in plan["files"]}
    planned |= {*plan["converted_files"], *plan["written_files"]}
    assert paddock("release", "build", lab, "-o", out)[0] == 0
    built = {path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()}
    folders = tuple(path for path in planned if path.endswith("/"))
    assert {path for path in built if not path.startswith(folders)} == planned - {*folders}
