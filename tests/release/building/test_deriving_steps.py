"""The open version of a closed model, from release.yaml to the signed folder."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from paddock.checkpoint.opening import open_checkpoint
from paddock.digest import sha256_hex
from paddock.starter import starter_folder
from tests.cli.conftest import Paddock
from tests.cli.conftest import in_process as in_process  # a fixture of the next
from tests.cli.conftest import paddock as paddock  # a fixture

RELEASE = """\
apiVersion: paddock/v1
kind: ModelRelease
metadata: {name: opened, version: 1.0.0, date: 2026-11-20}
licenses: {distribution: apache-2.0}
artifacts:
  source: {path: closed}
  derive:
    - {do: prune, layers: [1, 3]}
    - {do: quantise, quant: q8_0}
    - {do: trim_vocabulary, texts: [text.txt]}
"""


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PADDOCK_CONFIG_HOME", str(tmp_path / "home"))
    shutil.copytree(starter_folder(), tmp_path / "closed")
    (tmp_path / "text.txt").write_text("The teapot costs twelve dollars. " * 50)
    (tmp_path / "release.yaml").write_text(RELEASE)
    return tmp_path / "release.yaml"


def test_each_step_is_recorded_and_joins_the_one_before(
    file: Path, tmp_path: Path, paddock: Paddock
) -> None:
    out = tmp_path / "out"
    code, _, error = paddock("release", "build", file, "-o", out)
    assert code == 0, error
    checkpoint = open_checkpoint(out)
    assert checkpoint.config.layers == 3
    assert checkpoint.config.vocab_size < 1280
    told = [
        json.loads((out / "attestations" / f"provenance-derive-{n}.json").read_text())
        for n in (1, 2, 3)
    ]
    kinds = [each["predicate"]["buildDefinition"]["buildType"].split(":")[-1] for each in told]
    assert kinds == ["prune", "quantise", "trim_vocabulary"]
    made = {each["name"]: each["digest"]["sha256"] for each in told[2]["subject"]}
    assert made["model.safetensors"] == sha256_hex((out / "model.safetensors").read_bytes())
    text = json.dumps(told)
    closed = sha256_hex((tmp_path / "closed" / "config.json").read_bytes())
    assert closed not in text
    assert paddock("verify", out)[0] == 0


def test_the_same_steps_give_the_same_release(file: Path, tmp_path: Path, paddock: Paddock) -> None:
    for name in ("one", "two"):
        code, _, error = paddock("release", "build", file, "-o", tmp_path / name)
        assert code == 0, error
    one, two = ((tmp_path / name / "release.json").read_bytes() for name in ("one", "two"))
    assert one == two


def test_a_step_that_cannot_be_done_is_a_refusal(
    file: Path, tmp_path: Path, paddock: Paddock
) -> None:
    file.write_text(RELEASE.replace("[1, 3]", "[9]"))
    code, _, error = paddock("release", "build", file, "-o", tmp_path / "out")
    assert code == 5
    assert "there is no layer 9" in error
    assert not (tmp_path / "out").exists()


def test_rules_about_tensors_wait_for_the_derived_checkpoint(
    file: Path, tmp_path: Path, paddock: Paddock
) -> None:
    """Layer 3 is in the source, and the derived checkpoint has layers 0 to 2."""
    rules = (
        "components:\n"
        "  - {name: Model parameters (Final), access: open,"
        " withhold: [{layers: [3], reason: safety}]}\n"
    )
    file.write_text(
        f"{RELEASE}{rules}  - {{name: Datasets, access: open,"
        ' withhold: [{file: "none/*", reason: privacy}]}\n'
    )
    code, out, _ = paddock("release", "plan", file, "--json")
    checks = {check["id"]: check for check in json.loads(out)["checks"]}
    waiting = checks["withholding.later:model-parameters-final.1"]
    assert (waiting["status"], code) == ("warned", 5)
    assert "layers 3 of Model parameters (Final) can only be judged" in waiting["sentence"]
    assert checks["withholding.rule.unmatched:datasets.1"]["status"] == "unmet"
    file.write_text(RELEASE + rules)
    code, _, error = paddock("release", "build", file, "-o", tmp_path / "out")
    assert code == 5
    assert "the model has no layer 3: it has 3" in error
