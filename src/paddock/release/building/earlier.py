"""Whether anything that is withheld now was published before, at hubs and in registries.

Whoever has a repository has all of its revisions. Every file that a revision of a destination has
and the candidate has not is brought here once, in batches that fit on the disk, looked through, and
deleted again; a batch that was looked through is a step, and not brought again. A revision that
could not be looked into is a condition that is undecided, never a clean one. Nothing of this goes
into the release, unless it stops it.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from paddock.digest import Digests
from paddock.errors import PaddockError
from paddock.release.building.candidate import Content
from paddock.release.building.inputs import BuildInputs
from paddock.release.building.published import (
    CLIENT_CACHE,
    REMOTE,
    Published,
    PublishedFile,
    Revision,
    place_of,
)
from paddock.release.evidence import Check
from paddock.release.leaks.report import GROUP, PREFIX, LeakReport
from paddock.release.spec.publish import Destination

BATCH_BYTES = 32 << 30
MAX_BYTES = 1 << 40  # of one place, all revisions together
MAX_BLOB_BYTES = 16 << 20  # hubs keep larger files as large ones, known by SHA-256
_DISK_SHARE = 0.5  # of what is free
_SHOWN = 5

# Looks through a folder as the named step; the state is what the step's outcome depends on.
Look = Callable[[str, Callable[[], Path], Mapping[str, Any]], LeakReport]


class Wanted(NamedTuple):
    """A file of an earlier revision that nobody has looked into."""

    revision: str
    file: PublishedFile


def look_at_earlier(inputs: BuildInputs, content: Content, look: Look) -> list[Check]:
    """What stops the release because of what hubs and registries hold; empty when nothing does."""
    checks: list[Check] = []
    for number, there in enumerate(inputs.plan.spec.publish, 1):
        if isinstance(there, REMOTE):
            place = place_of(there)
            try:
                checks += _look_at_place(inputs, content, look, number, there)
            except PaddockError as e:
                checks.append(_unlooked(number, "", f"what is at {place}: {e.message}", e.hint))
            except OSError as e:
                checks.append(_unlooked(number, "", f"what is at {place}: {e.strerror or e}"))
    return checks


def _look_at_place(
    inputs: BuildInputs, content: Content, look: Look, number: int, there: Destination
) -> Iterator[Check]:
    published = inputs.published
    if published is None:
        yield _unlooked(number, "", f"what is at {there.place('the hub')}: nobody may be asked")
        return
    inputs.progress(f"looking for earlier revisions at {there.place('the hub')}")
    listed = published.revisions(there)
    for at, sentence in enumerate(listed.unlisted, 1):
        yield _unlooked(number, f".{at}", sentence)
    scratch = content.candidate.folder.parent / f"earlier-{number}"
    room = min(BATCH_BYTES, int(shutil.disk_usage(scratch.parent).free * _DISK_SHARE))
    wanted = unseen(listed.found, known_ids(content.candidate.folder, content.candidate.digests))
    fitting, left = within(wanted, room, MAX_BYTES)
    if left:
        yield _unlooked(number, ".large", _named(left), "make room on the disk, or look yourself")
    for at, batch in enumerate(batches(fitting, room), 1):
        bring = _bringing(inputs, published, there, batch, scratch)
        state = {"files": sorted(each.file.id for each in batch)}
        report = look(f"leaks-earlier-{number}-{at}", bring, state)
        shutil.rmtree(scratch, ignore_errors=True)
        yield from (_of_place(check, number) for check in report.checks if check.blocks)


def known_ids(folder: Path, digests: Mapping[str, Digests]) -> set[str]:
    """Both names of every file of the candidate: these are looked through anyway."""
    known = set()
    for path, found in digests.items():
        known.add(f"sha256:{found.sha256}")
        if found.size_bytes <= MAX_BLOB_BYTES:
            known.add(f"blob:{_git_blob((folder / path).read_bytes())}")
    return known


def unseen(revisions: Sequence[Revision], known: set[str]) -> list[Wanted]:
    """Every file that is not known, once, in the newest revision that has it."""
    found: dict[str, Wanted] = {}
    for revision in revisions:
        for file in revision.files:
            if file.id not in known:
                found.setdefault(file.id, Wanted(revision.id, file))
    return list(found.values())


def within(
    wanted: Sequence[Wanted], room_bytes: int, all_bytes: int
) -> tuple[list[Wanted], list[Wanted]]:
    """What may be brought, and what may not: too large alone, or after too much else."""
    fitting, left, taken = list[Wanted](), list[Wanted](), 0
    for each in wanted:
        if each.file.size_bytes > room_bytes or taken + each.file.size_bytes > all_bytes:
            left.append(each)
        else:
            fitting.append(each)
            taken += each.file.size_bytes
    return fitting, left


def batches(wanted: Sequence[Wanted], room_bytes: int) -> Iterator[list[Wanted]]:
    """As many files at a time as there is room for."""
    batch, taken = list[Wanted](), 0
    for each in wanted:
        if batch and taken + each.file.size_bytes > room_bytes:
            yield batch
            batch, taken = [], 0
        batch.append(each)
        taken += each.file.size_bytes
    if batch:
        yield batch


def _bringing(
    inputs: BuildInputs,
    published: Published,
    there: Destination,
    batch: Sequence[Wanted],
    scratch: Path,
) -> Callable[[], Path]:
    def bring() -> Path:
        by_revision: dict[str, list[PublishedFile]] = {}
        for each in batch:
            by_revision.setdefault(each.revision, []).append(each.file)
        size_bytes = sum(each.file.size_bytes for each in batch)
        inputs.progress(f"bringing {len(batch)} files of earlier revisions ({size_bytes} bytes)")
        for revision, files in by_revision.items():
            folder = scratch / revision.removeprefix("sha256:")[:12]
            published.bring(there, revision, files, folder)
        for left in scratch.glob(f"*/{CLIENT_CACHE}"):
            shutil.rmtree(left)
        return scratch

    return bring


def _named(left: Sequence[Wanted]) -> str:
    revisions = list(dict.fromkeys(each.revision[:19] for each in left))
    more = f" and {len(revisions) - _SHOWN} more" if len(revisions) > _SHOWN else ""
    size_bytes = sum(each.file.size_bytes for each in left)
    files = f"{len(left)} files ({size_bytes} bytes) of "
    return f"{files}{', '.join(revisions[:_SHOWN])}{more}: larger than there is room for"


def _unlooked(number: int, what: str, sentence: str, hint: str | None = None) -> Check:
    return Check(
        f"{PREFIX}.earlier-{number}{what}",
        GROUP,
        "undecided",
        f"not looked through for what is withheld: {sentence}",
        (),
        hint or "build where it can be reached, or have a person waive this",
    )


def _of_place(check: Check, number: int) -> Check:
    id_ = check.id.replace(PREFIX, f"{PREFIX}.earlier-{number}", 1)
    return replace(check, id=id_, sentence=f"in what was published before: {check.sentence}")


def _git_blob(content: bytes) -> str:
    """Git's name of a blob; SHA-1 because git says so, not for security."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()
