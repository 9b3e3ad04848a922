"""Results against bounds: the whole interval, of the weights that are shipped, young enough."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from paddock.release.errors import BadReleaseFile
from tests.release.gate.stories import WEIGHTS, Lab, sentences, unmet_ids


class Auditing(Lab):
    """A lab whose audit is in results/audit.json."""

    def __init__(self, base: Path) -> None:
        super().__init__(base)
        self.rows: list[dict[str, Any]] = []
        self.model: dict[str, Any] = {"sha256": WEIGHTS}
        self.said: dict[str, Any] = {"date": "2026-11-20"}

    def found(self, eval_: str, value: float, spread: float | None = 0.02, **more: Any) -> None:
        interval = {} if spread is None else {"low": value - spread, "high": value + spread}
        self.rows.append({"eval": eval_, "value": value, **interval, **more})

    def ask(self, kind: str = "quality", **condition: Any) -> None:
        audit = self.sections.setdefault("audit", {"results": "results/*.json"})
        audit.setdefault(kind, []).append(condition)

    def save(self) -> None:
        (self.base / "results").mkdir(exist_ok=True)
        document = {
            "format": "paddock/audit-results/v1", "model": self.model, "results": self.rows,
            **self.said,
        }  # fmt: skip
        (self.base / "results" / "audit.json").write_text(json.dumps(document))

    def judged(self, id_: str) -> tuple[str, str]:
        self.save()
        check = next(check for check in self.decide().checks if check.id == id_)
        return check.status, check.sentence


@pytest.fixture
def lab(tmp_path: Path) -> Auditing:
    return Auditing(tmp_path)


@pytest.mark.parametrize(("value", "status"), [(0.97, "met"), (0.95, "undecided"), (0.92, "unmet")])
def test_the_lower_end_counts(lab: Auditing, value: float, status: str) -> None:
    lab.ask(eval="refusals", min=0.95)
    lab.found("refusals", value)
    assert lab.judged("quality.refusals.min")[0] == status
    assert lab.decide().allowed == (status == "met")


@pytest.mark.parametrize(("value", "status"), [(0.01, "met"), (0.05, "undecided"), (0.09, "unmet")])
def test_the_upper_end_counts(lab: Auditing, value: float, status: str) -> None:
    lab.ask("privacy", eval="canaries", max=0.05)
    lab.found("canaries", value)
    assert lab.judged("privacy.canaries.max")[0] == status


def test_a_point_is_never_enough(lab: Auditing) -> None:
    lab.ask(eval="refusals", min=0.1)
    lab.found("refusals", 0.99, spread=None)
    status, sentence = lab.judged("quality.refusals.min")
    assert (status, sentence) == (
        "undecided", "refusals is 0.99, and nobody knows how sure that is",
    )  # fmt: skip


def test_an_interval_of_little_confidence_is_not_enough(lab: Auditing) -> None:
    lab.ask(eval="refusals", min=0.1)
    lab.found("refusals", 0.99, level=0.5)
    assert lab.judged("quality.refusals.min")[0] == "undecided"


def test_an_evaluation_that_is_not_in_the_results_is_undecided(lab: Auditing) -> None:
    lab.ask(eval="mmlu", min=0.5)
    lab.found("refusals", 0.99)
    assert lab.judged("quality.mmlu.min") == ("undecided", "there is no result of mmlu")
    assert not lab.decide().allowed


def test_the_worst_of_several_results_counts(lab: Auditing) -> None:
    lab.ask(eval="mmlu", min=0.5)
    lab.found("mmlu", 0.9)
    lab.found("mmlu", 0.2)
    assert lab.judged("quality.mmlu.min")[0] == "unmet"


def test_results_of_other_weights_are_refused(lab: Auditing) -> None:
    lab.ask(eval="mmlu", min=0.5)
    lab.found("mmlu", 0.9)
    lab.model = {"sha256": "0" * 64}
    status, sentence = lab.judged("results.model:mmlu")
    assert status == "unmet"
    assert sentence.endswith("which is not shipped")
    assert "quality.mmlu.min" in unmet_ids(lab.decide())


def test_a_model_tuned_from_the_weights_may_be_measured(lab: Auditing) -> None:
    lab.ask("safety", eval="malicious_finetune_bio", baseline="best_open", max_uplift=0.05)
    attacked = {"sha256": "9" * 64, "tuned_from": WEIGHTS}
    lab.found("malicious_finetune_bio", 0.30, model=attacked)
    lab.found("malicious_finetune_bio", 0.29, spread=0.0, model={"name": "best_open"})
    assert lab.judged("safety.malicious_finetune_bio.max_uplift")[0] == "met"
    lab.rows[1]["model"] = {"name": "another"}
    assert lab.judged("safety.malicious_finetune_bio.max_uplift")[0] == "undecided"


def test_the_ratio_is_the_least_that_it_can_be(lab: Auditing) -> None:
    lab.sections["lineage"] = {"base_model": [{"id": "meta-llama/Llama-3.1-8B"}]}
    lab.ask(eval="mmlu", min_ratio_to_base=0.9)
    lab.found("mmlu", 0.70)
    lab.found("mmlu", 0.72, model={"name": "meta-llama/Llama-3.1-8B"})
    assert lab.judged("quality.mmlu.min_ratio_to_base")[0] == "met"  # 0.68 of 0.74 is 0.92
    lab.sections["audit"]["quality"][0]["min_ratio_to_base"] = 0.93  # 0.68 of 0.72 is 0.94
    assert lab.judged("quality.mmlu.min_ratio_to_base")[0] == "undecided"


def test_a_bound_settled_before_measuring_counts_and_one_settled_after_does_not(
    lab: Auditing,
) -> None:
    lab.ask("safety", eval="bio", baseline="open", max_uplift="bio.json")
    lab.found("bio", 0.30)
    lab.found("bio", 0.29, model={"name": "open"})
    settled = {
        "format": "paddock/preregistered/v1", "eval": "bio", "baseline": "open",
        "max_uplift": 0.1, "registered": "2026-11-01",
    }  # fmt: skip
    (lab.base / "bio.json").write_text(json.dumps(settled))
    status, sentence = lab.judged("safety.bio.max_uplift")
    assert status == "met"
    assert "settled on 2026-11-01" in sentence
    (lab.base / "bio.json").write_text(json.dumps({**settled, "registered": "2026-11-21"}))
    status, sentence = lab.judged("safety.bio.max_uplift")
    assert status == "undecided"
    assert "not before bio was measured" in sentence
    (lab.base / "bio.json").write_text(json.dumps({**settled, "eval": "cyber"}))
    assert lab.judged("safety.bio.max_uplift")[0] == "undecided"


def test_the_open_policy_asks_for_every_kind_of_result_and_an_attack(lab: Auditing) -> None:
    lab.metadata["stage"] = "open"
    lab.save()
    decision = lab.decide()
    assert {"quality.required:*", "safety.required:malicious_finetune*", "privacy.required:*",
            "bias.required:*", "approvals.count", "approvals.role:safety", "approvals.role:legal",
            "approvals.cooloff"} <= set(unmet_ids(decision))  # fmt: skip
    assert decision.policy == "open"


def test_old_results_and_results_of_nowhere_do_not_count_for_gated(lab: Auditing) -> None:
    lab.metadata["stage"] = "gated"
    lab.ask(eval="mmlu", min=0.5)
    lab.found("mmlu", 0.9)
    lab.said, lab.model = {"date": "2025-01-01"}, {}
    lab.save()
    assert {"results.age:mmlu.1", "results.model:mmlu"} <= set(unmet_ids(lab.decide()))


def test_no_gate_section_asks_only_what_was_judged(lab: Auditing) -> None:
    del lab.sections["gate"]
    lab.metadata["stage"] = "open"
    decision = lab.decide()
    assert decision.allowed, sentences(decision)
    assert decision.policy == "none"


def test_a_file_of_results_that_is_not_there_is_an_error(lab: Auditing) -> None:
    lab.ask(eval="mmlu", min=0.5)
    with pytest.raises(BadReleaseFile, match=r"'results/\*\.json' matches no file"):
        lab.decide()


def test_a_report_of_somebody_outside_must_be_there(lab: Auditing) -> None:
    lab.sections["audit"] = {"independent": [{"reviewer": "org", "report": "reviews/org.pdf"}]}
    assert unmet_ids(lab.decide()) == ["safety.review:org"]
    (lab.base / "reviews").mkdir()
    (lab.base / "reviews" / "org.pdf").write_bytes(b"%PDF-")
    assert lab.decide().allowed


LM_EVAL = {
    "config": {"model": "hf", "model_args": "pretrained=/models/acme"},
    "configs": {"mmlu": {}},
    "results": {"mmlu": {"acc,none": 0.7, "acc_stderr,none": 0.004}},
    "n-samples": {"mmlu": {"original": 14042, "effective": 14042}},
}


def of_another_tool(lab: Auditing, **measured_on: Any) -> None:
    """Results that name no weights, as lm-evaluation-harness writes them."""
    (lab.base / "results").mkdir()
    (lab.base / "results" / "lm.json").write_text(json.dumps(LM_EVAL))
    lab.ask(eval="mmlu:acc", min=0.6)
    lab.sections["audit"]["results"] = "results/lm.json"
    if measured_on:
        lab.sections["audit"]["measured_on"] = [{"results": "results/lm.json", **measured_on}]


def test_results_that_name_no_weights_meet_no_policy(lab: Auditing) -> None:
    of_another_tool(lab)
    decision = lab.decide()
    assert unmet_ids(decision) == ["results.model:mmlu:acc"]
    assert "does not say which weights it is of" in sentences(decision)


def test_they_count_by_the_word_of_a_person_who_approves(lab: Auditing) -> None:
    lab.hire("ada", "safety")
    of_another_tool(lab, sha256=WEIGHTS, by="ada")
    decision = lab.decide()
    assert unmet_ids(decision) == ["results.model:mmlu:acc"]
    assert "is ada's word, who has not approved" in sentences(decision)
    lab.approve("ada", "safety")
    decision = lab.decide()
    assert decision.allowed, sentences(decision)
    assert "says ada: the file itself names no weights" in sentences(decision)


@pytest.mark.parametrize(
    ("measured_on", "said"),
    [
        ({"sha256": "0f" * 32, "by": "ada"}, "which is not shipped"),
        ({"sha256": WEIGHTS, "by": "eve"}, "is eve's word"),
        ({"sha256": WEIGHTS, "by": "ADA"}, "is ADA's word"),
    ],
)
def test_a_word_for_other_weights_or_by_somebody_else_does_not_count(
    lab: Auditing, measured_on: dict[str, Any], said: str
) -> None:
    lab.hire("ada", "safety")
    of_another_tool(lab, **measured_on)
    lab.approve("ada", "safety")
    decision = lab.decide()
    assert "results.model:mmlu:acc" in unmet_ids(decision)
    assert said in sentences(decision)


def test_nobody_declares_what_a_file_says_itself(lab: Auditing) -> None:
    lab.found("refusals", 0.99)
    lab.ask(eval="refusals", min=0.9)
    lab.save()
    said = {"results": "results/audit.json", "sha256": "0f" * 32, "by": "ada"}
    lab.sections["audit"]["measured_on"] = [said]
    with pytest.raises(BadReleaseFile, match="says that it is of"):
        lab.decide()
    lab.sections["audit"]["measured_on"] = [{**said, "results": "results/none*.json"}]
    with pytest.raises(BadReleaseFile, match="matches no file of results"):
        lab.decide()


def test_ten_thousand_results_are_judged_at_once(lab: Auditing) -> None:
    for number in range(9_000):
        lab.found(f"task-{number % 3}", 0.9)
    lab.save()
    lab.sections["audit"] = {"results": "results/*.json"}
    assert len([c for c in lab.decide().checks if c.id.startswith("results.model:")]) == 9_000
