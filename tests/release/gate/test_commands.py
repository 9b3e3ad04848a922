"""``paddock release approve`` and ``approvals``: a person signs what they have before them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

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
