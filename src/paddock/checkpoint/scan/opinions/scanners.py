"""The scanners that are known: what each looks at, how it is called, what its answers mean.

Exit codes and reports as of picklescan 1.0, modelscan 0.8, fickling 0.1 and modelaudit-picklescan
0.1. What is not understood is ``unfinished``: no answer is read as a good one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from paddock.checkpoint.scan.kinds import Kind
from paddock.checkpoint.scan.opinions.answers import Answer, Word
from paddock.checkpoint.scan.opinions.running import Ran

REPORT_NAME = "report.json"  # where a scanner is told to write, in the folder it runs in
MAX_REPORT_BYTES = 8 << 20
_DETAIL_CHARS = 300
_PICKLES = frozenset({Kind.PICKLE, Kind.TORCH_LEGACY})
_CARRIERS = _PICKLES | {Kind.TORCH_ZIP, Kind.TORCHSCRIPT, Kind.NPY, Kind.NPZ, Kind.ZIP}


@dataclass(frozen=True, slots=True)
class Scanner:
    """A scanner: its package and command, the types it is asked about, and how it is read."""

    package: str
    kinds: frozenset[Kind]
    command: Callable[[str, str], list[str]]  # program and file to a command line
    answer: Callable[[Ran, str], Answer]  # a run and its report to an answer
    is_python: bool = False  # the program is a Python that has the package


def read_report(folder: Path) -> str:
    """What a scanner wrote, or nothing; a huge report is none."""
    try:
        with (folder / REPORT_NAME).open("rb") as file:
            raw = file.read(MAX_REPORT_BYTES + 1)
    except OSError:
        return ""
    return "" if len(raw) > MAX_REPORT_BYTES else raw.decode("utf-8", "replace")


def _unfinished(ran: Ran) -> Answer:
    last = next((line for line in reversed(ran.output.splitlines()) if line.strip()), "")
    because = ran.ended_because or f"it ended with {ran.code}"
    return Answer(Word.UNFINISHED, f"{because}; {last.strip()}"[:_DETAIL_CHARS].rstrip("; "))


def _picklescan(ran: Ran, report: str) -> Answer:
    counts = {
        key: int(count)
        for key, count in re.findall(r"^([A-Z][a-z]+ \w+): (\d{1,9})$", ran.output, re.MULTILINE)
    }
    if ran.code not in (0, 1) or not {"Scanned files", "Infected files"} <= set(counts):
        return _unfinished(ran)
    found = "; ".join(re.findall(r"dangerous import '([^'\n]{1,100})'", ran.output)[:5])
    if ran.code == 1 or counts["Infected files"]:
        return Answer(Word.DANGEROUS, found[:_DETAIL_CHARS])
    if counts.get("Suspicious globals"):
        return Answer(Word.SUSPICIOUS, f"{counts['Suspicious globals']} unknown globals")
    if "WARNING" in ran.output or "ERROR" in ran.output:  # it exits with 0 when it could not parse
        return _unfinished(ran)
    return Answer(Word.CLEAN if counts["Scanned files"] else Word.SKIPPED)


def _modelscan(ran: Ran, report: str) -> Answer:
    if ran.code == 3:
        return Answer(Word.SKIPPED, "nothing was scanned")
    found = next(_objects(report), None)
    summary = found.get("summary") if found else None
    if ran.code not in (0, 1) or found is None or not isinstance(summary, dict):
        return _unfinished(ran)
    issues = [issue for issue in found.get("issues") or [] if isinstance(issue, dict)]
    detail = "; ".join(str(issue.get("description")) for issue in issues[:5])[:_DETAIL_CHARS]
    if any(issue.get("severity") in ("CRITICAL", "HIGH") for issue in issues):
        return Answer(Word.DANGEROUS, detail)
    if issues or ran.code == 1:
        return Answer(Word.SUSPICIOUS, detail)
    if found.get("errors"):
        return Answer(Word.UNFINISHED, str(found["errors"])[:_DETAIL_CHARS])
    scanned = summary.get("scanned")
    count = scanned.get("total_scanned") if isinstance(scanned, dict) else None
    return Answer(Word.CLEAN) if count else Answer(Word.SKIPPED, "nothing was scanned")


_FICKLING = {
    "LIKELY_SAFE": Word.CLEAN,
    "POSSIBLY_UNSAFE": Word.SUSPICIOUS,
    "SUSPICIOUS": Word.SUSPICIOUS,
    "LIKELY_UNSAFE": Word.SUSPICIOUS,  # also what it calls any tensor
    "LIKELY_OVERTLY_MALICIOUS": Word.DANGEROUS,
    "OVERTLY_MALICIOUS": Word.DANGEROUS,
}
_WORST_FIRST = (Word.DANGEROUS, Word.UNFINISHED, Word.SUSPICIOUS, Word.CLEAN)


def _fickling(ran: Ran, report: str) -> Answer:
    found = list(_objects(report))  # one for every pickle of the file
    if ran.code not in (0, 1) or not found:
        return _unfinished(ran)
    words = {_FICKLING.get(str(each.get("severity")), Word.UNFINISHED) for each in found}
    worst = next(word for word in _WORST_FIRST if word in words)
    if worst is Word.CLEAN:
        return Answer(worst) if ran.code == 0 else _unfinished(ran)
    return Answer(worst, str(found[-1].get("analysis"))[:_DETAIL_CHARS])


_AUDIT = """
import json, sys
from modelaudit_picklescan import scan_file
report = scan_file(sys.argv[1])
json.dump({"verdict": report.verdict.value, "status": report.status.value,
           "found": [finding.message for finding in report.findings[:5]]}, open(sys.argv[2], "w"))
"""
_AUDITED = {
    "clean": Word.CLEAN,
    "suspicious": Word.SUSPICIOUS,
    "malicious": Word.DANGEROUS,
}


def _modelaudit(ran: Ran, report: str) -> Answer:
    found = next(_objects(report), None)
    if ran.code != 0 or found is None:
        return _unfinished(ran)
    word = _AUDITED.get(str(found.get("verdict")), Word.UNFINISHED)
    if word is Word.CLEAN and found.get("status") != "complete":
        word = Word.UNFINISHED
    return Answer(word, "; ".join(map(str, found.get("found") or []))[:_DETAIL_CHARS])


def _objects(text: str) -> Iterator[dict[str, Any]]:
    """The JSON objects that stand one after another; stops at the first that is none."""
    decoder, place = json.JSONDecoder(), 0
    while place < len(text := text.strip()):
        try:
            value, place = decoder.raw_decode(text, place)
        except (ValueError, RecursionError):
            return
        if isinstance(value, dict):
            yield value
        place += len(text) - place - len(text[place:].lstrip())


SCANNERS = {
    "picklescan": Scanner(
        "picklescan", _CARRIERS, lambda program, file: [program, "-p", file], _picklescan
    ),
    "modelscan": Scanner(
        "modelscan",
        _CARRIERS | {Kind.KERAS, Kind.HDF5, Kind.SAVED_MODEL},
        lambda program, file: [program, "scan", "-p", file, "-r", "json", "-o", REPORT_NAME],
        _modelscan,
    ),
    "fickling": Scanner(
        "fickling",
        _PICKLES,  # its command opens no archives
        lambda program, file: [program, "--check-safety", "--json-output", REPORT_NAME, file],
        _fickling,
    ),
    "modelaudit-picklescan": Scanner(
        "modelaudit-picklescan",
        _CARRIERS,
        lambda program, file: [program, "-I", "-c", _AUDIT, file, REPORT_NAME],
        _modelaudit,
        is_python=True,  # it has no command of its own
    ),
}
