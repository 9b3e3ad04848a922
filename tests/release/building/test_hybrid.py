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
from paddock.starter import starter_folder
from tests.release.building.small import small_release

SECTIONS = """components:
  - name: Model parameters (Final)
    access: open
    path: ["*.safetensors", "*.gguf"]
    withhold: [{layers: [1], reason: safety, replace: drop, review_date: 2027-05-01}]
artifacts:
  source: {path: model}
  outputs: [{id: st}, {id: q8, format: gguf, quant: Q8_0}]
"""


def built(path: Path, home: Path) -> BuiltRelease:
    around = Surroundings(home, "", None, progress=lambda _: None)
    return build_wanted(Wanted(path), path.parent / "out", around)


def test_layers_stay_behind_and_what_is_left_runs(tmp_path: Path) -> None:
    release = built(small_release(tmp_path / "one", SECTIONS), tmp_path / "home")
    whole, opened = inspect_checkpoint(starter_folder()), inspect_checkpoint(release.folder)
    assert whole.config
    assert opened.config
    assert opened.config.layers == whole.config.layers - 1
    checks = {check.id: check.status for check in release.checks}
    assert {checks["formats.run:st"], checks["formats.run:q8"]} == {"met"}
    leaks = {id_: status for id_, status in checks.items() if id_.startswith("withholding.leak")}
    assert set(leaks.values()) == {"met"}
    document = json.loads((release.folder / "release.json").read_bytes())
    assert document["withheld"][0]["reason"] == "safety"
    assert len(document["withheld"][0]["commitment"]) == 64
    told = json.loads((release.folder / "attestations" / "leak-check.json").read_bytes())
    assert told["predicate"]["result"] == "PASSED"
    assert verify_folder(release.folder, load_trust(None, tmp_path / "home")).is_trusted


def test_a_copy_of_what_is_withheld_stops_the_release(tmp_path: Path) -> None:
    path = small_release(tmp_path / "one", SECTIONS)
    tensors = load_file(starter_folder() / "model.safetensors")
    hidden = tensors["model.layers.1.self_attn.q_proj.weight"].float().mul(1.5)
    save_file({"probe": hidden}, tmp_path / "one" / "model" / "probe.safetensors")
    with pytest.raises(GateRefused, match=r"withholding\.leak") as refused:
        built(path, tmp_path / "home")
    assert "model.layers.1.self_attn.q_proj.weight is in probe in probe" in refused.value.message
    assert not (tmp_path / "one" / "out").exists()
