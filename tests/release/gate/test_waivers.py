"""A condition that somebody takes upon themselves: signed, with a reason and an end."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from paddock.errors import BadInput
from paddock.release.errors import BadReleaseFile
from paddock.release.evidence import Check, Group
from paddock.release.gate.waivers import foreseen, overdue
from tests.release.gate.stories import Lab, sentences, unmet_ids

ENERGY = Check("documents.energy", "documents", "unmet", "the energy of training is not stated")


def waiver(check: str = ENERGY.id, by: str = "cto", expires: str = "2027-01-31") -> dict[str, Any]:
    return {"check": check, "reason": "a rented cluster", "by": by, "expires": expires}


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    lab = Lab(tmp_path, waivers=[waiver()])
    lab.hire("cto", "lead")
    lab.hire("eve", "lead")
    return lab


def test_a_signed_waiver_lets_it_leave_and_is_told(lab: Lab) -> None:
    lab.waive("cto", ENERGY.id)
    decision = lab.decide(ENERGY)
    assert decision.allowed, sentences(decision)
    (waived,) = decision.waived
    assert waived.evidence[-1].what == "waiver by cto until 2027-01-31"
    assert waived.evidence[-1].quote == "a rented cluster"


def test_an_approval_covers_the_waivers_of_the_file(lab: Lab) -> None:
    lab.approve("cto", "lead")
    assert lab.decide(ENERGY).allowed


def test_words_alone_waive_nothing(lab: Lab) -> None:
    decision = lab.decide(ENERGY)
    assert unmet_ids(decision) == [ENERGY.id]
    assert "cto has not signed it, nor approved this candidate" in sentences(decision)


def test_a_waiver_signed_before_its_end_was_changed_is_worth_nothing(lab: Lab) -> None:
    lab.waive("cto", ENERGY.id)
    lab.sections["gate"]["waivers"] = [waiver(expires="2030-01-31")]
    assert unmet_ids(lab.decide(ENERGY)) == [ENERGY.id]


def test_a_waiver_without_an_end_is_no_waiver(lab: Lab) -> None:
    lab.sections["gate"]["waivers"] = [{k: v for k, v in waiver().items() if k != "expires"}]
    with pytest.raises(BadReleaseFile, match=r"the key 'expires' is missing in gate\.waivers"):
        lab.decide(ENERGY)


def test_an_expired_waiver_is_worth_nothing(lab: Lab) -> None:
    lab.sections["gate"]["waivers"] = [waiver(expires="2026-11-22")]
    lab.waive("cto", ENERGY.id)
    decision = lab.decide(ENERGY)
    assert unmet_ids(decision) == [ENERGY.id]
    assert "it expired on 2026-11-22" in sentences(decision)
    lab.sections["gate"]["waivers"] = [waiver(expires="2026-11-23")]
    lab.waive("cto", ENERGY.id)
    assert lab.decide(ENERGY).allowed


def test_a_waiver_of_nothing_is_told_with_the_nearest_id(lab: Lab) -> None:
    lab.waive("cto", ENERGY.id)
    near = Check("documents.energie", "documents", "unmet", "not stated")
    decision = lab.decide(near)
    assert unmet_ids(decision) == ["documents.energie"]
    assert "there is no such condition (did you mean 'documents.energie'" in sentences(decision)
    met = Check(ENERGY.id, "documents", "met", "12 MWh")
    assert "does not count: the condition is met" in sentences(lab.decide(met))


def test_the_author_waives_nothing(lab: Lab) -> None:
    lab.sections["gate"]["waivers"] = [waiver(by="eve")]
    lab.waive("eve", ENERGY.id)
    assert unmet_ids(lab.decide(ENERGY)) == [ENERGY.id]


def test_a_stranger_cannot_be_named(lab: Lab) -> None:
    lab.sections["gate"]["waivers"] = [waiver(by="mallory")]
    assert "mallory is not one of gate.people" in sentences(lab.decide(ENERGY))
    with pytest.raises(BadInput, match=r"no waiver of documents\.energy by cto"):
        lab.waive("cto", ENERGY.id)


@pytest.mark.parametrize("group", ["integrity", "formats", "licence", "withholding"])
def test_an_open_release_waives_none_of_these(lab: Lab, group: Group) -> None:
    lab.metadata["stage"] = "open"
    lab.sections["gate"]["policy"] = "lax.yaml"
    lax = "apiVersion: paddock/v1\nkind: GatePolicy\nname: lax\n"
    (lab.base / "lax.yaml").write_text(lax)
    lab.waive("cto", ENERGY.id)
    check = Check(ENERGY.id, group, "unmet", "not so")
    decision = lab.decide(check)
    assert unmet_ids(decision) == [ENERGY.id]
    assert f"nothing of {group} may be waived here" in sentences(decision)
    lab.metadata["stage"] = "internal"
    lab.waive("cto", ENERGY.id)
    assert lab.decide(check).allowed


def test_approvals_are_never_waived(lab: Lab) -> None:
    lab.sections["gate"]["approvals"] = {"required": 2}
    lab.sections["gate"]["waivers"] = [waiver("approvals.count")]
    lab.waive("cto", "approvals.count")
    assert unmet_ids(lab.decide()) == ["approvals.count"]


def test_a_waiver_longer_than_the_policy_allows_is_worth_nothing(lab: Lab) -> None:
    lab.sections["gate"]["policy"] = "short.yaml"
    short = "apiVersion: paddock/v1\nkind: GatePolicy\nname: short\nwaivers: {max_days: 30}\n"
    (lab.base / "short.yaml").write_text(short)
    lab.waive("cto", ENERGY.id)
    assert "waivers are for 30 days at most" in sentences(lab.decide(ENERGY))


def test_before_there_is_a_candidate_a_waiver_is_only_foreseen(lab: Lab) -> None:
    assert foreseen(lab.spec, [ENERGY]) == {ENERGY.id}
    lab.metadata["stage"] = "open"
    closed = Check(ENERGY.id, "licence", "unmet", "no notice")
    assert foreseen(lab.spec, [closed]) == frozenset()
    lab.sections["gate"]["waivers"] = [waiver(by="mallory")]
    assert foreseen(lab.spec, [ENERGY]) == frozenset()


def test_a_waiver_that_is_over_is_told_where_it_is_needed(lab: Lab) -> None:
    on, after = date(2027, 1, 31), date(2027, 2, 1)
    met = replace(ENERGY, status="met")
    assert foreseen(lab.spec, [ENERGY], on) == {ENERGY.id}
    assert foreseen(lab.spec, [ENERGY], after) == frozenset()
    assert (overdue(lab.spec, [ENERGY], on), overdue(lab.spec, [met], after)) == ([], [])
    (late,) = overdue(lab.spec, [ENERGY], after)
    assert late.blocks
    assert "by cto expired on 2027-01-31" in late.sentence


@pytest.mark.parametrize(
    "pattern",
    ["*", "documents.*", "documents", "Documents.Energy", "documents.energy.", "documents.?nergy",
     "documents.energy,documents.other"],
)  # fmt: skip
def test_a_waiver_takes_one_condition_by_its_very_id(lab: Lab, pattern: str) -> None:
    lab.sections["gate"]["waivers"] = [waiver(pattern)]
    lab.waive("cto", pattern)
    decision = lab.decide(ENERGY)
    assert unmet_ids(decision) == [ENERGY.id]
    assert not decision.waived


@pytest.mark.parametrize("day", ["2027-02-29", "2026-13-01", "tomorrow", "31.01.2027", "9" * 40])
def test_a_day_that_is_none_ends_no_waiver(lab: Lab, day: str) -> None:
    lab.sections["gate"]["waivers"] = [waiver(expires=day)]
    with pytest.raises(BadReleaseFile):
        assert lab.spec
