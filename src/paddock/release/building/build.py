"""Builds a planned release in one pass over the source; the folder appears whole or not at all.

Knows the order of the work: weights and files with their digests, then the documents made of facts,
then release.json over everything, then the signature over release.json and the rest. The same
source, specification and key give the same bytes. What was inspected is what is released: the
checkpoint is opened again in the finished folder, before it is signed.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from paddock import __version__
from paddock.checkpoint.convert.convert import convert_checkpoint
from paddock.checkpoint.convert.options import ConvertOptions
from paddock.checkpoint.errors import OutputExists
from paddock.checkpoint.output_folder import new_folder
from paddock.digest import Digests
from paddock.front_matter import CARD_NAME
from paddock.large_patterns import ATTRIBUTES_NAME
from paddock.release.documents.card import CardContent, render_card
from paddock.release.errors import GateRefused
from paddock.release.files.attributes import LARGE_FILE_BYTES, render_attributes
from paddock.release.files.copying import copy_files, write_content
from paddock.release.files.folder import list_folder
from paddock.release.files.formats import HEAD_BYTES, role_of
from paddock.release.files.manifest import (
    MANIFEST_NAME,
    SIGNATURE_NAME,
    ReleaseFile,
    parse_manifest,
    render_manifest,
)
from paddock.release.files.reading import opened_folder, read_beneath
from paddock.release.planning.conditions import content_checks
from paddock.release.planning.outputs import PlannedOutput
from paddock.release.planning.plan import (
    WRITTEN_BY_US,
    Plan,
    require_unblocked,
)
from paddock.release.planning.source import Source
from paddock.release.planning.survey import find_model
from paddock.release.signatures.oms import names_outside_signature, sign_files
from paddock.release.spec.publish import HubDestination
from paddock.release.verifying.verify import verify_folder
from paddock.signing.keys import SigningKey, TrustedKey

_CONVERTED = ".converted"

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class BuiltRelease:
    """A release on disk, whole and signed."""

    folder: Path
    name: str
    version: str
    files: tuple[ReleaseFile, ...]  # all but release.json and the signature
    root: str
    key_fingerprint: str

    @property
    def size_bytes(self) -> int:
        return sum(file.size_bytes for file in self.files)


def build_release(
    plan: Plan, folder: Path, key: SigningKey, progress: Progress, *, passing: bool = False
) -> BuiltRelease:
    """Build into ``folder``; GateRefused when the plan is blocked.

    A folder that holds exactly this release already is left as it is; any other content is refused.
    A ``passing`` folder, which is published from and then deleted, may share files with the source.
    """
    require_unblocked(plan)
    folder = folder.resolve()
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        with new_folder(folder) as partial:
            built = _build(plan, partial, key, progress, passing=passing)
        return replace(built, folder=folder)
    with tempfile.TemporaryDirectory(prefix=f".{folder.name}.again-", dir=folder.parent) as again:
        built = _build(plan, Path(again), key, progress)
        trust = [TrustedKey(key.private.public_key(), "the signing key")]
        same = all(
            (folder / name).is_file()
            and (folder / name).read_bytes() == (Path(again) / name).read_bytes()
            for name in (MANIFEST_NAME, SIGNATURE_NAME)
        )
        if not same or not verify_folder(folder, trust).is_trusted:
            raise OutputExists(
                f"{folder} holds something else than this release",
                hint="name another folder with -o, or remove this one",
            )
    return replace(built, folder=folder)


def _build(
    plan: Plan, folder: Path, key: SigningKey, progress: Progress, *, passing: bool = False
) -> BuiltRelease:
    digests = _write_contents(plan, folder, progress, passing=passing)
    _inspect_again(plan, folder)
    progress("writing the model card, release.json and the signature")
    files = [_release_file(plan, path, found) for path, found in sorted(digests.items())]
    large = [f.path for f in files if f.size_bytes >= LARGE_FILE_BYTES or _is_binary(folder, f)]
    attributes = write_content(render_attributes(large), folder / ATTRIBUTES_NAME)
    files.append(_release_file(plan, ATTRIBUTES_NAME, attributes))
    files.sort(key=lambda file: file.path)
    card = write_content(render_card(_card_content(plan, files)), folder / CARD_NAME)
    files.append(_release_file(plan, CARD_NAME, card))
    files.sort(key=lambda file: file.path)
    return _sign(plan, folder, files, key)


def _write_contents(
    plan: Plan, folder: Path, progress: Progress, *, passing: bool
) -> dict[str, Digests]:
    """Weights and everything else of the source, each byte read once."""
    digests: dict[str, Digests] = {}
    if plan.model.is_converted:
        progress(f"converting {plan.model.summary} to safetensors")
        options = ConvertOptions(shard_bytes=plan.spec.artifacts.shard_bytes)
        converted = convert_checkpoint(Path(plan.source), folder / _CONVERTED, options)
        for file in converted.files:
            made = folder / _CONVERTED / file.name
            if file.name not in WRITTEN_BY_US and _is_wanted(plan, file.name):
                made.chmod(0o644)
                made.rename(folder / file.name)
                digests[file.name] = file.digests
        shutil.rmtree(folder / _CONVERTED)
    copied = [file.path for file in plan.copied if file.path not in digests]
    size_bytes = sum(file.size_bytes for file in plan.copied)
    progress(f"reading {len(copied)} files, {size_bytes} bytes")
    with opened_folder(plan.source) as source_fd:
        return digests | copy_files(source_fd, copied, folder, may_link=passing)


def _is_wanted(plan: Plan, name: str) -> bool:
    """Whether a file that the conversion wrote is wanted: not when the plan leaves its twin out."""
    return name not in {left.path for left in plan.left_out if left.path not in plan.model.consumed}


def _inspect_again(plan: Plan, folder: Path) -> None:
    """The gate once more, on what was really written."""
    with opened_folder(folder) as folder_fd:
        listing = list_folder(folder_fd)
        heads = {path: read_beneath(folder_fd, path, HEAD_BYTES - 1) for path in listing.files}
    source = Source(
        str(folder),
        listing,
        heads,
        find_model(folder, listing, (PlannedOutput("x", "safetensors", ""),)),
    )
    problems = [
        *source.model.problems,
        *(c.sentence for c in content_checks(plan.spec, source, sorted(listing.files)) if c.blocks),
    ]
    if problems:
        raise GateRefused(f"the built release is refused: {'; '.join(problems[:20])}")


def _release_file(plan: Plan, path: str, digests: Digests) -> ReleaseFile:
    role = "attributes" if path == ATTRIBUTES_NAME else role_of(path)
    return ReleaseFile(path, role, plan.component_of(path, role), *digests)


def _is_binary(folder: Path, file: ReleaseFile) -> bool:
    with (folder / file.path).open("rb") as opened:
        return b"\0" in opened.read(HEAD_BYTES)


def _card_content(plan: Plan, files: list[ReleaseFile]) -> CardContent:
    return CardContent(
        spec=plan.spec,
        facts=plan.model.facts,
        files=files,
        repo=next((d.repo for d in plan.spec.publish if isinstance(d, HubDestination)), None),
        authors_text=plan.authors_text,
        is_chat=plan.model.is_chat,
    )


def _sign(plan: Plan, folder: Path, files: list[ReleaseFile], key: SigningKey) -> BuiltRelease:
    metadata = plan.spec.metadata
    manifest = render_manifest(_document(plan), files)
    signed = {file.path: file.sha256 for file in files}
    signed[MANIFEST_NAME] = write_content(manifest, folder / MANIFEST_NAME).sha256
    for path in names_outside_signature(signed):
        del signed[path]
    bundle = sign_files(metadata.name, signed, SIGNATURE_NAME, key.private)
    write_content(bundle, folder / SIGNATURE_NAME)
    return BuiltRelease(
        folder=folder,
        name=metadata.name,
        version=metadata.version,
        files=tuple(files),
        root=parse_manifest(manifest).document["root"]["digest"],
        key_fingerprint=key.fingerprint,
    )


def _document(plan: Plan) -> dict[str, Any]:
    """release.json but for the files: what was said and what was measured, nothing of this run."""
    spec = plan.spec
    said = spec.model_dump(mode="json", by_alias=True, exclude_none=True)
    metadata = said["metadata"]
    return {
        "name": metadata.pop("name"),
        "version": metadata.pop("version"),
        "producer": metadata.pop("producer", None),
        "metadata": metadata,
        "lineage": said["lineage"],
        "licenses": said["licenses"],
        "components": said["components"],
        "access": {"stage": spec.access.stage, "mechanism": spec.access.mechanism},
        "model": {
            "source_format": plan.model.format,
            "facts": [asdict(fact) for fact in plan.model.facts],
        },
        "tool": {"name": "paddock", "version": __version__},
    }
