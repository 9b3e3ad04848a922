"""Builds a planned release, step by step; the folder appears whole or not at all.

Knows the order of the work: the checkpoint that may leave, its outputs, all other files, the scan,
the run, the leak check, the documents, the gate, release.json, the signatures. Steps that are done
are not done again, so a build that was killed goes on where it was. The same source, specification
and keys give the same content on any machine. What the gate refuses stays in the work folder.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from paddock.checkpoint.errors import OutputExists
from paddock.checkpoint.output_folder import new_folder, sync_folder
from paddock.release.building.candidate import put_together
from paddock.release.building.earlier_build import earlier_build, forget_build, remember_build
from paddock.release.building.finishing import finish, read_said
from paddock.release.building.inputs import BuildInputs, BuiltRelease
from paddock.release.building.private_documents import write_private
from paddock.release.building.work_folder import Work, opened_work, remove_work, work_path
from paddock.release.files.copying import copy_files
from paddock.release.files.folder import list_folder
from paddock.release.files.manifest import DSSE_NAME, MANIFEST_NAME
from paddock.release.files.reading import opened_folder
from paddock.release.planning.plan import require_unblocked
from paddock.release.signatures.sign import Signers
from paddock.release.signatures.standing import (
    add_signatures,
    add_updates,
    earlier_signatures,
    read_signed,
    require_complete,
)
from paddock.release.verifying.whole import require_whole
from paddock.signing.errors import BadSignature


def build_release(inputs: BuildInputs, signers: Signers, folder: Path) -> BuiltRelease:
    """Build into ``folder``; raises GateRefused with every condition that is not met.

    A folder that holds exactly this release already keeps its files, and signatures that were added
    to it; any other content is refused. Raises SignaturesMissing when the folder is there, and
    fewer keys have signed than the release asks for.
    """
    require_unblocked(inputs.plan)
    folder = folder.resolve()
    earlier = earlier_build(inputs)
    with opened_work(_work_path(inputs, folder.parent)) as work:
        if earlier is not None and earlier.folder == folder:  # two folders share no file
            work.steps.earlier = earlier
        built = _build(inputs, _with_earlier(signers, folder, work), work, shares_files=False)
        try:
            if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
                _require_same(built, folder)
            else:
                _move(built.folder, folder)
            remember_build(inputs, folder, work.steps.records)
        finally:
            remove_work(work)
    require_complete(folder, "build again")
    return replace(built, folder=folder, private_folder=write_private(built.private, folder))


@contextmanager
def passing_release(inputs: BuildInputs, signers: Signers) -> Iterator[BuiltRelease]:
    """A release to publish from: it shares files with the source, and goes when the block ends.

    A block that ends with an error, or is killed, leaves the work where the next one finds it.
    """
    require_unblocked(inputs.plan)
    with opened_work(_work_path(inputs, inputs.base)) as work:
        signers = _with_earlier(signers, work.candidate, work)
        work.steps.earlier = earlier_build(inputs)
        built = _build(inputs, signers, work, shares_files=True)
        require_complete(built.folder, "publish again")
        kept = write_private(built.private, inputs.base / f"{built.name}-{built.version}")
        yield replace(built, private_folder=kept)
        remove_work(work)
        forget_build(inputs)


def _build(
    inputs: BuildInputs, signers: Signers, work: Work, *, shares_files: bool
) -> BuiltRelease:
    said = read_said(inputs)
    content = put_together(inputs, work, shares_files=shares_files)
    return finish(inputs, said, content, signers, work.steps)


def _work_path(inputs: BuildInputs, beside: Path) -> Path:
    source = Path(inputs.plan.source)
    return work_path(inputs.name, inputs.version, beside, source, inputs.cache)


def _move(built: Path, folder: Path) -> None:
    """The finished folder to its place, at once; another file system gets a copy."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    if folder.exists():
        folder.rmdir()
    try:
        built.rename(folder)
    except OSError:
        with opened_folder(built) as built_fd, new_folder(folder) as partial:
            copy_files(built_fd, sorted(list_folder(built_fd).files), partial)
        shutil.rmtree(built)
    sync_folder(folder.parent)


def _with_earlier(signers: Signers, folder: Path, work: Work) -> Signers:
    """With what others added to the release where it is, also when a build was killed since."""
    kept = work.folder / "signatures"
    if found := earlier_signatures(folder):
        add_updates(kept, found)
    earlier = {
        path.relative_to(kept).as_posix(): path.read_bytes()
        for path in (kept.rglob("*") if kept.is_dir() else ())
        if path.is_file()
    }
    return replace(signers, earlier=earlier)


def _require_same(built: BuiltRelease, folder: Path) -> None:
    """The folder holds this very release; signatures that only the new one has are added to it."""
    manifest = folder / MANIFEST_NAME
    same = (
        manifest.is_file() and manifest.read_bytes() == (built.folder / MANIFEST_NAME).read_bytes()
    )
    try:
        if not same:
            raise BadSignature(f"{folder} holds another {MANIFEST_NAME}")
        require_whole(folder)
    except BadSignature as e:
        raise OutputExists(
            f"{folder} holds something else than this release",
            hint="name another folder with -o, or remove this one",
        ) from e
    fresh = earlier_signatures(built.folder)
    add_signatures(
        folder, read_signed(folder), (), [fresh[DSSE_NAME]] if DSSE_NAME in fresh else []
    )
