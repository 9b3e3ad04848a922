"""California's pages: AB 2013 on training data, SB 53 on frontier models."""

from __future__ import annotations

from typing import Any

import pytest

from paddock.release.documents.regulators import (
    AB2013,
    SB53,
    judge_documents,
    public_documents,
)
from paddock.release.documents.us.ab2013 import _TITLES, Ab2013Answers
from paddock.release.evidence import Check
from paddock.release.facts import declared
from tests.release.documents.described import DATASET, described

SB53_ANSWERS = {
    "website": "https://acme.example",
    "contact": "https://acme.example/contact",
    "intended_uses": "Assistants of shops.",
    "restrictions": "Those of the licence.",
}


def checks(content: Any) -> dict[str, Check]:
    return {check.id: check for check in judge_documents(content)}


def with_ab2013(setting: str = "auto", dataset: Any = DATASET, **answers: Any) -> Any:
    docs = {"us_ca": {"ab2013": setting}, "datasets": ["d.yaml"], "bom": []}
    return described({"docs": docs}, {"d.yaml": dataset, **answers},
                     {"data/train.jsonl": b'{"a": 1}\n'})  # fmt: skip


def test_the_twelve_points_come_out_of_the_descriptions_of_data_sets() -> None:
    content = with_ab2013()
    assert checks(content)["documents.us.ab2013"].status == "met"
    page = public_documents(content)[AB2013].decode()
    for title in _TITLES.values():
        assert f"### {title}" in page
    assert "Shop talk: 2025-01-01 to 2026-03-31" in page
    assert "Acme AI Ltd" in page
    assert len(_TITLES) == len(Ab2013Answers.model_fields) == 12


@pytest.mark.parametrize("point", ["rights", "personal", "synthetic", "first_used"])
def test_a_point_that_one_description_leaves_out_is_asked_for(point: str) -> None:
    gone = {**DATASET, "ab2013": {k: v for k, v in DATASET["ab2013"].items() if k != point}}
    check = checks(with_ab2013(dataset=gone))[f"documents.us.ab2013.{point}"]
    assert check.status == "unmet"
    assert check.hint == f"name a file of answers in docs.us_ca.ab2013, and answer {point} there"
    answered = with_ab2013("ab.yaml", gone, **{"ab.yaml": {point: "See the data card."}})
    assert checks(answered)["documents.us.ab2013"].status == "met"
    assert "See the data card." in public_documents(answered)[AB2013].decode()


def test_what_is_not_applicable_is_not_made() -> None:
    content = described({"docs": {"us_ca": {}}})
    assert not {AB2013, SB53} & set(public_documents(content))
    assert not [name for name in checks(content) if ".us." in name]


def with_sb53(setting: str, answers: dict[str, Any], flop: float | None = None) -> Any:
    facts = [declared("Operations", flop, "training.flop")] if flop else []
    docs = {"us_ca": {"sb53": setting}, "bom": []}
    return described({"docs": docs}, {setting: answers} if answers else {}, facts=facts)


def test_a_transparency_report_is_answered_whole() -> None:
    content = with_sb53("sb.yaml", SB53_ANSWERS)
    assert checks(content)["documents.us.sb53"].status == "met"
    page = public_documents(content)[SB53].decode()
    assert "Assistants of shops." in page and "2026-11-20" in page
    assert "Catastrophic" not in page


def test_a_large_developer_says_more() -> None:
    found = checks(with_sb53("sb.yaml", {**SB53_ANSWERS, "large_developer": True}))
    for key in ("risk_assessments", "third_parties", "framework_steps"):
        assert found[f"documents.us.sb53.{key}"].hint == f"answer {key} in sb.yaml"


def test_a_frontier_model_cannot_be_not_applicable() -> None:
    found = checks(with_sb53("not_applicable", {}, 2e26))
    assert found["documents.us.sb53"].status == "unmet"
    assert "documents.us.sb53" not in checks(with_sb53("not_applicable", {}, 9e25))
