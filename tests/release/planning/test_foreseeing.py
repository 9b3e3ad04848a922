"""``paddock release plan`` says what the gate and the signatures lack, and changes nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from paddock.signing.keys import create_key
from tests.attacks.corpus.release_trees import model_files
from tests.cli.conftest import Paddock
from tests.cli.conftest import in_process as in_process  # a fixture of the next
from tests.cli.conftest import paddock as paddock  # a fixture
from tests.release.gate.stories import Lab


class Planning(Lab):
    """A lab that asks for plans."""

    def __init__(self, base: Path, paddock: Paddock) -> None:
        super().__init__(base, approvals={"required": 1})
        self.paddock = paddock
        self.hire("ada", "safety")
        self.sections["artifacts"] = {"source": {"path": "model"}}
        self.sections["licenses"] = {"distribution": "apache-2.0"}
        (base / "model").mkdir()
        for name, content in model_files().items():
            (base / "model" / name).write_bytes(content)

    def plan(self) -> tuple[int, dict[str, tuple[str, str]], list[str]]:
        """The exit code, the gate's conditions by id, and what blocks."""
        assert self.spec
        before = self.everything()
        code, out, error = self.paddock("release", "plan", self.base, "--json")
        assert out, error
        assert self.everything() == before
        said = json.loads(out)
        checks = {check["id"]: (check["status"], check["sentence"]) for check in said["gate"]}
        return code, checks, said["blocks"]

    def everything(self) -> dict[Path, bytes]:
        place = self.base.parent
        return {path: path.read_bytes() for path in place.rglob("*") if path.is_file()}

    def results(self, value: float) -> None:
        (self.base / "results.json").write_text(json.dumps({
            "format": "paddock/audit-results/v1", "model": {"sha256": "0f" * 32},
            "results": [{"eval": "refusals", "value": value, "low": value, "high": value}],
        }))  # fmt: skip
        self.sections["audit"] = {
            "results": "results.json",
            "safety": [{"eval": "refusals", "min": 0.9}],
            "quality": [{"eval": "kl_vs_source", "max": 0.1}],
        }


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, paddock: Paddock) -> Planning:
    monkeypatch.setenv("PADDOCK_CONFIG_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    return Planning(tmp_path / "lab", paddock)


def test_missing_approvals_block_and_those_of_the_kept_candidate_count(lab: Planning) -> None:
    code, checks, blocks = lab.plan()
    assert (code, checks["approvals.count"][0]) == (5, "unmet")
    assert blocks == ["0 of 1 people approve: nobody yet"]
    assert lab.paddock("release", "build", lab.base, "-o", lab.base / "out")[0] == 5
    approve = ("release", "approve", lab.base, "--as", "ada", "--role", "safety")
    assert lab.paddock(*approve, "--key", lab.private["ada"])[0] == 0
    code, checks, blocks = lab.plan()
    assert (code, checks["approvals.count"][0], blocks) == (0, "met", [])


@pytest.mark.parametrize(
    ("policy", "said"),
    [
        (None, "cannot be read"),
        ("kind: GatePolicy\n", "apiVersion: must be"),
        ("apiVersion: paddock/v1\nkind: GatePolicy\nname: a\nscan: dirty\n", "scan"),
        ("apiVersion: paddock/v1\nkind: GatePolicy\nname: a\nsafety: []\n", "unknown key"),
    ],
)
def test_a_policy_that_is_missing_or_bad_blocks(
    lab: Planning, policy: str | None, said: str
) -> None:
    lab.sections["gate"]["policy"] = "policy.yaml"
    if policy is not None:
        (lab.base / "policy.yaml").write_text(policy)
    code, checks, _ = lab.plan()
    assert (code, checks["gate.policy"][0]) == (5, "unmet")
    assert said in checks["gate.policy"][1]


def test_a_result_below_its_threshold_blocks_and_one_of_the_build_is_waited_for(
    lab: Planning,
) -> None:
    lab.sections["gate"]["approvals"] = {"required": 0}
    lab.results(0.8)
    code, checks, _ = lab.plan()
    assert (code, checks["safety.refusals.min"][0]) == (5, "unmet")
    lab.results(0.95)
    code, checks, blocks = lab.plan()
    assert (code, blocks) == (0, [])
    (lab.base / "results.json").write_text("[")
    code, _, error = lab.paddock("release", "plan", lab.base)
    assert (code, "results.json" in error) == (1, True)


def test_a_waiver_that_is_over_lets_the_plan_pass_no_more(lab: Planning) -> None:
    lab.sections["gate"]["approvals"] = {"required": 0}
    lab.results(0.8)
    said = {"check": "safety.refusals.min", "reason": "later", "by": "ada"}
    lab.sections["gate"]["waivers"] = [{**said, "expires": "2999-01-01"}]
    code, checks, _ = lab.plan()
    assert (code, checks["safety.refusals.min"][0]) == (0, "waived")
    lab.sections["gate"]["waivers"] = [{**said, "expires": "2020-01-01"}]
    code, checks, _ = lab.plan()
    assert (code, checks["safety.refusals.min"][0]) == (5, "unmet")


def test_keys_that_are_missing_unreadable_or_elsewhere_block(
    lab: Planning, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab.sections["gate"]["approvals"] = {"required": 0}
    create_key(lab.base / "locked.pem", "p256", "a password")
    create_key(lab.base / "mine.pem", "ed25519", None)
    monkeypatch.delenv("PADDOCK_KEY_PASSWORD", raising=False)
    sign: dict[str, Any] = {"oms": {"key": "keys/none.pem"}, "dsse": {"keys": ["mine.pem"]}}
    lab.sections["sign"] = sign
    code, checks, _ = lab.plan()
    assert (code, checks["signing.oms"][0], checks["signing.dsse"][0]) == (5, "unmet", "met")
    assert "cannot be read" in checks["signing.oms"][1]
    sign["oms"] = {"key": "locked.pem"}
    assert "is encrypted" in lab.plan()[1]["signing.oms"][1]
    sign["oms"] = {"key": "mine.pem"}
    sign["dsse"] = {"keys": ["mine.pem", "locked.pub.pem"], "threshold": 2}
    code, checks, _ = lab.plan()
    assert (code, checks["signing.dsse"]) == (
        5, ("unmet", "1 of the 2 keys that must sign are here"),
    )  # fmt: skip
    (lab.base / "people" / "ada.pem").unlink()
    assert "ada.pem cannot be read" in lab.plan()[1]["approvals.key:ada"][1]
