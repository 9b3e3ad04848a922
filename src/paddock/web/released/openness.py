"""How open a release is, computed from what it says of its components.

Pure. The classes and their rules are those of the Model Openness Framework 1.0; what the uploader
says of each component is taken as said, and the class as computed here, never as claimed.
"""

from __future__ import annotations

from typing import NamedTuple

from paddock.hub.releases.values import Component, Statement
from paddock.release.documents.mof.framework import (
    CONTENT_TYPES,
    LABELS,
    Classified,
    classify,
    is_included,
    licence_of,
)
from paddock.release.documents.mof.open_licences import is_open

# These two are in every release, whether or not anybody says so.
_ALWAYS = frozenset({"Model parameters (Final)", "Model card"})


class Row(NamedTuple):
    """A component of the framework, as it counts."""

    name: str
    access: str  # open, gated, withheld, not produced, not declared
    licence: str | None
    counts: bool
    why: str  # why it does not


class Openness(NamedTuple):
    """The class now, the class if gates were lifted, and every component."""

    now: Classified
    without_gates: Classified
    rows: tuple[Row, ...]

    @property
    def label(self) -> str:
        """The class in words; nothing without one is called open."""
        return LABELS[self.now.mof_class] if self.now.mof_class else "In no class"

    @property
    def short(self) -> str:
        """The same for a badge."""
        return {1: "Class I", 2: "Class II", 3: "Class III"}.get(self.now.mof_class, "no class")

    @property
    def next_label(self) -> str:
        """The class above."""
        return LABELS[{0: 3, 3: 2, 2: 1, 1: 1}[self.now.mof_class]]


def openness_of(statement: Statement) -> Openness:
    """How open the release is that says this."""
    said = {component.name: component for component in statement.components}
    rows = tuple(_row(statement, name, said.get(name)) for name in CONTENT_TYPES)
    lifted = frozenset(row.name for row in rows if _would_count(row, said.get(row.name)))
    return Openness(
        classify(frozenset(row.name for row in rows if row.counts)), classify(lifted), rows
    )


def _row(statement: Statement, name: str, part: Component | None) -> Row:
    is_closed = statement.stage not in {None, "open"} or statement.mechanism not in {None, "none"}
    access = part.access if part is not None else "open" if name in _ALWAYS else "not declared"
    if access == "open" and is_closed:
        access = "gated"  # a gate before the whole stands before every part
    own = part.licence if part is not None else None
    licence = licence_of(name, own, statement.licences) if access in {"open", "gated"} else None
    is_partial = part is not None and part.is_partial
    counts = access == "open" and is_included(name, own, statement.licences) and not is_partial
    return Row(name, access.replace("_", " "), licence, counts, _why(access, licence, part))


def _would_count(row: Row, part: Component | None) -> bool:
    is_there = row.access in {"open", "gated"} and not (part is not None and part.is_partial)
    return is_there and row.licence is not None and is_open(row.licence)


def _why(access: str, licence: str | None, part: Component | None) -> str:
    if access not in {"open", "gated"}:
        return (part.reason or "").replace("_", " ") if part is not None else ""
    if part is not None and part.is_partial:
        return "withheld in part"
    if licence is None:
        return "without a licence"
    if not is_open(licence):
        return f"{licence} does not count as open"
    return "behind a gate" if access == "gated" else ""
