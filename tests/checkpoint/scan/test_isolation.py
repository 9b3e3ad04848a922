"""The scanning process from outside: it may die, hang, flood or lie, and the verdict holds."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

from paddock.checkpoint.scan.entries import Entry
from paddock.checkpoint.scan.isolated import process
from paddock.checkpoint.scan.isolation import MAX_PROCESSES, scan, scan_isolated
from paddock.checkpoint.scan.limits import Limits
from paddock.checkpoint.scan.report import Report, Verdict


def entries(folder: Path, count: int) -> list[Entry]:
    for number in range(count):
        (folder / f"{number}.txt").write_text("honest words\n")
    return [Entry(f"{number}.txt", folder / f"{number}.txt") for number in range(count)]


def answering(monkeypatch: pytest.MonkeyPatch, program: str) -> None:
    """Put ``program`` in place of the process; ``job`` and ``say`` are there for it."""
    start = (
        "import json, os, sys, time\njob = json.loads(sys.stdin.readline())\n"
        "def say(**told):\n    print(json.dumps(told), flush=True)\n"
    )
    monkeypatch.setattr(process, "_COMMAND", [sys.executable, "-I", "-c", start + program])


def unfinished(report: Report) -> list[str]:
    return [reason.place for reason in report.reasons if reason.code == "unfinished"]


def test_an_honest_folder_is_clean(tmp_path: Path) -> None:
    entries(tmp_path, 3)
    report = scan(tmp_path)
    assert report.verdict is Verdict.CLEAN
    assert [(file.path, file.kind) for file in report.files] == [
        (f"{number}.txt", "text") for number in range(3)
    ]


def test_after_a_process_died_at_a_file_another_one_scans_the_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answering(monkeypatch, """
for at, (path, file) in enumerate(job["entries"]):
    if at in job["done"]: continue
    say(begun=at)
    if at == 1: os.kill(os.getpid(), 11)
    say(finished=at, kind="text", size_bytes=1, reasons=[])
say(compared=[])
""")  # fmt: skip
    report = scan_isolated(entries(tmp_path, 3))
    assert unfinished(report) == ["1.txt"]
    assert [file.verdict for file in report.files] == [
        Verdict.CLEAN, Verdict.REJECT, Verdict.CLEAN,
    ]  # fmt: skip


def test_a_process_that_hangs_is_ended_with_everything_it_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "SPARE_SECONDS", 0)
    answering(monkeypatch, f"""
say(begun=0)
if not os.fork(): time.sleep(2); open({str(tmp_path / "survived")!r}, "w")
time.sleep(60)
""")  # fmt: skip
    started = time.monotonic()
    report = scan_isolated(entries(tmp_path, 1), Limits(seconds=1))
    assert unfinished(report) == ["0.txt", ""]
    assert time.monotonic() - started < 20
    time.sleep(2)
    assert not (tmp_path / "survived").exists()


LIES = {
    "silence": "",
    "no JSON": "print('clean')",
    "deep JSON": "print('[' * 100000)",
    "an unknown code": "say(begun=0); say(finished=0, kind='text', size_bytes=1, "
    "reasons=[['fine', '', '']])",
    "a file that is not there": "say(begun=7)",
    "another file": "say(begun=0); say(finished=1, kind='text', size_bytes=1, reasons=[])",
    "all at once": "say(compared=[])",
    "an unknown type": "say(begun=0); say(finished=0, kind='tea', size_bytes=1, reasons=[])",
    "negative sizes": "say(begun=0); say(finished=0, kind='text', size_bytes=-1, reasons=[])",
    "a flood": "say(begun=0)\nwhile True: sys.stdout.write('x' * 65536)",
}


@pytest.mark.parametrize("lie", LIES)
def test_nonsense_is_never_a_clean_verdict(
    lie: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answering(monkeypatch, LIES[lie])
    report = scan_isolated(entries(tmp_path, 2))
    assert report.verdict is Verdict.REJECT
    assert {file.verdict for file in report.files} == {Verdict.REJECT}


def test_processes_are_not_started_without_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = tmp_path / "log"
    answering(monkeypatch, f"open({str(log)!r}, 'a').write('x'); say(begun=len(job['done']))")
    folder = tmp_path / "files"
    folder.mkdir()
    report = scan_isolated(entries(folder, MAX_PROCESSES + 5))
    assert len(log.read_text()) == MAX_PROCESSES
    assert {file.verdict for file in report.files} == {Verdict.REJECT}


def test_no_process_at_all_is_no_clean_verdict(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "_COMMAND", ["/nonexistent"])
    assert scan_isolated(entries(tmp_path, 1)).verdict is Verdict.REJECT


def test_a_file_that_needs_more_memory_than_there_is_is_unfinished(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(b"[" + b"[1]," * 6_000_000 + b"1]")
    report = scan(tmp_path, Limits(memory_bytes=48 << 20))
    assert report.verdict is Verdict.REJECT
    assert "unfinished" in {reason.code for reason in report.reasons}


def test_progress_names_each_file(tmp_path: Path) -> None:
    told: list[tuple[int, int, str]] = []
    scan_isolated(entries(tmp_path, 2), progress=lambda *step: told.append(step))
    assert told == [(0, 2, "0.txt"), (1, 2, "1.txt")]
