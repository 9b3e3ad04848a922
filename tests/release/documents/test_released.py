"""Regulators' documents in a release that is really built, by the command line."""

from __future__ import annotations

import json
import shutil
import stat
from pathlib import Path
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from paddock.errors import BadInput
from paddock.release.building.private_documents import write_private
from tests.attacks.corpus.case import write_tree
from tests.attacks.corpus.release_trees import model_files
from tests.cli.conftest import Paddock
from tests.cli.conftest import in_process as in_process  # a fixture of the next
from tests.cli.conftest import paddock as paddock  # a fixture
from tests.release.documents.described import (
    DATASET,
    EU,
    FORM,
    ROWS,
    SPEC,
    SUMMARY,
    described_yaml,
)


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PADDOCK_CONFIG_HOME", str(tmp_path / "home"))


def folder_of(place: Path, form: dict[str, Any], **eu: Any) -> Path:
    """A general-purpose model that ships a data set, with all files of answers beside it."""
    docs = {
        "eu": {**EU, **eu},
        "datasets": ["docs/data.yaml"],
        "bom": ["cyclonedx-1.6", "cyclonedx-1.7", "spdx-3.0.1"],
        "us_ca": {"ab2013": "auto"},
    }
    release = {**SPEC, "docs": docs, "metadata": {**SPEC["metadata"], "name": "acme"}}
    return write_tree(place, {
        **model_files(),
        "release.yaml": described_yaml(release),
        "data/train.jsonl": ROWS,
        "docs/form.yaml": described_yaml(form),
        "docs/summary.yaml": described_yaml(SUMMARY),
        "docs/data.yaml": described_yaml(DATASET),
        "docs/copyright.md": b"We follow robots.txt. Complaints: rights@acme.example\n",
    })  # fmt: skip


def test_a_release_has_its_documents_and_authorities_have_theirs(
    tmp_path: Path, paddock: Paddock
) -> None:
    source, out = folder_of(tmp_path / "model", FORM), tmp_path / "out"
    code, text, error = paddock("release", "build", source, "-o", out, "--json")
    assert code == 0, error
    for name in ("model-documentation.md", "annex-xii.md", "training-summary.html",
                 "training-data.md", "copyright-policy.md", "croissant/shop-talk.json",
                 "bom.spdx.json"):  # fmt: skip
        assert (out / "documents" / name).is_file(), name
    for name, version in (("bom", SchemaVersion.V1_6), ("bom-1.7", SchemaVersion.V1_7)):
        raw = (out / "documents" / f"{name}.cdx.json").read_text()
        assert JsonStrictValidator(version).validate_str(raw) is None
    croissant = json.loads((out / "documents/croissant/shop-talk.json").read_text())
    assert len(croissant["recordSet"][0]["field"]) == 5
    assert not (out / "docs").exists()  # the answers stay with the maker
    released = b"".join(path.read_bytes() for path in out.rglob("*") if path.is_file())
    for secret in (b"Meters of the room", b"1.3e23", b"1.3e+23", b"1.3E+23", b"178.4", b"10624"):
        assert secret not in released, secret
    private = Path(json.loads(text)["private"])
    assert private == out.with_name("out.private")
    assert stat.S_IMODE(private.stat().st_mode) == 0o700
    office = (private / "model-documentation.aio.md").read_text()
    assert "Meters of the room" in office and "model.safetensors" in office
    assert (private / "model-documentation.nca.md").is_file()


def test_documents_for_authorities_in_the_source_are_not_released(
    tmp_path: Path, paddock: Paddock
) -> None:
    source, out = folder_of(tmp_path / "model", FORM), tmp_path / "built"
    assert paddock("release", "build", source, "-o", out)[0] == 0
    shutil.move(tmp_path / "built.private", source)
    code, text, _ = paddock("release", "plan", source, "--json")
    assert code == 0
    assert not [file["path"] for file in json.loads(text)["files"] if ".private/" in file["path"]]
    assert "documents for authorities alone" in text


def test_a_place_that_is_taken_is_told_before_anything_is_there(tmp_path: Path) -> None:
    (tmp_path / "out.private").symlink_to(tmp_path)
    with pytest.raises(BadInput, match="is in the way"):
        write_private({"a.md": b"x"}, tmp_path / "out")
    assert write_private({}, tmp_path / "out") is None


def test_what_is_not_answered_is_refused_with_file_and_key(
    tmp_path: Path, paddock: Paddock
) -> None:
    form = {key: value for key, value in FORM.items() if key != "energy_mwh"}
    source, out = folder_of(tmp_path / "model", form), tmp_path / "out"
    code, text, _ = paddock("release", "plan", source, "--json")
    assert code == 5
    (check,) = [c for c in json.loads(text)["checks"] if c["status"] == "unmet"]
    assert check["id"] == "documents.eu.form.energy_mwh"
    assert check["hint"] == "answer energy_mwh in docs/form.yaml"
    assert paddock("release", "build", source, "-o", out)[0] == 5
    assert not out.exists() and not out.with_name("out.private").exists()
