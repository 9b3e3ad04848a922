"""Thresholds, modifiers and the exemption: contradictions are told, the law is not."""

from __future__ import annotations

from typing import Any

from paddock.release.documents.regulators import judge_documents
from paddock.release.evidence import Check
from paddock.release.facts import declared
from paddock.release.licences.judgement import Duty, Grant, Judgement
from tests.release.documents.described import EU, described

FREEDOMS = ("commercial", "modify", "redistribute")
OPEN = Judgement(grants=tuple(Grant(name, True) for name in FREEDOMS))
EXEMPT = {"gpai": True, "free_open_exemption": True, "copyright_policy": "docs/copyright.md"}


def checks(eu: dict[str, Any], judgement: Judgement = OPEN, **sections: Any) -> dict[str, Check]:
    uses = declared("Direct use", "Assistants of shops.", "use.direct", "docs/facts.yaml")
    content = described(
        {"docs": {"eu": eu, "bom": []}, **sections}, facts=[uses], judgement=judgement
    )
    return {check.id: check for check in judge_documents(content)}


def test_more_than_the_indicative_operations_contradict_a_no() -> None:
    for said in (False, None):
        check = checks({"gpai": said, "training_flop": 2e23})["documents.eu.gpai"]
        assert check.status == "unmet" and check.group == "legal"
        assert [each.quote for each in check.evidence] == ["more", "1.0e23"]
    assert checks({"gpai": False, "training_flop": 9e22})["documents.eu.gpai"].status == "met"
    assert checks({"gpai": None})["documents.eu.gpai"].status == "undecided"


def test_systemic_risk_is_presumed_above_its_threshold() -> None:
    found = checks({"gpai": True, "training_flop": 2e25})
    assert found["documents.eu.systemic_risk"].status == "unmet"
    found = checks({"gpai": True, "training_flop": 2e25, "systemic_risk": True})
    assert "documents.eu.systemic_risk" not in found


def test_a_modifier_is_measured_against_a_third_of_the_original() -> None:
    lineage = {"base_model": [{"id": "meta-llama/Llama-3.1-8B", "relation": "finetune"}]}
    known = {"gpai": False, "training_flop": 2e23, "original_training_flop": 1.2e24}
    check = checks(known, lineage=lineage)["documents.eu.modifier"]
    assert check.status == "met" and "no more than a third" in check.sentence
    check = checks({**known, "training_flop": 5e23}, lineage=lineage)["documents.eu.modifier"]
    assert check.status == "unmet" and "meta-llama/Llama-3.1-8B" in check.sentence
    unknown = {"gpai": False, "training_flop": 4e22}
    check = checks(unknown, lineage=lineage)["documents.eu.modifier"]
    assert check.status == "unmet" and "is not known" in check.sentence
    found = checks({**unknown, "training_flop": 3e22}, lineage=lineage)
    assert found["documents.eu.modifier"].status == "met"


def test_a_copyright_policy_is_needed_also_under_the_exemption() -> None:
    found = checks({"gpai": True, "free_open_exemption": True})
    assert found["documents.eu.copyright_policy"].status == "unmet"


def test_an_open_release_has_nothing_against_the_exemption() -> None:
    found = checks(EXEMPT)
    assert found["documents.eu.exemption"].status == "met"
    assert "documents.eu.form.design" not in found  # 53(1)(a) and (b) are lifted
    assert "documents.eu.summary.updated" in found  # 53(1)(d) is not


def test_what_speaks_against_the_exemption_is_quoted() -> None:
    ceiling = Duty("mau_ceiling", "llama3.1", "2", "greater than 700 million monthly active users")
    judged = Judgement(
        grants=(Grant("commercial", False, "cc-by-nc-4.0", "2.a", "for NonCommercial purposes"),
                Grant("modify", True), Grant("redistribute", True)),
        duties=(ceiling,),
    )  # fmt: skip
    found = checks(EXEMPT, judged)
    (evidence,) = found["documents.eu.exemption.commercial"].evidence
    assert evidence.quote == "for NonCommercial purposes"
    assert "ceiling of users" in found["documents.eu.exemption.mau_ceiling"].sentence
    gated = checks(EXEMPT, metadata={"stage": "gated"}, access={"mechanism": "clickthrough"})
    assert gated["documents.eu.exemption.access"].status == "unmet"
    kept = [{"name": "Model parameters (Final)", "access": "open",
             "withhold": [{"layers": [3], "reason": "safety"}]}]  # fmt: skip
    assert checks(EXEMPT, components=kept)["documents.eu.exemption.weights"].status == "unmet"
    risky = checks({**EXEMPT, "systemic_risk": True})
    assert risky["documents.eu.exemption.systemic_risk"].status == "unmet"
    assert "documents.eu.exemption" not in risky


def test_terms_that_nobody_read_leave_the_exemption_undecided() -> None:
    found = checks(EXEMPT, Judgement())
    assert found["documents.eu.exemption.terms"].status == "undecided"


def test_nothing_says_that_something_is_legal() -> None:
    for eu in (EU, EXEMPT, {"gpai": True, "training_flop": 2e25}):
        for check in checks({k: v for k, v in eu.items() if k not in {"form", "summary"}}).values():
            assert not {"legal", "lawful", "compliant", "complies"} & set(check.sentence.split())
