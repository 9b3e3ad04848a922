"""A release held against the Model Openness Framework: three answers, and why.

Pure. Only what everybody can have counts: a component is open when it is declared so, nothing of it
is kept back, and no gate stands before the release. A gate that anybody passes is still a gate.
"""

from __future__ import annotations

from dataclasses import dataclass

from paddock.release.documents.mof.framework import (
    CONTENT_TYPES,
    LABELS,
    Classified,
    classify,
    is_included,
    licence_of,
)
from paddock.release.documents.mof.open_licences import is_for_type, is_open
from paddock.release.evidence import Check, Evidence
from paddock.release.spec.components import CARD, MOF_COMPONENTS, PARAMETERS, Component
from paddock.release.spec.release_spec import ReleaseSpec


@dataclass(frozen=True, slots=True)
class Row:
    """A component as it counts."""

    name: str
    access: str  # open, gated, withheld, not_produced; unknown when nobody says
    licence: str | None
    counts: bool
    why: str  # why it does not, or what is odd about it; "" when there is nothing to say


@dataclass(frozen=True, slots=True)
class Assessment:
    """How open a release is."""

    now: Classified
    without_gates: Classified
    rows: tuple[Row, ...]

    @property
    def in_words(self) -> str:
        """The class; nothing without one is ever called open."""
        if self.now.mof_class:
            return f"{self.now.label} (Model Openness Framework 1.0)"
        return "not in a class of the Model Openness Framework 1.0"


def assess(spec: ReleaseSpec) -> Assessment:
    """The class now, the class if gates were lifted, and every component."""
    rows = tuple(_row(spec, name) for name in MOF_COMPONENTS)
    gated = {"open", "gated"}
    return Assessment(
        now=classify(frozenset(row.name for row in rows if row.counts)),
        without_gates=classify(
            frozenset(
                row.name
                for row in rows
                if row.access in gated and row.licence is not None and is_open(row.licence)
                and not _is_partial(spec.component(row.name))
            )
        ),
        rows=rows,
    )  # fmt: skip


def mof_checks(spec: ReleaseSpec) -> tuple[Check, ...]:
    """Whether the claimed class is the computed one; who claims nothing cannot be wrong."""
    found = assess(spec)
    claimed = spec.docs.mof.claimed_class
    sentence = f"computed from its components, the release is {found.in_words}"
    if claimed is None or claimed == found.now.mof_class:
        met = Check("documents.mof", "documents", "met", sentence)
        return (met,) if claimed is None or spec.metadata.date else (met, _undated())
    missing = ", ".join(found.now.missing) or "nothing"
    return (
        Check(
            "documents.mof",
            "documents",
            "unmet",
            f"docs.mof.claimed_class is {claimed} ({LABELS[claimed]}), and {sentence}",
            (Evidence("missing for the next class", missing), *_reasons(found)),
            f"claim {found.now.mof_class}, or open what is missing under terms that count",
        ),
    )


def _undated() -> Check:
    sentence = "mof.yaml has no date, and the framework's own tool asks for one"
    hint = "say the day of the release in metadata.date"
    return Check("documents.mof.date", "documents", "warned", sentence, hint=hint)


def _reasons(found: Assessment) -> tuple[Evidence, ...]:
    return tuple(
        Evidence(row.name, row.why)
        for row in found.rows
        if row.name in found.now.missing and row.why
    )


def _row(spec: ReleaseSpec, name: str) -> Row:
    component = spec.component(name)
    access = _access(spec, name, component)
    terms = {
        "distribution": spec.licenses.distribution,
        "code": spec.licenses.code,
        "data": spec.licenses.data,
        "document": spec.licenses.document,
    }
    own = component.license if component else None
    licence = licence_of(name, own, terms) if access in {"open", "gated"} else None
    counts = access == "open" and is_included(name, own, terms) and not _is_partial(component)
    return Row(name, access, licence, counts, _why(name, access, licence, component))


def _access(spec: ReleaseSpec, name: str, component: Component | None) -> str:
    """What holds for readers: a gate before the whole stands before every part."""
    is_closed = spec.access.is_private or spec.access.mechanism != "none"
    if component is None:
        if name not in {PARAMETERS, CARD}:  # these two are in every release
            return "unknown"
        return "gated" if is_closed else "open"
    return "gated" if component.access == "open" and is_closed else component.access


def _is_partial(component: Component | None) -> bool:
    return component is not None and bool(component.withhold)


def _why(name: str, access: str, licence: str | None, component: Component | None) -> str:
    if access == "unknown":
        return "not declared"
    if access == "withheld" and component is not None and component.reason is not None:
        return f"withheld: {component.reason.replace('_', ' ')}"
    if access not in {"open", "gated"}:
        return access.replace("_", " ")
    if _is_partial(component):
        return "withheld in part"
    if licence is None:
        return "without a licence"
    if not is_open(licence):
        return f"{licence} does not count as open"
    if access == "gated":
        return "gated"
    suits = is_for_type(licence, CONTENT_TYPES[name])
    return "" if suits else f"{licence} was not made for {CONTENT_TYPES[name]}"
