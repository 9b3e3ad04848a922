"""One scan: what a check that fails leaves behind, and what many reasons become."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from paddock.checkpoint.scan import scanning
from paddock.checkpoint.scan.entries import Entry
from paddock.checkpoint.scan.limits import MAX_REASONS_OF_A_FILE, Limits
from paddock.checkpoint.scan.looking import Look
from paddock.checkpoint.scan.report import Reason, Verdict
from tests.checkpoint.scan.scans import codes, scanned


def with_check(monkeypatch: pytest.MonkeyPatch, check: object) -> None:
    monkeypatch.setattr(scanning, "_FILE_CHECKS", ((None, check),))


@pytest.mark.parametrize("error", [MemoryError(), RecursionError(), KeyError("x"), OSError("disk")])
def test_a_check_that_fails_rejects_the_file(
    error: Exception, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(look: Look) -> Iterator[Reason]:
        yield Reason("wrong_name", look.name, "this was found before")
        raise error

    with_check(monkeypatch, broken)
    report = scanned(tmp_path, {"a.txt": b"x"})
    assert report.verdict is Verdict.REJECT
    assert [reason.code for reason in report.reasons] == ["unfinished", "wrong_name"]


def test_a_check_that_takes_too_long_rejects_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def endless(look: Look) -> Iterator[Reason]:
        while True:
            look.budget.tick()
        yield

    with_check(monkeypatch, endless)
    assert codes(tmp_path, "a.txt", b"x", Limits(seconds=0)) == {"unfinished"}


def test_a_file_that_changes_while_it_is_scanned_is_rejected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def swap(look: Look) -> Iterator[Reason]:
        other = look.file.with_suffix(".other")
        other.write_bytes(look.head)
        other.rename(look.file)
        yield from ()

    with_check(monkeypatch, swap)
    report = scanned(tmp_path, {"a.txt": b"x"})
    assert [r.message for r in report.reasons] == ["it changed while it was scanned"]


def test_a_link_in_place_of_a_file_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("/etc/hostname")
    report = scanning.scan_entries([Entry("a", tmp_path / "a")])
    assert report.verdict is Verdict.REJECT


def test_a_file_that_vanished_is_rejected(tmp_path: Path) -> None:
    report = scanning.scan_entries([Entry("a", tmp_path / "a")])
    assert [reason.code for reason in report.reasons] == ["unreadable"]


def test_of_very_many_reasons_the_worst_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def many(look: Look) -> Iterator[Reason]:
        for number in range(3 * MAX_REASONS_OF_A_FILE):
            yield Reason("wrong_name", look.name, f"{number}")
        yield Reason("executable", look.name, "\ud800" * 5000)

    with_check(monkeypatch, many)
    (file,) = scanned(tmp_path, {"a.txt": b"x"}).files
    assert len(file.reasons) == MAX_REASONS_OF_A_FILE
    assert file.reasons[0].code == "executable"
    file.reasons[0].message.encode("utf-8")


def test_names_are_judged_with_the_files(tmp_path: Path) -> None:
    report = scanned(tmp_path, {"a\u202ecod.exe.txt": b"x", "aux.txt": b"x", "README": b"x",
                                "readme": b"x"})  # fmt: skip
    assert {reason.code for reason in report.reasons} == {
        "odd_name", "unportable_name", "name_collision",
    }  # fmt: skip
