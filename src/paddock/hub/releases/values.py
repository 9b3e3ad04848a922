"""A release as values: what its release.json says, and what its gate said.

Pure data. Every text is bounded and comes from whoever uploaded it; none of it is proven here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from paddock.hub.releases.results import Result

Source = Literal["measured", "declared", "inherited", "unknown"]


@dataclass(frozen=True, slots=True)
class Component:
    """A part of the model, and whether everybody may have it."""

    name: str
    access: str  # open, gated, withheld, not_produced
    licence: str | None = None
    paths: tuple[str, ...] = ()
    reason: str | None = None
    review_date: str | None = None
    commitment: str | None = None
    is_partial: bool = False  # a part of it is kept back


@dataclass(frozen=True, slots=True)
class Withheld:
    """One thing that is kept back, and what stands in its place."""

    component: str | None
    what: str
    replaced: str | None = None
    reason: str | None = None
    review_date: str | None = None
    commitment: str | None = None


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that is said of the release, and how it is known."""

    key: str
    name: str
    words: str  # its value, for people
    source: Source = "unknown"
    by: str | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is said to show that a condition is met, or not."""

    what: str
    quote: str | None = None
    path: str | None = None
    sha256: str | None = None


@dataclass(frozen=True, slots=True)
class Check:
    """A condition of the release, as it was judged when it was built."""

    id: str
    group: str
    status: str  # met, warned, waived, unmet, undecided
    sentence: str
    evidence: tuple[Evidence, ...] = ()
    hint: str | None = None


@dataclass(frozen=True, slots=True)
class Approval:
    """Somebody who said yes."""

    person: str
    role: str | None = None
    at: str | None = None
    sha256: str | None = None  # of the signed statement


@dataclass(frozen=True, slots=True)
class Gate:
    """gate/decision.json."""

    policy: str | None
    stage: str | None
    is_allowed: bool | None
    root: str | None
    approvals: tuple[Approval, ...] = ()
    checks: tuple[Check, ...] = ()
    size_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Output:
    """One form of the weights."""

    id: str
    format: str | None
    folder: str | None
    dtype: str | None
    quant: str | None
    made_from: str | None
    files: tuple[str, ...]
    weights_sha256: str | None


@dataclass(frozen=True, slots=True)
class Ancestor:
    """A model that this one came from, near or far; ``edges`` lead there from this one."""

    name: str
    edges: tuple[str, ...]
    licence: str | None = None
    is_modified: bool | None = None
    revision: str | None = None


@dataclass(frozen=True, slots=True)
class NamedKey:
    """A key that the release says it is signed with."""

    fingerprint: str
    kind: str | None
    public: str | None  # PEM
    role: str  # "oms" | "dsse"


@dataclass(frozen=True, slots=True)
class ReleasedFile:
    """A file as release.json lists it."""

    path: str
    role: str | None
    size_bytes: int | None
    sha256: str | None


@dataclass(frozen=True, slots=True)
class Statement:
    """release.json, as far as it can be used."""

    name: str
    version: str
    sha256: str  # of release.json itself
    size_bytes: int
    producer: dict[str, str] = field(default_factory=dict)
    metadata: dict[str, str] = field(default_factory=dict)
    licences: dict[str, str] = field(default_factory=dict)  # code, data, distribution, document
    stage: str | None = None
    mechanism: str | None = None
    components: tuple[Component, ...] = ()
    withheld: tuple[Withheld, ...] = ()
    facts: tuple[Fact, ...] = ()
    results: tuple[Result, ...] = ()
    checks: tuple[Check, ...] = ()
    outputs: tuple[Output, ...] = ()
    ancestors: tuple[Ancestor, ...] = ()
    keys: tuple[NamedKey, ...] = ()
    threshold: int | None = None  # how many keys of the second envelope must sign
    identity: str | None = None  # that sigstore vouches for
    has_update_metadata: bool = False
    files: tuple[ReleasedFile, ...] = ()
    file_count: int = 0
    root: str | None = None
    content_root: str | None = None
    tool: str | None = None

    def fact(self, key: str) -> Fact | None:
        """The fact under a key."""
        return next((fact for fact in self.facts if fact.key == key), None)
