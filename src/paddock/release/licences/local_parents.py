"""Parents that lie beside a release: what they say, and how much of them is in the source.

Reads; bounded, without following links, nothing outside the folder of the release file.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from paddock.checkpoint.errors import BadCheckpoint
from paddock.checkpoint.licence_hints import licence_hints
from paddock.checkpoint.opening import Checkpoint
from paddock.front_matter import CARD_NAME
from paddock.release.errors import BadReleaseFile
from paddock.release.files.folder import list_folder
from paddock.release.files.formats import role_of
from paddock.release.files.manifest import MANIFEST_NAME, MAX_MANIFEST_BYTES, SIGNATURE_NAME
from paddock.release.files.reading import BUFFER_BYTES, open_beneath, opened_folder, read_beneath
from paddock.release.licences.likeness import likeness, opened
from paddock.release.licences.material import Likeness, Parent, ancestors_of
from paddock.release.licences.origins import Origin
from paddock.release.licences.parent_release import ParentRelease, read_parent_release
from paddock.release.spec.release_spec import ReleaseSpec
from paddock.release.verifying.verify import verify_manifest
from paddock.signing.keys import TrustedKey
from paddock.signing.signed_json import MAX_SIGNED_BYTES

MAX_COMPARED = 20  # models that lie beside the release file
MAX_NOTICES = 100
MAX_NOTICE_BYTES = 1 << 20
_BELIEVED = frozenset({"trusted", "stale"})  # that there is something newer changes no fact


class _Source(NamedTuple):
    folder: Path
    files: dict[str, int]  # path and size
    checkpoint: Checkpoint | None


def local_parents(
    spec: ReleaseSpec, base: Path, folder: Path, trust: Sequence[TrustedKey]
) -> Iterator[Parent]:
    """Every model that lineage gives a path for, read and compared with the source."""
    named = [(a.id, a.path) for _, a in ancestors_of(spec) if a.path is not None]
    others = [(path, path) for path in spec.lineage.compare_with]
    wanted = list(dict.fromkeys([*named, *others]))
    if not wanted:
        return
    if len(wanted) > MAX_COMPARED:
        raise BadReleaseFile(f"lineage names {len(wanted)} local models, more than {MAX_COMPARED}")
    source = _Source(folder, sizes_of(folder), opened(folder))
    for id_, path in wanted:
        place = base / path
        if not place.resolve().is_relative_to(base.resolve()):
            raise BadReleaseFile(f"lineage: {path!r} leads out of {base}")
        if not place.is_dir():
            raise BadReleaseFile(f"lineage: {path} of {id_} is not a folder")
        yield _parent(id_, place, source, trust)


def _parent(id_: str, place: Path, source: _Source, trust: Sequence[TrustedKey]) -> Parent:
    sizes = sizes_of(place)
    with opened_folder(place) as parent_fd:
        release = _release(id_, place, parent_fd, sizes, trust)
        notices = {
            path: read_beneath(parent_fd, path, MAX_NOTICE_BYTES - 1).decode("utf-8", "replace")
            for path in [path for path in sorted(sizes) if role_of(path) == "notice"][:MAX_NOTICES]
        }
    origins = release.origins if release is not None else _told_by_texts(id_, place)
    return Parent(
        id=id_,
        origins=origins,
        signed_by=release.signed_by if release is not None else None,
        problem=release.problem if release is not None else None,
        likeness=_likeness(source, place),
        changed=tuple(_changed(source, place, sizes)),
        notices=notices,
        root=release.root if release is not None else None,
        sha256=release.sha256 if release is not None else None,
    )


def _release(
    id_: str, place: Path, parent_fd: int, sizes: dict[str, int], trust: Sequence[TrustedKey]
) -> ParentRelease | None:
    """What the parent's release.json says, where everything that must sign it did."""
    if MANIFEST_NAME not in sizes:
        return None
    raw = read_beneath(parent_fd, MANIFEST_NAME, MAX_MANIFEST_BYTES)
    signed = SIGNATURE_NAME in sizes
    bundle = read_beneath(parent_fd, SIGNATURE_NAME, MAX_SIGNED_BYTES) if signed else None
    read = read_parent_release(id_, raw, bundle, trust)
    if read.problem is not None:
        return read
    verdict = verify_manifest(place, trust)
    if verdict.origin == "trusted" and verdict.verdict in _BELIEVED:
        return read
    return ParentRelease(problem="; ".join(verdict.reasons[:3]) or verdict.verdict)


def _told_by_texts(id_: str, place: Path) -> tuple[Origin, ...]:
    """The licence that the parent's own files show, where it is no release."""
    told = next((hint.licence for hint in licence_hints(place) if hint.licence), None)
    return (Origin(id_, (), told, "measured"),) if told is not None else ()


def _likeness(source: _Source, place: Path) -> Likeness | None:
    other = opened(place) if source.checkpoint is not None else None
    if source.checkpoint is None or other is None:
        return None
    try:
        return likeness(source.checkpoint, other)
    except BadCheckpoint:
        return None


def _changed(source: _Source, place: Path, sizes: dict[str, int]) -> Iterator[str]:
    """Files of both that differ; equal ones are read whole, changed ones to the first change."""
    with opened_folder(source.folder) as mine_fd, opened_folder(place) as theirs_fd:
        for path in sorted(source.files.keys() & sizes.keys()):
            if path in {MANIFEST_NAME, SIGNATURE_NAME, CARD_NAME}:
                continue
            if source.files[path] != sizes[path] or _differ(mine_fd, theirs_fd, path):
                yield path


def _differ(mine_fd: int, theirs_fd: int, path: str) -> bool:
    with (
        os.fdopen(open_beneath(mine_fd, path), "rb") as mine,
        os.fdopen(open_beneath(theirs_fd, path), "rb") as theirs,
    ):
        while True:
            one, two = mine.read(BUFFER_BYTES), theirs.read(BUFFER_BYTES)
            if one != two:
                return True
            if not one:
                return False


def sizes_of(folder: Path) -> dict[str, int]:
    """The plain files of a folder and their sizes in bytes."""
    with opened_folder(folder) as folder_fd:
        return {path: state.size_bytes for path, state in list_folder(folder_fd).files.items()}
