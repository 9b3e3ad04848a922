"""Which files of the source stay behind, and why. Pure."""

from __future__ import annotations

from collections.abc import Collection

from paddock.front_matter import CARD_NAME
from paddock.release.documents.answers import answer_files
from paddock.release.documents.evaluations.model_index import EVAL_RESULTS_PATH
from paddock.release.documents.regulators import PRIVATE_SUFFIX
from paddock.release.files.manifest import MANIFEST_NAME, vouches
from paddock.release.files.paths import matching, path_problem
from paddock.release.planning.source import Source
from paddock.release.spec.release_spec import ReleaseSpec
from paddock.release.spec.schema import SCHEMA_NAME

FOREIGN_SIGNATURES = frozenset({"model.sig", "model.sigstore"})
HOUSEKEEPING = frozenset({"__pycache__", "Thumbs.db", "desktop.ini"})
RESULTS_FOLDER = ".eval_results"
ABOUT = ("documents/", "attestations/")


def left_out(spec: ReleaseSpec, source: Source, written: Collection[str] = ()) -> dict[str, str]:
    """Every file of the source that is not copied as it is, with the reason.

    ``written`` are the paths of the documents that the build writes.
    """
    paths = sorted(source.listing.files)
    reasons = {path: reason for path in paths if (reason := _housekeeping(path, source))}
    for path in paths:
        if (reason := _written_about(path, source, written)) is not None:
            reasons.setdefault(path, reason)
        if (reason := _beside(spec, source, path)) is not None:
            reasons.setdefault(path, reason)
    for part in spec.components:
        kept_back = [*part.paths] if part.access == "withheld" else []
        kept_back += [rule.file for rule in part.withhold if rule.file is not None]
        kept_back += [f"{rule.adapter.rstrip('/')}/" for rule in part.withhold if rule.adapter]
        for pattern in kept_back:
            for path in matching(pattern, paths):
                reasons.setdefault(path, f"withheld: {part.name}")
    for pattern in spec.artifacts.exclude:
        for path in matching(pattern, paths):
            reasons.setdefault(path, f"excluded by {pattern!r}")
    for path in paths:
        if path.endswith(".gguf"):
            reasons.setdefault(path, "weights that are not made from this source")
    return reasons


def _written_about(path: str, source: Source, written: Collection[str]) -> str | None:
    """Why a document of the source is not one of the release."""
    of_a_release = path == EVAL_RESULTS_PATH or path.startswith(ABOUT)
    if MANIFEST_NAME in source.listing.files and of_a_release:
        return "belongs to an earlier release"
    return "replaced by a document of this release" if path in written else None


def _signing_folders(spec: ReleaseSpec) -> tuple[str, ...]:
    """Where update metadata and its keys are kept, if that is inside the source."""
    tuf = spec.sign.tuf
    named = () if tuf is None else (tuf.repo, *([tuf.keys.rstrip("/")] if tuf.keys else []))
    return tuple(folder for folder in named if folder != "." and path_problem(folder) is None)


def _beside(spec: ReleaseSpec, source: Source, path: str) -> str | None:
    """Why a file that release.yaml names is not the model's.

    Approvals sign what is released, so they cannot be part of it; nor can who may approve.
    """
    if any(path.startswith(f"{folder}/") for folder in _signing_folders(spec)):
        return "keys and update metadata are not released from here"
    if source.release_file is None:
        return None
    if path in _named_in_docs(spec):
        return "documents are made of it, not all of them for the public"
    named = {spec.gate.policy, *(person.key for person in spec.gate.people)}
    if path in named or path.startswith(f"{spec.gate.statements}/"):
        return "the gate's: what people signed comes with its evidence"
    return None


def _named_in_docs(spec: ReleaseSpec) -> frozenset[str]:
    """Files of answers and of texts: some of what they say is for authorities alone."""
    docs = spec.docs
    own = (docs.facts, docs.model_card, docs.eu.copyright_policy if docs.eu else None)
    return frozenset((*answer_files(spec), *(name for name in own if name is not None)))


def _housekeeping(path: str, source: Source) -> str | None:
    parts = path.split("/")
    if path in source.model.consumed:
        return "converted"
    if path == source.release_file:
        return "the release file itself"
    if path == SCHEMA_NAME:
        return "for editors of the release file"
    if vouches(path) or path in FOREIGN_SIGNATURES:
        return "belongs to an earlier release"
    if path == CARD_NAME:
        return "replaced by the model card, which carries its text"
    if any(part.startswith(".") for part in parts) and parts[0] != RESULTS_FOLDER:
        return "hidden files are not released"
    if any(part.endswith(PRIVATE_SUFFIX) for part in parts[:-1]):
        return "documents for authorities alone"
    if HOUSEKEEPING & set(parts):
        return "left over from a tool"
    return None
