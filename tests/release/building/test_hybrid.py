"""A release that keeps layers back: it runs, says what is missing, and holds nothing of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from safetensors.torch import load_file, save_file

from paddock.checkpoint.inspection import inspect_checkpoint
from paddock.release.building.inputs import BuiltRelease
from paddock.release.errors import GateRefused
from paddock.release.planning.prepare import Wanted
from paddock.release.releasing import Surroundings, build_wanted
from paddock.release.verifying.verify import verify_folder
from paddock.signing.keys import load_trust
from tests.attacks.corpus.release_trees import model_files
from tests.release.building.small import HEAD

SECTIONS = """components:
  - name: Model parameters (Final)
    access: open
    path: ["**.safetensors"]
    withhold: [{layers: [1], reason: safety, replace: drop, review_date: 2027-05-01}]
artifacts:
  source: {path: model}
  outputs: [{id: st}, {id: half, dtype: F16}]
"""


def tiny_release(folder: Path) -> Path:
    """A model of random numbers: the starter's leak check takes ten seconds."""
    (folder / "model").mkdir(parents=True)
    for name, content in model_files().items():
        (folder / "model" / name).write_bytes(content)
    path = folder / "release.yaml"
    path.write_text(f"{HEAD}metadata: {{name: Shop, version: 1.0.0}}\n{SECTIONS}")
    return path


def built(path: Path, home: Path) -> BuiltRelease:
    around = Surroundings(home, "", None, progress=lambda _: None)
    return build_wanted(Wanted(path), path.parent / "out", around)


def test_layers_stay_behind_and_what_is_left_runs(tmp_path: Path) -> None:
    release = built(tiny_release(tmp_path / "one"), tmp_path / "home")
    whole, opened = (
        inspect_checkpoint(tmp_path / "one" / "model"),
        inspect_checkpoint(release.folder),
    )
    assert whole.config
    assert opened.config
    assert opened.config.layers == whole.config.layers - 1
    checks = {check.id: check.status for check in release.checks}
    assert {checks["formats.run:st"], checks["formats.run:half"]} == {"met"}
    leaks = {id_: status for id_, status in checks.items() if id_.startswith("withholding.leak")}
    assert set(leaks.values()) == {"met"}
    document = json.loads((release.folder / "release.json").read_bytes())
    assert document["withheld"][0]["reason"] == "safety"
    assert len(document["withheld"][0]["commitment"]) == 64
    told = json.loads((release.folder / "attestations" / "leak-check.json").read_bytes())
    assert told["predicate"]["result"] == "PASSED"
    assert verify_folder(release.folder, load_trust(None, tmp_path / "home")).is_trusted


def test_a_copy_of_what_is_withheld_stops_the_release(tmp_path: Path) -> None:
    path = tiny_release(tmp_path / "one")
    tensors = load_file(tmp_path / "one" / "model" / "model.safetensors")
    hidden = tensors["model.layers.1.self_attn.q_proj.weight"].float().mul(1.5)
    save_file({"probe": hidden}, tmp_path / "one" / "model" / "probe.safetensors")
    with pytest.raises(GateRefused, match=r"withholding\.leak") as refused:
        built(path, tmp_path / "home")
    assert "model.layers.1.self_attn.q_proj.weight is in probe in probe" in refused.value.message
    assert not (tmp_path / "one" / "out").exists()
