"""Scans the files of a finished release, with paddock's scanner and the others that were named.

Every scanner is a condition of its own, and so is every file that one of them objects to: a doubt
is not met, and what did not finish is a doubt. The versions of all are recorded. Terms are judged
elsewhere (``licences``); what the scanner thinks of them is only worth saying.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from paddock import __version__
from paddock.checkpoint.scan.entries import Entry
from paddock.checkpoint.scan.isolation import scan_isolated
from paddock.checkpoint.scan.limits import Limits
from paddock.checkpoint.scan.opinions.asking import Wished, parse_wishes, version_of, with_opinions
from paddock.checkpoint.scan.opinions.running import RunLimits
from paddock.checkpoint.scan.report import Reason, Report, Verdict, verdict_of
from paddock.errors import BadInput
from paddock.release.evidence import Check, Evidence, Status
from paddock.release.spec.audit import NATIVE, Inspect
from paddock.release.spec.release_spec import ReleaseSpec

_MAX_QUOTED = 3
_JUDGED_ELSEWHERE = frozenset({"licence_unclear"})
_OPINIONS = frozenset({"second_opinion", "second_opinion_doubt", "second_opinion_missing"})


@dataclass(frozen=True, slots=True)
class Scan:
    """What the scanners said: conditions, and which scanners in which version."""

    checks: tuple[Check, ...]
    scanners: Mapping[str, str]  # name to version; "not installed" for one that is not

    def to_json(self) -> dict[str, Any]:
        """For a step's record."""
        checks = [check.to_json() for check in self.checks]
        return {"checks": checks, "scanners": dict(self.scanners)}


def scan_written(folder: Path, paths: Sequence[str], spec: ReleaseSpec) -> tuple[Check, ...]:
    """What paddock's scanner says of the documents, which quote other people's words."""
    report = scan_isolated(_entries(folder, paths), _limits(spec.inspect))
    return tuple(_own_checks(report, spec, len(paths), "documents"))


def scan_files(folder: Path, paths: Sequence[str], spec: ReleaseSpec) -> Scan:
    """What all scanners say of ``paths`` below ``folder``; never raises for what is in them."""
    asked = _asked(spec.inspect)
    entries = _entries(folder, paths)
    report = scan_isolated(entries, _limits(spec.inspect))
    checks = [*_own_checks(report, spec, len(entries))]
    scanners = {NATIVE: __version__}
    for name, weight in asked.items():
        wished, version = _installed(name, _run_limits(spec.inspect))
        scanners[name] = version
        if wished is None:
            checks.append(_missing(name, weight))
            continue
        files = {entry.path: entry.file for entry in entries}
        told = with_opinions(report, files, [wished], _run_limits(spec.inspect))
        checks += _their_checks(name, version, weight, told)
    return Scan(tuple(checks), scanners)


def _entries(folder: Path, paths: Sequence[str]) -> list[Entry]:
    return [Entry(path, folder / path) for path in sorted(paths)]


def _asked(inspect: Inspect) -> dict[str, str]:
    """The other scanners."""
    return {name: weight for name, weight in sorted(inspect.scanners.items()) if name != NATIVE}


def _limits(inspect: Inspect) -> Limits:
    seconds = min(inspect.limits.cpu_s, inspect.limits.wall_s)
    return Limits(seconds=seconds, memory_bytes=inspect.limits.rss_mb << 20)


def _run_limits(inspect: Inspect) -> RunLimits:
    seconds = min(inspect.limits.cpu_s, inspect.limits.wall_s)
    return RunLimits(seconds=seconds, memory_bytes=inspect.limits.rss_mb << 20)


def _own_checks(report: Report, spec: ReleaseSpec, count: int, what: str = "files") -> list[Check]:
    found = []
    for file in report.files:
        reasons = tuple(file.reasons)
        if reasons:
            found.append(_of_file(file.path, reasons, spec))
    by_code: dict[str, list[Reason]] = {}
    for reason in report.across:
        by_code.setdefault(reason.code, []).append(reason)
    found += [_objection(f"formats.scan.across:{code}", tuple(r)) for code, r in by_code.items()]
    if not any(check.blocks for check in found):
        sentence = f"{count} {what} were scanned and nothing was found that could hurt a reader"
        evidence = (Evidence("paddock's scanner", f"version {__version__}: {Verdict.CLEAN}"),)
        id_ = "formats.scan" if what == "files" else f"formats.scan.{what}"
        found.append(Check(id_, "formats", "met", sentence, evidence))
    return found


def _of_file(path: str, reasons: tuple[Reason, ...], spec: ReleaseSpec) -> Check:
    """Python that the release file allows, in a component that names it, is worth saying only."""
    codes = {reason.code for reason in reasons}
    if codes == {"program"} and path.endswith(".py") and not spec.artifacts.forbid_python:
        return _objection(f"formats.scan:{path}", reasons, "warned")
    return _objection(f"formats.scan:{path}", reasons)


def _objection(id_: str, reasons: tuple[Reason, ...], status: Status | None = None) -> Check:
    """A condition out of reasons: the worst decides, as in a scan."""
    counted = tuple(reason for reason in reasons if reason.code not in _JUDGED_ELSEWHERE)
    if status is None:
        status = "warned" if verdict_of(counted) is Verdict.CLEAN else "unmet"
    worst = sorted(reasons, key=lambda reason: reason.level.rank)
    said = "; ".join(_words(reason) for reason in worst[:_MAX_QUOTED])
    evidence = tuple(Evidence(reason.code, reason.message) for reason in worst[:_MAX_QUOTED])
    hint = worst[0].advice if status == "unmet" else None
    return Check(id_, "formats", status, said, evidence, hint)


def _words(reason: Reason) -> str:
    return f"{reason.place}: {reason.message}" if reason.place else reason.message


def _installed(name: str, limits: RunLimits) -> tuple[Wished | None, str]:
    """The scanner and its version; a program whose package nobody can name is not installed."""
    try:
        (wished,) = parse_wishes(name)
    except BadInput:
        return None, "not installed"
    version = version_of(wished, limits)
    return (None, "not installed") if version.startswith("of unknown") else (wished, version)


def _missing(name: str, weight: str) -> Check:
    status: Status = "unmet" if weight == "required" else "warned"
    return Check(
        f"formats.scanner:{name}", "formats", status, f"{name} is not installed, and did not look",
        hint=f"install {name}, or take it out of inspect.scanners",
    )  # fmt: skip


def _their_checks(name: str, version: str, weight: str, told: Report) -> list[Check]:
    """One condition for every file that another scanner objects to, or one that is met."""
    by_place: dict[str, list[Reason]] = {}
    for reason in told.across:
        if reason.code in _OPINIONS:
            by_place.setdefault(reason.place, []).append(reason)
    status: Status = "unmet" if weight == "required" else "warned"
    found = [
        _objection(f"formats.scanner:{name}:{place}", tuple(reasons), status)
        for place, reasons in sorted(by_place.items())
    ]
    if found:
        return found
    evidence = (Evidence(name, f"version {version}"),)
    sentence = f"{name} {version} looked at {len(told.opinions)} files and objects to none"
    return [Check(f"formats.scanner:{name}", "formats", "met", sentence, evidence)]
