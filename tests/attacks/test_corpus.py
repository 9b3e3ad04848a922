"""Every numbered case gets its verdict; what is judged by a scan is judged as files on disk."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.attacks.corpus.case import Case, Judge, Variant, write_tree
from tests.attacks.corpus.everything import LAST_OF_THE_LIST, cases
from tests.attacks.judging import is_as_expected, scanned


def _title(case: Case) -> str:
    return f"{case.number:03} {case.title}"


def test_no_number_of_the_list_is_missing_or_there_twice() -> None:
    numbers = [case.number for case in cases()]
    assert sorted(n for n in numbers if n <= LAST_OF_THE_LIST) == list(
        range(1, LAST_OF_THE_LIST + 1)
    )
    assert len(set(numbers)) == len(numbers)


@pytest.mark.parametrize("case", cases(Judge.SCAN), ids=_title)
def test_a_scan_gives_the_verdict_of_the_list(case: Case, tmp_path: Path) -> None:
    wrong, names = [], []
    for number, (name, tree) in enumerate(case.variants()):
        found = scanned(write_tree(_folder(tmp_path, number), tree))
        names.append(name)
        if not is_as_expected(found, case.expected):
            wrong.append(f"{Variant(case, name, tree).id}: {case.expected} was {found}")
    assert not wrong, "\n".join(wrong)
    assert names
    assert len(set(names)) == len(names)


def _folder(parent: Path, number: int) -> Path:
    folder = parent / f"{number}"
    folder.mkdir()
    return folder


def test_no_hostile_input_runs_anything(tmp_path: Path) -> None:
    """Every payload is the command ``true``; in a copy it would leave a mark, and none is left."""
    mark = tmp_path / "mark"
    command = f"touch {mark}".encode()
    text = len(command).to_bytes(4, "little") + command
    for case in cases(Judge.SCAN):
        for number, (_, tree) in enumerate(case.variants() if case.number < 30 else ()):
            armed = {
                name: content.replace(b"\x04\x00\x00\x00true", text)
                for name, content in tree.items()
                if isinstance(content, bytes)
            }
            scanned(write_tree(_folder(tmp_path, case.number * 1000 + number), armed))
    assert not mark.exists()
