"""A release held against the framework: what counts, and what a kinder claim meets."""

from __future__ import annotations

from typing import Any

from paddock.release.documents.mof.assessment import Assessment, assess, mof_checks
from paddock.release.documents.mof.framework import REQUIRED
from paddock.release.spec.release_spec import ReleaseSpec
from tests.release.documents.described import described


def spec(
    names: frozenset[str] = REQUIRED[3], claimed: int | None = None, **more: Any
) -> ReleaseSpec:
    rows = [{"name": name, "access": "open", "license": "CC0-1.0"} for name in sorted(names)]
    docs = {"mof": {"claimed_class": claimed}} if claimed is not None else {}
    return described({"components": rows, "docs": docs, **more}).spec


def row(found: Assessment, name: str) -> tuple[str, bool, str]:
    (each,) = [each for each in found.rows if each.name == name]
    return each.access, each.counts, each.why


def test_what_is_open_under_terms_that_count_makes_a_class() -> None:
    for mof_class in (3, 2, 1):
        found = assess(spec(REQUIRED[mof_class]))
        assert found.now.mof_class == found.without_gates.mof_class == mof_class
        assert found.now.label in found.in_words
    assert assess(spec()).now.missing == (
        "Evaluation code", "Evaluation data", "Inference code", "Training code",
    )  # fmt: skip


def test_a_gate_before_the_whole_counts_against_every_part_also_when_it_lets_everybody_in() -> None:
    found = assess(spec(access={"mechanism": "clickthrough"}))
    assert (found.now.mof_class, found.without_gates.mof_class) == (0, 3)
    assert row(found, "Model card") == ("gated", False, "gated")
    assert "open" not in found.in_words.lower().replace("openness", "")


def test_what_is_kept_back_in_part_does_not_count_even_without_gates() -> None:
    rows = [{"name": name, "access": "open", "license": "CC0-1.0"} for name in sorted(REQUIRED[3])]
    for each in rows:
        if each["name"] == "Model parameters (Final)":
            each["withhold"] = [{"layers": [3], "reason": "safety"}]
    found = assess(described({"components": rows}).spec)
    assert (found.now.mof_class, found.without_gates.mof_class) == (0, 0)
    assert row(found, "Model parameters (Final)") == ("open", False, "withheld in part")


def test_why_something_does_not_count_is_said() -> None:
    rows = [
        {"name": "Datasets", "access": "withheld", "reason": "third_party_rights"},
        {"name": "Research paper", "access": "not_produced"},
        {"name": "Training code", "access": "open", "license": "LicenseRef-acme"},
        {"name": "Technical report", "access": "open", "license": "Apache-2.0"},
    ]
    found = assess(described({"components": rows, "licenses": {"distribution": "unknown"}}).spec)
    assert row(found, "Datasets") == ("withheld", False, "withheld: third party rights")
    assert row(found, "Research paper") == ("not_produced", False, "not produced")
    assert row(found, "Training code")[2] == "LicenseRef-acme does not count as open"
    assert row(found, "Technical report") == (
        "open", True, "Apache-2.0 was not made for document",
    )  # fmt: skip
    assert row(found, "Model card") == ("open", False, "unknown does not count as open")
    assert row(found, "Evaluation data") == ("unknown", False, "not declared")


def test_a_claim_that_is_not_the_computed_class_is_unmet_with_what_is_missing() -> None:
    for claimed, status in ((3, "met"), (2, "unmet"), (1, "unmet"), (0, "unmet"), (None, "met")):
        (check,) = mof_checks(spec(claimed=claimed))
        assert (check.id, check.status) == ("documents.mof", status), claimed
    (check,) = mof_checks(spec(claimed=1))
    assert "docs.mof.claimed_class is 1 (Class I - Open Science Model)" in check.sentence
    assert check.evidence[0].quote is not None
    assert "Training code" in check.evidence[0].quote
