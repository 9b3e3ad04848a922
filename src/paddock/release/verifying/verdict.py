"""The outcome of a verification: what was found, in words that do not blur.

Pure data and its two renderings. Four facts are never merged: integrity (are these the bytes that
were signed?), origin (by keys that you trust?), freshness (is it current, and not revoked?) and
policy (does it bring what you ask for?). The verdict names the first that fails.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

from paddock.release.files.folder import Problem

State = Literal[
    "trusted", "untrusted", "tampered", "unsigned", "invalid", "undecided", "revoked", "stale",
    "refused",
]  # fmt: skip
Integrity = Literal["intact", "broken", "unknown"]
Origin = Literal["trusted", "untrusted", "unknown"]
FreshnessState = Literal["fresh", "stale", "revoked", "invalid", "unknown"]
Policy = Literal["met", "unmet", "none"]
MAX_PROBLEMS_IN_TEXT = 50
_MAX_NAMES = 5

_MEANING: dict[State, str] = {
    "trusted": "every byte is as signed, by a key that you trust",
    "untrusted": "the files are as described, but not signed by a key that you trust",
    "tampered": "this is not what was signed",
    "unsigned": "nothing says who made this",
    "invalid": "the signature is not usable",
    "undecided": "it could not be read whole",
    "revoked": "this was signed, and is revoked",
    "stale": "this was signed, and nothing shows that it is current",
    "refused": "this was signed, and lacks what you ask for",
}

# Which of the four facts a verdict is about.
CLASSES: dict[State, str | None] = {
    "trusted": None,
    "tampered": "integrity",
    "invalid": "integrity",
    "unsigned": "origin",
    "untrusted": "origin",
    "revoked": "freshness",
    "stale": "freshness",
    "refused": "policy",
    "undecided": "undecided",
}


@dataclass(frozen=True, slots=True)
class Requirement:
    """One thing that the reader asks for."""

    id: str
    is_met: bool
    sentence: str


@dataclass(frozen=True, slots=True)
class Subject:
    """What was verified: where, and what it says it is."""

    path: str
    name: str | None = None
    version: str | None = None
    files: int = 0
    size_bytes: int = 0
    sha256: str | None = None  # of release.json


@dataclass(frozen=True, slots=True)
class Verdict:
    """A decision with its reasons; never a bare yes or no."""

    verdict: State
    integrity: Integrity
    origin: Origin
    reasons: tuple[str, ...]
    subject: Subject
    problems: tuple[Problem, ...] = ()
    key: str | None = None  # fingerprint of the trusted key, or what the bundle claims
    notes: tuple[str, ...] = ()
    hint: str | None = None
    freshness: FreshnessState = "unknown"
    fresh_until: str | None = None
    policy: Policy = "none"
    requirements: tuple[Requirement, ...] = ()
    keys: tuple[str, ...] = ()  # all trusted keys that signed
    identity: str | None = None  # that sigstore vouches for, and that is trusted
    signed_by: tuple[str, ...] = ()  # all keys whose signatures are right, trusted or not
    gates: tuple[str, ...] = ()  # what ran before the release, as the signed release says

    @property
    def is_trusted(self) -> bool:
        return self.verdict == "trusted"

    def to_json(self) -> dict[str, Any]:
        """The whole verdict as one JSON object."""
        return {
            "verdict": self.verdict,
            "class": CLASSES[self.verdict],
            "integrity": self.integrity,
            "origin": self.origin,
            "freshness": self.freshness,
            "fresh_until": self.fresh_until,
            "policy": self.policy,
            "reasons": list(self.reasons),
            "problems": [
                {"path": p.path, "kind": p.kind, "sentence": p.sentence} for p in self.problems
            ],
            "requirements": [
                {"id": r.id, "met": r.is_met, "sentence": r.sentence} for r in self.requirements
            ],
            "key": self.key,
            "keys": list(self.keys),
            "identity": self.identity,
            "signed_by": list(self.signed_by),
            "gates": list(self.gates),
            "path": self.subject.path,
            "name": self.subject.name,
            "version": self.subject.version,
            "sha256": self.subject.sha256,
            "files": self.subject.files,
            "size_bytes": self.subject.size_bytes,
            "notes": list(self.notes),
            "hint": self.hint,
        }

    def _named_files(self) -> str:
        """The files that are wrong, as many as a line holds."""
        paths = list(dict.fromkeys(problem.path for problem in self.problems))
        more = f" and {len(paths) - _MAX_NAMES} more" if len(paths) > _MAX_NAMES else ""
        return ", ".join(paths[:_MAX_NAMES]) + more

    def to_text(self) -> str:
        """The verdict for people; long lists of problems are cut, and say so."""
        lines = [f"{self.verdict}: {self._named_files() or _MEANING[self.verdict]}"]
        if self.subject.name is not None:
            size = f"{self.subject.files} files, {self.subject.size_bytes} bytes"
            named = " ".join(filter(None, (self.subject.name, self.subject.version)))
            lines.append(f"  release  {named} ({size})")
        for key in self.keys or ((self.key,) if self.key is not None else ()):
            lines.append(f"  key      {key}")
        if self.identity is not None:
            lines.append(f"  identity {self.identity}")
        if self.freshness == "fresh":
            lines.append(f"  current  until {self.fresh_until}, by its update metadata")
        lines += [f"  {'ran':<8} {gate}" for gate in self.gates]
        lines += [f"  {'asked':<8} {r.sentence}" for r in self.requirements if r.is_met]
        lines += [f"  - {reason}" for reason in self.reasons[:MAX_PROBLEMS_IN_TEXT]]
        if (more := len(self.reasons) - MAX_PROBLEMS_IN_TEXT) > 0:
            lines.append(f"  - and {more} more")
        lines += [f"  note: {note}" for note in self.notes]
        if self.hint is not None:
            lines.append(f"  hint: {self.hint}")
        return "\n".join(map(_on_one_line, lines))


def _on_one_line(text: str) -> str:
    """A line in which nothing moves the cursor, or turns the writing: names are a stranger's."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def expecting(verdict: Verdict, name: str, version: str | None) -> Verdict:
    """The same verdict, but ``stale`` where a trusted release is not the one that was asked for.

    An older release stays signed for ever: only whoever asks knows which one is meant. Another
    model than the one asked for is ``invalid``.
    """
    found = (verdict.subject.name, verdict.subject.version)
    wanted = (name, found[1] if version is None else version)
    if not verdict.is_trusted or found == wanted:
        return verdict
    asked = name if version is None else f"{name} {version}"
    reason = f"this is {found[0]} {found[1]}, and {asked} was asked for"
    if found[0] == name:
        return replace(verdict, verdict="stale", reasons=(reason,))
    return replace(verdict, verdict="invalid", reasons=(reason,))
