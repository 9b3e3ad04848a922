"""The numbered cases of documents, refused for the reason that they were made for."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.attacks.corpus.case import write_tree
from tests.attacks.corpus.documents import FAMILY
from tests.cli.conftest import Paddock
from tests.cli.conftest import in_process as in_process  # a fixture of the next
from tests.cli.conftest import paddock as paddock  # a fixture

REASONS = {
    163: "documents.claims:",
    165: "documents.placeholder:",
    166: "documents.mof",
}


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PADDOCK_CONFIG_HOME", str(tmp_path / "home"))


@pytest.mark.parametrize("number", REASONS)
def test_the_plan_refuses_a_case_for_its_own_reason(
    number: int, tmp_path: Path, paddock: Paddock
) -> None:
    case = next(case for case in FAMILY.cases if case.number == number)
    for name, tree in case.variants():
        code, out, error = paddock("release", "plan", write_tree(tmp_path / name, tree), "--json")
        assert code == 5, (name, error)
        against = [c["id"] for c in json.loads(out)["checks"] if c["status"] == "unmet"]
        assert [id_ for id_ in against if id_.startswith(REASONS[number])], (name, against)


def test_results_of_other_bytes_are_found_when_the_bytes_are_there(
    tmp_path: Path, paddock: Paddock
) -> None:
    case = next(case for case in FAMILY.cases if case.number == 164)
    for name, tree in case.variants():
        folder = write_tree(tmp_path / name, tree)
        code, _, error = paddock("release", "build", folder, "-o", tmp_path / "out")
        assert code == 5, error
        assert "mmlu was measured on weights with the digest 0000000000" in error
        assert "which are not shipped" in error
