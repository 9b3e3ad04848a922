"""A release is built, refused, looked at, approved by two people and built to the end."""

from __future__ import annotations

import datetime
import json
from pathlib import Path

import pytest

from tests.attacks.corpus.release_trees import model_files
from tests.cli.conftest import Paddock
from tests.cli.conftest import in_process as in_process  # a fixture of the next
from tests.cli.conftest import paddock as paddock  # a fixture
from tests.release.gate.stories import Lab


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lab:
    monkeypatch.setenv("PADDOCK_CONFIG_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    lab = Lab(tmp_path / "lab", approvals={"required": 2, "roles": ["safety", "legal"]})
    lab.hire("ada", "safety", "legal")
    lab.hire("bob", "legal")
    lab.sections["artifacts"] = {"source": {"path": "model"}}
    (lab.base / "model").mkdir()
    for name, content in model_files().items():
        (lab.base / "model" / name).write_bytes(content)
    assert lab.spec.gate.author == "eve"
    return lab


def approve(paddock: Paddock, lab: Lab, person: str, role: str) -> None:
    code, _, error = paddock(
        "release", "approve", lab.base, "--as", person, "--role", role, "--key", lab.private[person]
    )
    assert code == 0, error


def test_what_two_people_approved_is_what_is_released(lab: Lab, paddock: Paddock) -> None:
    out = lab.base / "out"
    code, answer, error = paddock("release", "build", lab.base, "-o", out, "--json")
    assert code == 5
    assert "nobody approves as safety" in error
    refusal = json.loads(answer)
    assert refusal["error"]["code"] == "conditions_not_met"
    assert not refusal["decision"]["allowed"]
    approve(paddock, lab, "ada", "safety")
    approve(paddock, lab, "ada", "legal")  # the same person once more
    code, _, error = paddock("release", "build", lab.base, "-o", out)
    assert code == 5
    assert "1 of 2 people approve" in error
    assert "a person counts once" in error
    approve(paddock, lab, "ada", "safety")
    approve(paddock, lab, "bob", "legal")
    code, answer, error = paddock("release", "build", lab.base, "-o", out, "--json")
    assert code == 0, error
    decision = json.loads((out / "gate" / "decision.json").read_bytes())
    assert decision["root"] == json.loads(answer)["content_root"]
    assert sorted(a["person"] for a in decision["approvals"]) == ["ada", "bob"]
    assert len(list((out / "gate" / "statements").iterdir())) == 2
    statement = json.loads((out / "attestations" / "gate.json").read_bytes())
    assert "PADDOCK_GATE_ALLOWED" in statement["predicate"]["properties"]
    code, answer, _ = paddock("verify", out, "--json")
    verdict = json.loads(answer)
    assert (code, verdict["verdict"]) == (0, "trusted")
    assert verdict["gates"][0].startswith("gate allowed, dated ")
    assert " by those who approved: " in verdict["gates"][0]


def test_a_gate_that_nobody_approved_is_dated_by_the_release_file_and_says_so(
    lab: Lab, paddock: Paddock
) -> None:
    lab.sections["gate"] = {"author": "eve"}
    lab.metadata["date"] = datetime.date(2026, 11, 20)
    assert lab.spec.metadata.date
    out = lab.base / "out"
    code, _, error = paddock("release", "build", lab.base, "-o", out)
    assert code == 0, error
    code, answer, _ = paddock("verify", out)
    assert code == 0
    assert "gate allowed, dated 2026-11-20 as release.yaml says: " in answer
