"""The licence cases of the corpus: each is refused by the condition that it breaks."""

from __future__ import annotations

from pathlib import Path

import pytest

from paddock.release.evidence import Check
from paddock.release.planning.prepare import Wanted, prepare
from tests.attacks.corpus.case import Case, write_tree
from tests.attacks.corpus.licences import FAMILY, derived

# The condition that a case breaks, and words of the term or finding that its refusal quotes.
BECAUSE = {
    127: ("licence.llama3.1.name", "at the beginning of any such AI model name"),
    128: ("licence.llama3.1.notice", "attribution notice"),
    129: ("licence.llama3.1.notice", "attribution notice"),
    130: ("licence.llama3.1.display", "prominently display"),
    131: ("licence.", "Llama"),
    132: ("licence.llama", "to improve any other large language model"),
    133: ("licence.cc-by-nc.commercial", "NonCommercial purposes only"),
    134: ("licence.gemma", "Gemma"),
    135: ("licence.", "Attachment A"),
    136: ("licence.parent", ""),
    137: ("licence.", ""),
    138: ("licence.declaration.eu_domiciled", "European Union"),
    139: ("licence.openmdw-1.0.copy", "a copy of this agreement"),
    140: ("licence.expression", ""),
}

# Conditions that these releases do not meet either. Nobody has signed for a Llama yet.
BESIDES = {
    133: ("licence.apache-2.0.copy", "licence.cc-by-nc.copy"),
    134: ("licence.unknown",),
    139: ("licence.text:LICENSE",),
}


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PADDOCK_CONFIG_HOME", str(tmp_path / "home"))


def stopping(folder: Path) -> list[Check]:
    return [check for check in prepare(Wanted(folder)).plan.checks if check.blocks]


def words(check: Check) -> str:
    return " ".join([check.sentence, *(proof.quote or "" for proof in check.evidence)])


@pytest.mark.parametrize("case", FAMILY.cases, ids=lambda case: f"{case.number} {case.title}")
def test_a_case_is_refused_for_its_own_reason(
    case: Case, tmp_path: Path, shared_data: Path
) -> None:
    id_, quote = BECAUSE[case.number]
    for name, tree in case.variants():
        checks = stopping(write_tree(tmp_path / name, tree))
        right = [check for check in checks if check.id.startswith(id_)]
        assert right, (name, checks)
        assert any(quote in words(check) for check in right), (name, right)
        allowed = (id_, "licence.declaration.", *BESIDES.get(case.number, ()))
        others = [check.id for check in checks if not check.id.startswith(allowed)]
        assert not others, (name, others)


def test_the_release_that_the_cases_change_lacks_nothing_but_a_signature(
    tmp_path: Path, shared_data: Path
) -> None:
    checks = stopping(write_tree(tmp_path / "whole", derived()))
    assert {check.id for check in checks} == {
        "licence.declaration.mau_over_700m", "licence.declaration.outputs_used",
    }  # fmt: skip
