"""What a release would be: which files, in which form, under which terms, and what forbids it.

Pure: takes the specification and what is known about the source, touches nothing. A plan with
``blocks`` must not be built; the gate quotes every one of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from paddock.front_matter import CARD_NAME
from paddock.large_patterns import ATTRIBUTES_NAME
from paddock.release.errors import GateRefused
from paddock.release.facts import Fact
from paddock.release.files.folder import Listing
from paddock.release.files.formats import refusal, role_of
from paddock.release.files.manifest import MANIFEST_NAME, SIGNATURE_NAME
from paddock.release.files.paths import matching
from paddock.release.licences.card_licence import is_unknown
from paddock.release.licences.terms import term_blocks
from paddock.release.spec.components import CARD, PARAMETERS
from paddock.release.spec.release_spec import ReleaseSpec

WRITTEN_BY_US = (ATTRIBUTES_NAME, CARD_NAME, MANIFEST_NAME, SIGNATURE_NAME)
_EARLIER_SIGNATURES = frozenset(
    {MANIFEST_NAME, SIGNATURE_NAME, "model.sig", "release.dsse.json", "model.sigstore"}
)
_HOUSEKEEPING = frozenset({"__pycache__", "Thumbs.db", "desktop.ini"})
_RESULTS_FOLDER = ".eval_results"


@dataclass(frozen=True, slots=True)
class Model:
    """What the checkpoint room found in the source."""

    format: str  # huggingface, meta, llama2.c
    facts: tuple[Fact, ...] = ()
    consumed: frozenset[str] = frozenset()  # files that the conversion turns into others
    produced: tuple[str, ...] = ()  # their names, as far as they are known before
    problems: tuple[str, ...] = ()
    summary: str = ""
    is_chat: bool = False
    licenses: tuple[tuple[str, str | None], ...] = ()  # file, and what it seems to be

    @property
    def is_converted(self) -> bool:
        return bool(self.consumed)


@dataclass(frozen=True, slots=True)
class Source:
    """The source folder as it was found: its files, their first bytes, and the model in them."""

    path: str
    listing: Listing
    heads: Mapping[str, bytes]
    model: Model
    release_file: str | None = None  # its name, when it lies in the source folder
    front_matter: str | None = None  # of the source's README.md
    readme: str = ""  # its body
    texts: Mapping[str, str] = field(default_factory=dict)  # of licences, notices and config.json


@dataclass(frozen=True, slots=True)
class PlannedFile:
    """A file of the source that is copied into the release."""

    path: str
    size_bytes: int
    role: str
    component: str | None


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A file of the source that is not released, and why."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that building and publishing will do."""

    spec: ReleaseSpec
    source: str
    model: Model
    copied: tuple[PlannedFile, ...]
    left_out: tuple[LeftOut, ...]
    blocks: tuple[str, ...]
    warnings: tuple[str, ...]
    authors_text: str | None = None
    assumptions: tuple[str, ...] = ()

    def component_of(self, path: str, role: str) -> str | None:
        """The component that a file belongs to: the one that claims it, or the obvious one."""
        for component in self.spec.components:
            if any(matching(pattern, [path]) for pattern in component.paths):
                return component.name
        return {"weights": PARAMETERS, "card": CARD}.get(role)


def make_plan(spec: ReleaseSpec, source: Source) -> Plan:
    """Decide about every file of the source."""
    left_out = _left_out(spec, source)
    kept = [path for path in sorted(source.listing.files) if path not in left_out]
    blocks = [*source.model.problems, *_tree_blocks(source), *content_blocks(spec, source, kept)]
    plan = Plan(spec, source.path, source.model, (), (), (), ())
    copied = tuple(
        PlannedFile(
            path, source.listing.files[path].size_bytes, role, plan.component_of(path, role)
        )
        for path in kept
        for role in (role_of(path),)
    )
    blocks += _pattern_blocks(spec, source, kept)
    blocks += [*term_blocks(spec, kept, source.texts, source.readme), *_claim_blocks(spec)]
    return Plan(
        spec=spec,
        source=source.path,
        model=source.model,
        copied=copied,
        left_out=tuple(LeftOut(path, left_out[path]) for path in sorted(left_out)),
        blocks=tuple(blocks),
        warnings=tuple(_warnings(spec, source, copied)),
        authors_text=source.readme if source.readme and not _is_template(source.readme) else None,
    )


def content_blocks(spec: ReleaseSpec, source: Source, paths: Sequence[str]) -> list[str]:
    """Why files of the source must not be released, by their names and first bytes."""
    found = (refusal(path, source.heads.get(path, b"")) for path in paths)
    allowed = set() if spec.artifacts.forbid_python else {"python"}
    return [r.sentence for r in found if r is not None and r.kind not in allowed]


def require_unblocked(plan: Plan) -> None:
    """Raise GateRefused with every reason, if there is one."""
    if plan.blocks:
        reasons = "; ".join(plan.blocks[:20])
        more = f"; and {len(plan.blocks) - 20} more" if len(plan.blocks) > 20 else ""
        raise GateRefused(
            f"the release is refused: {reasons}{more}",
            hint="remove the files or name them under artifacts.source.exclude, then plan again",
        )


