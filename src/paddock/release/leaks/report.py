"""What a leak check found, what it compared, and what it could not look into.

Pure data. Nothing in it tells what is withheld beyond what withheld.json says: no norms, no
sketches, no digests of withheld bytes. What could not be looked into is undecided, never clean.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from paddock.errors import shown
from paddock.release.evidence import Check, Evidence, Group

GROUP: Group = "withholding"
PREFIX = "withholding.leak"
MAX_TOLD = 20  # findings in one check; the rest is counted


@dataclass(frozen=True, slots=True)
class Finding:
    """Something withheld, found in a file of the release."""

    item: str
    withheld: str  # the tensor, the file, or PATH#FIELD
    path: str  # in the release; a member of an archive is archive!member
    place: str | None  # the released tensor, or where in the file
    disguise: str  # "the same bytes", "scaled or cast, rows in another order"
    measured: str  # effect size and false-alarm bound, in words

    @property
    def sentence(self) -> str:
        where = f"{self.place} in {self.path}" if self.place else self.path
        return f"{self.withheld} is in {where}: {self.disguise} ({self.measured})"

    def to_json(self) -> dict[str, Any]:
        """Without the figures: they are measurements of what is withheld."""
        found = {"path": self.path, "place": self.place, "disguise": self.disguise}
        return {"withheld": self.withheld} | {k: v for k, v in found.items() if v is not None}


@dataclass(frozen=True, slots=True)
class Unread:
    """What could not be looked into, and why."""

    path: str
    reason: str


@dataclass(slots=True)
class Coverage:
    """How much was compared with what is withheld."""

    files: int = 0
    bytes: int = 0
    members: int = 0  # of archives, git histories and encoded texts
    tensors: int = 0
    elements: int = 0
    texts: int = 0
    older: int = 0  # earlier revisions

    def to_json(self) -> dict[str, int]:
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class LeakReport:
    """The outcome for every withheld item."""

    items: tuple[str, ...]
    findings: tuple[Finding, ...] = ()
    unread: tuple[Unread, ...] = ()
    coverage: Coverage = field(default_factory=Coverage)
    limits: tuple[str, ...] = ()  # what would not be found, in sentences
    notes: tuple[str, ...] = ()  # what was left out of account, and why

    @property
    def is_clean(self) -> bool:
        """Nothing was found, and everything could be looked into."""
        return not self.findings and not self.unread

    @property
    def checks(self) -> tuple[Check, ...]:
        """One condition for each withheld item, and one for each file that was not read."""
        if not self.items:
            return ()
        return (*(self._of_item(item) for item in self.items), *map(_of_unread, self.unread))

    def to_json(self) -> dict[str, Any]:
        """For the release: outcome and coverage, nothing of the withheld content."""
        found = _by_item(self.findings)
        return {
            "items": [
                {"id": item, "found": [f.to_json() for f in found.get(item, ())]}
                for item in self.items
            ],
            "unread": [{"path": u.path, "reason": u.reason} for u in self.unread],
            "compared": self.coverage.to_json(),
            "limits": list(self.limits),
            "notes": list(self.notes),
        }

    def _of_item(self, item: str) -> Check:
        found = [finding for finding in self.findings if finding.item == item]
        if not found:
            return Check(f"{PREFIX}:{item}", GROUP, "met", self._compared(), self._limits())
        told = [f.sentence for f in found[:MAX_TOLD]]
        more = f"; and {len(found) - MAX_TOLD} more" if len(found) > MAX_TOLD else ""
        return Check(
            f"{PREFIX}:{item}",
            GROUP,
            "unmet",
            "; ".join(told) + more,
            tuple(Evidence("leak check", f.disguise, f.path) for f in found[:MAX_TOLD]),
            "take it out of the release; if a public parent explains it, name the parent's files "
            "under lineage (path)",
        )

    def _compared(self) -> str:
        counted = self.coverage
        return (
            f"not found in {counted.tensors} tensors ({counted.elements} numbers), "
            f"{counted.files} files ({counted.bytes} bytes) and {counted.members} parts inside "
            f"them; earlier revisions: {counted.older}"
        )

    def _limits(self) -> tuple[Evidence, ...]:
        return tuple(Evidence("detection limit", limit) for limit in self.limits)


def _of_unread(unread: Unread) -> Check:
    return Check(
        f"{PREFIX}.unread:{unread.path}",
        GROUP,
        "undecided",
        f"{shown(unread.path)} could not be looked into: {unread.reason}",
        (),
        "leave it out, or release it in a format that can be read",
    )


def _by_item(findings: Iterable[Finding]) -> dict[str, list[Finding]]:
    found: dict[str, list[Finding]] = {}
    for finding in findings:
        found.setdefault(finding.item, []).append(finding)
    return found
