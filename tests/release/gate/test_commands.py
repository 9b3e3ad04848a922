"""``paddock release approve`` and ``approvals``: a person signs what they have before them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from paddock.release.building.work_folder import work_path
from tests.cli.conftest import Paddock
from tests.cli.conftest import in_process as in_process  # a fixture of the next
from tests.cli.conftest import paddock as paddock  # a fixture
from tests.release.gate.stories import Lab


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lab:
    monkeypatch.setenv("PADDOCK_CONFIG_HOME", str(tmp_path / "home"))
    lab = Lab(tmp_path / "lab", approvals={"required": 2, "roles": ["safety", "legal"]})
    lab.hire("ada", "safety")
    lab.hire("bob", "legal")
    assert lab.spec.gate.author == "eve"
    candidate = lab.base / ".acme-1.0.0.work" / "candidate"
    candidate.mkdir(parents=True)
    (candidate / "config.json").write_bytes(b"{}")
    return lab


def _approve(paddock: Paddock, lab: Lab, person: str, role: str) -> tuple[int, str, str]:
    return paddock(
        "release", "approve", lab.base, "--as", person, "--role", role,
        "--key", lab.private[person], "--note", "looked at it",
    )  # fmt: skip


def test_two_people_approve_and_everybody_sees_it(lab: Lab, paddock: Paddock) -> None:
    code, out, _ = paddock("release", "approvals", lab.base)
    assert code == 5
    assert "nobody approves as legal" in out
    assert _approve(paddock, lab, "ada", "safety")[0] == 0
    code, out, _ = paddock("release", "approvals", lab.base)
    assert (code, "ada approves as safety" in out, "looked at it" in out) == (5, True, True)
    assert _approve(paddock, lab, "bob", "legal")[0] == 0
    code, out, _ = paddock("release", "approvals", lab.base, "--json")
    assert code == 0
    said = json.loads(out)
    assert (said["complete"], [a["person"] for a in said["approvals"]]) == (True, ["ada", "bob"])


def test_a_candidate_that_changes_has_no_approvals(lab: Lab, paddock: Paddock) -> None:
    _approve(paddock, lab, "ada", "safety")
    (lab.base / ".acme-1.0.0.work" / "candidate" / "config.json").write_bytes(b"[]")
    code, out, _ = paddock("release", "approvals", lab.base)
    assert code == 5
    assert "0 of 2 people approve" in out
    assert "it is about the content root" in out


def test_what_could_never_count_is_refused_with_a_hint(lab: Lab, paddock: Paddock) -> None:
    code, _, error = _approve(paddock, lab, "ada", "legal")
    assert (code, "ada does not have the role legal" in error) == (1, True)
    code, _, error = _approve(paddock, lab, "ada", "safety")
    lab.private["bob"] = lab.private["ada"]
    code, _, error = _approve(paddock, lab, "bob", "legal")
    assert (code, "is not the one that gate.people names for bob" in error) == (1, True)
    code, _, error = paddock(
        "release", "approve", lab.base, "--as", "ada", "--key", lab.private["ada"]
    )
    assert (code, "give either --role or --waive" in error) == (2, True)


def test_without_a_candidate_there_is_nothing_to_approve(lab: Lab, paddock: Paddock) -> None:
    (lab.base / ".acme-1.0.0.work").rename(lab.base / "elsewhere")
    code, _, error = _approve(paddock, lab, "ada", "safety")
    assert code == 1
    assert "there is no candidate of acme 1.0.0 here" in error
    code, out, _ = paddock(
        "release", "approve", lab.base, "--as", "ada", "--role", "safety",
        "--key", lab.private["ada"], "--candidate", lab.base / "elsewhere" / "candidate",
    )  # fmt: skip
    assert (code, out.startswith("ada approves as safety: ")) == (0, True)


def test_the_candidate_is_found_by_what_the_build_was_told(
    lab: Lab, paddock: Paddock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    kept = lab.base / ".acme-1.0.0.work"
    kept.rename(elsewhere / kept.name)
    (elsewhere / kept.name / "lock").touch()
    approve = ("release", "approvals", lab.base)
    assert "there is no candidate" in paddock(*approve)[2]
    for way in (("-o", elsewhere / "out"), ("--candidate", elsewhere / kept.name)):
        code, out, error = paddock(*approve, *way)
        assert (code, "nobody approves as legal" in out) == (5, True), error
    # A build whose release file lies in the source keeps its work in the folder of the settings.
    cache = tmp_path / "cache"
    monkeypatch.setenv("PADDOCK_WORK_FOLDER", str(cache))
    lab.sections["artifacts"] = {"source": {"path": "."}}
    where = work_path("acme", "1.0.0", lab.base, lab.base, cache)
    where.parent.mkdir(parents=True)
    assert lab.spec.artifacts.source == "."
    (elsewhere / kept.name).rename(where)
    code, out, error = paddock(*approve)
    assert (code, "nobody approves as legal" in out) == (5, True), error


def test_two_candidates_are_one_too_many(
    lab: Lab, paddock: Paddock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = tmp_path / "here"
    shutil.copytree(lab.base / ".acme-1.0.0.work", here / ".acme-1.0.0.work")
    monkeypatch.chdir(here)
    code, _, error = _approve(paddock, lab, "ada", "safety")
    assert (code, "there are two candidates" in error) == (1, True)