def _left_out(spec: ReleaseSpec, source: Source) -> dict[str, str]:
    paths = sorted(source.listing.files)
    reasons = {path: reason for path in paths if (reason := _housekeeping(path, source))}
    for pattern in spec.artifacts.exclude:
        for path in matching(pattern, paths):
            reasons.setdefault(path, f"excluded by {pattern!r}")
    for path in paths:
        if path.endswith(".gguf"):
            reasons.setdefault(path, "weights in a format that this version does not ship")
    return reasons


def _housekeeping(path: str, source: Source) -> str | None:
    parts = path.split("/")
    if path in source.model.consumed:
        return "converted"
    if path == source.release_file:
        return "the release file itself"
    if path in _EARLIER_SIGNATURES:
        return "belongs to an earlier release"
    if path == CARD_NAME:
        return "replaced by the model card, which carries its text"
    if any(part.startswith(".") for part in parts) and parts[0] != _RESULTS_FOLDER:
        return "hidden files are not released"
    if _HOUSEKEEPING & set(parts):
        return "left over from a tool"
    return None


def _tree_blocks(source: Source) -> list[str]:
    """Links, special files and impossible names, outside the hidden folders."""
    return [
        problem.sentence
        for problem in source.listing.problems
        if not any(part.startswith(".") for part in problem.path.split("/"))
    ]


def _pattern_blocks(spec: ReleaseSpec, source: Source, kept: Sequence[str]) -> list[str]:
    """Patterns that mean nothing, and files that two components claim."""
    everything = sorted(source.listing.files)
    released = sorted({*kept, *source.model.produced, CARD_NAME})
    blocks = [
        f"artifacts.source.exclude: {pattern!r} matches no file"
        for pattern in spec.artifacts.exclude
        if not matching(pattern, everything)
    ]
    wanted = [("licenses.notices", path) for path in spec.licenses.notices]
    if spec.licenses.acceptable_use_file is not None:
        wanted.append(("licenses.acceptable_use.file", spec.licenses.acceptable_use_file))
    claimed: dict[str, str] = {}
    for component in spec.components:
        wanted += [(f"components[{component.name}].path", pattern) for pattern in component.paths]
        if component.access == "gated" and spec.access.mechanism == "none":
            blocks.append(f"{component.name} is gated, and access.mechanism is 'none'")
        for path in {p for pattern in component.paths for p in matching(pattern, released)}:
            if claimed.setdefault(path, component.name) != component.name:
                blocks.append(
                    f"{path} belongs to two components: {claimed[path]}, {component.name}"
                )
    blocks += [
        f"{key}: {pattern!r} matches no file of the release"
        for key, pattern in wanted
        if not matching(pattern, released)
    ]
    return blocks


def _claim_blocks(spec: ReleaseSpec) -> list[str]:
    """A description that nobody has written yet would go into the card as it is."""
    if _is_template(spec.metadata.description or ""):
        return ["metadata.description is a placeholder: say what the model is, or leave it out"]
    return []


def _is_template(text: str) -> bool:
    return "more information needed" in text.lower()


def _warnings(spec: ReleaseSpec, source: Source, copied: Sequence[PlannedFile]) -> list[str]:
    warnings = []
    if _is_template(source.readme):
        warnings.append("README.md is an unfilled template: its text is not carried into the card")
    if is_unknown(spec.licenses.distribution):
        warnings.append(
            "the licence is unknown, so nobody may use the model: set licenses.distribution"
        )
    elif not any(file.role == "license" for file in copied):
        warnings.append("no licence text is shipped: add a LICENSE file to the source")
    warnings += [f"{file.path} is Python code" for file in copied if file.path.endswith(".py")]
    return warnings


def to_json(plan: Plan) -> dict[str, Any]:
    """The plan for programs."""
    spec = plan.spec
    return {
        "name": spec.metadata.name,
        "version": spec.metadata.version,
        "source": plan.source,
        "format": plan.model.format,
        "model": plan.model.summary,
        "conversion": "safetensors" if plan.model.is_converted else None,
        "facts": {
            fact.name: {"value": fact.value, "source": fact.source} for fact in plan.model.facts
        },
        "files": [
            {"path": f.path, "size_bytes": f.size_bytes, "role": f.role, "component": f.component}
            for f in plan.copied
        ],
        "converted_files": list(plan.model.produced) if plan.model.is_converted else [],
        "written_files": list(WRITTEN_BY_US),
        "left_out": [{"path": left.path, "reason": left.reason} for left in plan.left_out],
        "license": spec.licenses.distribution,
        "access": {
            "stage": spec.access.stage,
            "mechanism": spec.access.mechanism,
            "private": spec.access.is_private,
        },
        "sign": {"oms": spec.oms_key},
        "publish": [there.model_dump(mode="json", exclude_none=True) for there in spec.publish],
        "assumptions": list(plan.assumptions),
        "warnings": list(plan.warnings),
        "blocks": list(plan.blocks),
    }
