"""Documents of real releases, made on the command line, one after the other."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from huggingface_hub import ModelCard

from paddock.digest import sha256_hex
from paddock.starter import starter_folder
from tests.cli.conftest import Paddock
from tests.cli.conftest import in_process as in_process  # a fixture of the next
from tests.cli.conftest import paddock as paddock  # a fixture


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PADDOCK_CONFIG_HOME", str(tmp_path / "home"))


def write(base: Path, version: str, value: float, **sections: Any) -> Path:
    """A release file beside the starter model, with facts and results."""
    base.mkdir(exist_ok=True)
    weights = sha256_hex((starter_folder() / "model.safetensors").read_bytes())
    if not (base / "model").exists():
        (base / "model").symlink_to(starter_folder())
    row = {"eval": "shop", "value": value, "n": 2000, "share": True, "higher_is_better": True}
    results = {"format": "paddock/audit-results/v1", "model": {"sha256": weights}, "results": [row]}
    (base / "results.json").write_text(json.dumps(results))
    (base / "facts.yaml").write_text(
        f"use.direct: Version {version} answers.\ntraining.data: Made-up talk.\n"
    )
    said = {
        "apiVersion": "paddock/v1",
        "kind": "ModelRelease",
        "metadata": {"name": "shop", "version": version, "date": "2026-11-20"},
        "licenses": {"distribution": "Apache-2.0"},
        "audit": {"results": ["results.json"]},
        "docs": {"facts": "facts.yaml"},
        **sections,
    }
    said["metadata"] |= sections.get("metadata", {})
    (base / "release.yaml").write_text(yaml.safe_dump(said))
    return base


def build(paddock: Paddock, base: Path, out: Path) -> Path:
    code, _, error = paddock(
        "release", "build", base / "release.yaml", "--source", starter_folder(), "-o", out
    )
    assert code == 0, error
    return out


def test_a_release_tells_what_changed_since_the_signed_one_before(
    tmp_path: Path, paddock: Paddock
) -> None:
    base = write(tmp_path / "base", "1.0.0", 0.5)
    first = build(paddock, base, base / "shop-1.0.0")
    assert not (first / "documents" / "CHANGELOG.md").exists()
    write(base, "1.1.0", 0.9)
    later = yaml.safe_load((base / "release.yaml").read_text())
    later["metadata"] |= {"version": "1.1.0", "supersedes": "1.0.0"}
    (base / "release.yaml").write_text(yaml.safe_dump(later))
    second = build(paddock, base, tmp_path / "second")
    page = (second / "documents" / "CHANGELOG.md").read_text().replace("\\", "")
    assert "Compared with 1.0.0" in page
    assert "| shop | 0.5" in page
    assert "| better |" in page
    assert "| Direct use | Version 1.0.0 answers. | Version 1.1.0 answers. |" in page
    assert "unchanged, by SHA-256" in page
    card = ModelCard((second / "README.md").read_text())
    assert card.data.eval_results is not None
    assert card.data.eval_results[0].metric_value == 0.9


def test_a_child_inherits_what_its_parents_signed_release_says(
    tmp_path: Path, paddock: Paddock
) -> None:
    base = write(tmp_path / "base", "1.0.0", 0.5)
    build(paddock, base, base / "parent")
    parent = {
        "id": "acme/parent",
        "path": "parent",
        "relation": "finetune",
        "license": "apache-2.0",
    }
    write(base, "2.0.0", 0.5, lineage={"base_model": [parent]})
    (base / "facts.yaml").write_text("use.direct: Answers.\n")
    child = build(paddock, base, tmp_path / "child")
    facts = {
        r["key"]: r for r in json.loads((child / "documents/facts.json").read_bytes())["facts"]
    }
    assert facts["training.data"]["source"] == "inherited"
    assert facts["training.data"]["by"] == "acme/parent 1.0.0"
    assert facts["use.direct"]["value"] == "Answers."
    card = (child / "README.md").read_text()
    assert "*Inherited from acme/parent 1.0.0.*" in card


def test_a_release_of_a_release_writes_its_own_documents_and_tells_what_it_leaves(
    tmp_path: Path, paddock: Paddock
) -> None:
    base = write(tmp_path / "base", "1.0.0", 0.5)
    first = build(paddock, base, base / "first")
    (base / "first" / "documents" / "of-old.md").write_text("Of the first release.")
    write(base, "2.0.0", 0.5)
    code, out, error = paddock(
        "release", "plan", base / "release.yaml", "--source", first, "--json"
    )
    assert code == 0, error
    plan = json.loads(out)
    left = {row["path"]: row["reason"] for row in plan["left_out"]}
    assert left["documents/of-old.md"] == "belongs to an earlier release"
    assert left["documents/facts.json"] == "belongs to an earlier release"
    assert {"documents/openness.md", "documents/facts.json"} <= set(plan["written_files"])
    (first / "release.json").unlink()
    _, out, _ = paddock("release", "plan", base / "release.yaml", "--source", first, "--json")
    left = {row["path"]: row["reason"] for row in json.loads(out)["left_out"]}
    assert left["documents/facts.json"] == "replaced by a document of this release"
    assert "documents/of-old.md" not in left
