"""The table of risks of generative AI (NIST AI 600-1)."""

from __future__ import annotations

from typing import Any

import pytest

from paddock.release.documents.regulators import RISKS as PATH
from paddock.release.documents.regulators import judge_documents, public_documents
from paddock.release.documents.us.risks import RISKS
from paddock.release.errors import BadReleaseFile
from paddock.release.evidence import Check
from paddock.release.results.result import Result
from tests.release.documents.described import described

TREATED = {
    "applies": True, "measured_by": ["refusal_suite"], "mitigation": "tuning",
    "residual": "rare mistakes", "owner": "safety@acme.example",
}  # fmt: skip
RESULT = Result("refusal_suite", 0.97, 0.95, 0.98, n=2000)


def answers(**changed: Any) -> dict[str, Any]:
    rows = [{"risk": risk, "applies": False, "reason": "no such capability"} for risk in RISKS]
    rows[1] = {"risk": RISKS[1], **TREATED, **changed}
    return {"govern": "A board meets monthly.", "risks": rows}


def release(told: dict[str, Any]) -> Any:
    return described({"docs": {"risks": "r.yaml", "bom": []}}, {"r.yaml": told}, results=(RESULT,))


def checks(told: dict[str, Any]) -> dict[str, Check]:
    return {check.id: check for check in judge_documents(release(told))}


def test_the_twelve_risks_are_told_with_what_the_audit_measured() -> None:
    assert len(RISKS) == 12
    assert checks(answers())["documents.us.risks"].status == "met"
    page = public_documents(release(answers()))[PATH].decode()
    assert "| refusal\\_suite 0.97 (0.95 to 0.98), measured |" in page
    assert page.count("| no: no such capability |") == 11
    assert "A board meets monthly." in page


@pytest.mark.parametrize("key", ["mitigation", "residual", "owner"])
def test_a_risk_that_applies_is_treated_in_full(key: str) -> None:
    told = answers()
    del told["risks"][1][key]
    check = checks(told)[f"documents.us.risks.confabulation.{key}"]
    assert check.status == "unmet" and check.hint == "answer it under risks in r.yaml"


def test_a_result_may_be_declared_where_no_audit_has_it() -> None:
    told = answers(measured_by=["an outside review"])
    assert checks(told)["documents.us.risks.confabulation.result"].status == "unmet"
    told = answers(measured_by=["an outside review"], result="nothing found")
    assert checks(told)["documents.us.risks"].status == "met"


def test_silence_about_a_risk_is_no_answer() -> None:
    told = answers()
    told["risks"] = told["risks"][:-1]
    check = checks(told)["documents.us.risks.value_chain_and_component_integration"]
    assert "nobody said whether the risk applies" in check.sentence


def test_a_risk_that_does_not_apply_needs_a_reason_and_none_is_there_twice() -> None:
    with pytest.raises(BadReleaseFile, match="needs a reason"):
        release({"risks": [{"risk": RISKS[0], "applies": False}]})
    with pytest.raises(BadReleaseFile, match="there twice"):
        release({"risks": [{"risk": RISKS[1], **TREATED}] * 2})
    with pytest.raises(BadReleaseFile, match="is not one of"):
        release({"risks": [{"risk": "Nothing", **TREATED}]})
