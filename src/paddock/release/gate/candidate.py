"""What stands before the gate: a release by its root, who made it, and what is known of it.

Values only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from paddock.release.results.result import Result


@dataclass(frozen=True, slots=True)
class Review:
    """A report of somebody outside, as it was found."""

    reviewer: str
    report: str  # the pattern in release.yaml
    files: tuple[tuple[str, str], ...] = ()  # path, SHA-256


@dataclass(frozen=True, slots=True)
class Candidate:
    """A built release that nobody has signed yet."""

    root: str  # of its content: what approvals sign
    files: Mapping[str, str] = field(default_factory=dict)  # path to SHA-256
    signers: frozenset[str] = frozenset()  # fingerprints of the keys that will sign the release
    results: tuple[Result, ...] = ()
    reviews: tuple[Review, ...] = ()
    preregistered: Mapping[str, bytes] = field(default_factory=dict)  # files of max_uplift, by name
    people_keys: Mapping[str, str] = field(default_factory=dict)  # person to fingerprint
