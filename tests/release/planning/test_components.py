"""Which component of the Model Openness Framework a released file belongs to."""

from __future__ import annotations

from pathlib import Path

from paddock.release.planning.plan import Plan
from paddock.release.planning.prepare import Wanted, prepare
from tests.release.building.small import small_release

PARAMETERS = "Model parameters (Final)"


def plan_of(folder: Path, sections: str) -> Plan:
    path = small_release(folder, sections)
    for name in ("rows.jsonl", "notes.txt", "LICENSE"):
        (folder / "model" / name).write_text("{}")
    return prepare(Wanted(path)).plan


def test_what_a_model_needs_to_run_belongs_to_its_parameters(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, "components: []")
    found = {file.path: file.component for file in plan.copied}
    assert found["config.json"] == found["model.safetensors"] == PARAMETERS
    assert {found[name] for name in found if "token" in name} == {PARAMETERS}
    assert found["LICENSE"] is None  # it goes with all of them
    assert not any("no component claims" in sentence for sentence in plan.warnings)


def test_a_file_that_no_component_claims_is_said(tmp_path: Path) -> None:
    rows = "components: [{name: Datasets, access: open, path: ['*.jsonl']}]"
    plan = plan_of(tmp_path, rows)
    assert {f.path: f.component for f in plan.copied}["rows.jsonl"] == "Datasets"
    assert "no component claims notes.txt, recipe.json" in plan.warnings
