"""The same through ``paddock scan``: its child process, its exit codes, its JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.attacks.corpus.case import Expected, Judge, Variant, write_tree
from tests.attacks.corpus.everything import cases, variants
from tests.attacks.judging import EXIT_CODES, scanned
from tests.cli.conftest import Paddock
from tests.cli.conftest import in_process as in_process  # a fixture of the next
from tests.cli.conftest import paddock as paddock  # a fixture

SAMPLES = (1, 14, 31, 40, 57, 63, 67, 71, 86, 90, 99, 106, 112, 115)


@pytest.mark.parametrize("number", SAMPLES)
def test_the_exit_code_is_the_verdicts(number: int, tmp_path: Path, paddock: Paddock) -> None:
    [case] = [case for case in cases(Judge.SCAN) if case.number == number]
    name, tree = next(case.variants())
    path = write_tree(tmp_path, tree)
    code, out, error = paddock("scan", path, "--json")
    report = json.loads(out)
    assert error == "", name
    assert code == EXIT_CODES[report["verdict"]]
    assert report["verdict"] == scanned(path).verdict
    assert bool(report["reasons"]) == (case.expected is not Expected.ACCEPT)
    for reason in report["reasons"]:
        assert reason["code"]
        assert reason["place"]
        assert reason["advice"]


def test_a_folder_of_everything_hostile_names_every_one_of_them(
    tmp_path: Path, paddock: Paddock
) -> None:
    """One process, over a thousand attacks: none of them hides another, or ends the scan."""
    wanted: dict[str, Variant] = {}
    for variant in variants(Judge.SCAN):
        if variant.case.expected is Expected.REJECT:
            name = f"{len(wanted):04}"
            write_tree(tmp_path / name, variant.tree)
            wanted[name] = variant
    code, out, _ = paddock("scan", tmp_path, "--json")
    assert code == 4
    reasons = json.loads(out)["reasons"]
    rejected = {each["place"].split("/")[0] for each in reasons if each["level"] == "reject"}
    assert [wanted[name].id for name in sorted(wanted.keys() - rejected)] == []
    assert not [each for each in reasons if each["code"] == "unfinished"]
