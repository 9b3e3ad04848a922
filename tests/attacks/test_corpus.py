"""Every numbered case gets its verdict; what is judged by a scan is judged as files on disk."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.attacks.corpus.case import Case, Expected, Judge, Variant, write_tree
from tests.attacks.corpus.everything import LAST_OF_THE_LIST, cases, variants
from tests.attacks.judging import is_as_expected, scanned


def _title(case: Case) -> str:
    return f"{case.number:03} {case.title}"


def test_no_number_of_the_list_is_missing_or_there_twice() -> None:
    numbers = [case.number for case in cases()]
    assert sorted(n for n in numbers if n <= LAST_OF_THE_LIST) == list(
        range(1, LAST_OF_THE_LIST + 1)
    )
    assert len(set(numbers)) == len(numbers)


def test_every_case_has_an_input_and_no_input_is_there_twice_in_its_case() -> None:
    for case in cases():
        names = [name for name, _ in case.variants()]
        assert names, case.number
        assert len(set(names)) == len(names), case.number


@pytest.mark.parametrize("case", cases(Judge.SCAN), ids=_title)
def test_a_scan_gives_the_verdict_of_the_list(case: Case, tmp_path: Path) -> None:
    wrong = []
    for number, (name, tree) in enumerate(case.variants()):
        found = scanned(write_tree(_folder(tmp_path, number), tree))
        if not is_as_expected(found, case.expected):
            wrong.append(f"{Variant(case, name, tree).id}: {case.expected} was {found}")
    assert not wrong, "\n".join(wrong)


def _folder(parent: Path, number: int) -> Path:
    folder = parent / f"{number}"
    folder.mkdir()
    return folder


def test_no_hostile_input_runs_anything(tmp_path: Path) -> None:
    """Every payload is the command ``true``; in a copy it would leave a mark, and none is left."""
    mark = tmp_path / "mark"
    for number, variant in enumerate(variants(Judge.SCAN)):
        if variant.case.expected is Expected.REJECT and variant.case.number <= 29:
            command = f"touch {mark}".encode()
            tree = {
                name: content.replace(
                    b"\x04\x00\x00\x00true", len(command).to_bytes(4, "little") + command
                )
                for name, content in variant.tree.items()
                if isinstance(content, bytes)
            }
            scanned(write_tree(_folder(tmp_path, number), tree))
    assert not mark.exists()
