"""An adapter is released without its model, and is tried on it where it is at hand."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from paddock.starter import starter_folder
from tests.cli.conftest import Paddock
from tests.cli.conftest import in_process as in_process  # a fixture of the next
from tests.cli.conftest import paddock as paddock  # a fixture

LAYERS, WIDTH = 5, 192
RELEASE = """\
apiVersion: paddock/v1
kind: ModelRelease
metadata: {name: shop-voice, version: 1.0.0, library_name: peft, date: 2026-11-20}
lineage:
  base_model: [{id: acme/starter, relation: adapter, license: apache-2.0, path: base}]
licenses: {distribution: apache-2.0}
artifacts: {source: {path: adapter}}
"""


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PADDOCK_CONFIG_HOME", str(tmp_path / "home"))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A release file, its adapter, and the model that it is for."""
    shutil.copytree(starter_folder(), tmp_path / "base")
    write_adapter(tmp_path / "adapter", {"base_model_name_or_path": "acme/starter"})
    shutil.copy(starter_folder() / "LICENSE", tmp_path / "adapter")
    (tmp_path / "release.yaml").write_text(RELEASE)
    return tmp_path / "release.yaml"


def write_adapter(folder: Path, settings: dict[str, object], width: int = WIDTH) -> None:
    folder.mkdir(exist_ok=True)
    rng = np.random.default_rng(0)
    module = "base_model.model.model.layers.{}.self_attn.q_proj.lora_{}.weight"
    tensors = {}
    for layer in range(LAYERS):
        tensors[module.format(layer, "A")] = rng.standard_normal((2, width), np.float32)
        tensors[module.format(layer, "B")] = rng.standard_normal((width, 2), np.float32)
    save_file(tensors, folder / "adapter_model.safetensors")
    known = {"peft_type": "LORA", "r": 2, "lora_alpha": 4, "target_modules": ["q_proj"]}
    (folder / "adapter_config.json").write_text(json.dumps({**known, **settings}))


def plan(file: Path, paddock: Paddock) -> tuple[int, dict[str, str]]:
    """The exit code, and what forbids the release, by id."""
    code, out, error = paddock("release", "plan", file, "--json")
    assert out, error
    checks = json.loads(out)["checks"]
    return code, {c["id"]: c["sentence"] for c in checks if c["status"] in ("unmet", "undecided")}


def test_an_adapter_is_built_run_on_its_model_and_verifies(
    file: Path, tmp_path: Path, paddock: Paddock
) -> None:
    code, _, error = paddock("release", "build", file, "-o", tmp_path / "out")
    assert code == 0, error
    ran = json.loads((tmp_path / "out" / "attestations" / "run.json").read_text())
    assert "formats.run:safetensors" in ran["predicate"]["passedTests"]
    assert paddock("verify", tmp_path / "out")[0] == 0
    card = (tmp_path / "out" / "README.md").read_text()
    assert "base_model_relation: adapter" in card
    assert "Rank of the adapter | 2" in card


def test_without_its_model_nobody_says_that_it_runs(
    file: Path, tmp_path: Path, paddock: Paddock
) -> None:
    file.write_text(RELEASE.replace(", path: base", ""))
    code, _, error = paddock("release", "build", file, "-o", tmp_path / "out")
    assert code == 5
    assert "the adapter was not run" in error


def test_an_adapter_of_another_shape_is_refused(
    file: Path, tmp_path: Path, paddock: Paddock
) -> None:
    write_adapter(tmp_path / "adapter", {"base_model_name_or_path": "acme/starter"}, width=64)
    code, _, error = paddock("release", "build", file, "-o", tmp_path / "out")
    assert code == 5
    assert "does not fit its base model" in error


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"base_model_name_or_path": "/home/ada/models/base"}, "a path of one machine"),
        ({"base_model_name_or_path": "acme/other"}, "lineage.base_model does not name"),
    ],
)
def test_the_model_that_it_names_must_be_findable_and_declared(
    settings: dict[str, object], sentence: str, file: Path, tmp_path: Path, paddock: Paddock
) -> None:
    write_adapter(tmp_path / "adapter", settings)
    code, forbids = plan(file, paddock)
    assert code == 5
    assert sentence in forbids["integrity.adapter"]


def test_what_is_no_adapter_is_said(file: Path, tmp_path: Path, paddock: Paddock) -> None:
    weights = tmp_path / "adapter" / "adapter_model.safetensors"
    name = "base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight"
    for tensors, sentence in (
        ({name: np.zeros((2, WIDTH), np.float32)}, "only half of"),
        ({"model.norm.weight": np.zeros(2, np.float32)}, "no part of a LoRA adapter"),
    ):
        save_file(tensors, weights)
        code, forbids = plan(file, paddock)
        assert code == 5
        assert sentence in forbids["formats.checkpoint"]
    weights.write_bytes(b"\x00" * 20)
    assert plan(file, paddock)[0] == 5
    weights.unlink()
    (tmp_path / "adapter" / "adapter_model.bin").write_bytes(b"PK")
    assert "is a pickle" in plan(file, paddock)[1]["formats.checkpoint"]
