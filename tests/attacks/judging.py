"""What paddock says of a case: the in-process scan, the command, the release gate, the verifier."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from paddock.checkpoint.scan.limits import Limits
from paddock.checkpoint.scan.report import Report, Verdict
from paddock.checkpoint.scan.scanning import scan_entries
from paddock.checkpoint.scan.walking import walk
from tests.attacks.corpus.case import Expected

EXIT_CODES = {Verdict.CLEAN: 0, Verdict.QUARANTINE: 3, Verdict.REJECT: 4}
_VERDICTS = {
    Expected.REJECT: Verdict.REJECT,
    Expected.QUARANTINE: Verdict.QUARANTINE,
    Expected.CONVERT: Verdict.CLEAN,
    Expected.WARN: Verdict.CLEAN,
    Expected.ACCEPT: Verdict.CLEAN,
}


class Said(NamedTuple):
    """A verdict with the codes of its reasons, for messages."""

    verdict: Verdict
    codes: tuple[str, ...]


def scanned(path: Path) -> Said:
    """A scan in this process: the same checks as the command's, without its child."""
    limits = Limits()
    found = walk(path, limits)
    report = scan_entries(found.entries, limits)
    return said(Report((*report.files, *found.refused), report.across))


def said(report: Report) -> Said:
    return Said(report.verdict, tuple(f"{r.level}:{r.code}@{r.place}" for r in report.reasons))


def is_as_expected(found: Said, expected: Expected) -> bool:
    """Whether the verdict is the list's; what is only to be warned of must be warned of."""
    if found.verdict is not _VERDICTS[expected]:
        return False
    if expected is Expected.CONVERT:
        return any(code.startswith("warn:pickle_convert") for code in found.codes)
    return expected is not Expected.WARN or bool(found.codes)
