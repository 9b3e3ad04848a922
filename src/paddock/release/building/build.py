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
from paddock.release.building.finishing import finish, read_said
from paddock.release.building.inputs import BuildInputs, BuiltRelease
from paddock.release.building.private_documents import write_private
from paddock.release.building.scanning import check_scanners
from paddock.release.building.work_folder import Work, opened_work, remove_work, work_path
from paddock.release.files.copying import copy_files
from paddock.release.files.folder import list_folder
from paddock.release.files.manifest import MANIFEST_NAME
from paddock.release.files.reading import opened_folder
from paddock.release.planning.plan import require_unblocked
from paddock.release.signatures.sign import Signers
from paddock.release.verifying.verify import verify_folder
from paddock.signing.keys import TrustedKey
from paddock.signing.signers import public_key_of


def build_release(inputs: BuildInputs, signers: Signers, folder: Path) -> BuiltRelease:
    """Build into ``folder``; raises GateRefused with every condition that is not met.

    A folder that holds exactly this release already is left as it is; any other content is refused.
    """
    require_unblocked(inputs.plan)
    check_scanners(inputs.plan.spec.inspect)
    folder = folder.resolve()
    with opened_work(_work_path(inputs, folder.parent)) as work:
        built = _build(inputs, signers, work, shares_files=False)
        try:
            if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
                _require_same(built, folder, signers)
            else:
                _move(built.folder, folder)
        finally:
            remove_work(work)
    return replace(built, folder=folder, private_folder=write_private(built.private, folder))


@contextmanager
def passing_release(inputs: BuildInputs, signers: Signers) -> Iterator[BuiltRelease]:
    """A release to publish from: it shares files with the source, and goes when the block ends.

    A block that ends with an error, or is killed, leaves the work where the next one finds it.
    """
    require_unblocked(inputs.plan)
    check_scanners(inputs.plan.spec.inspect)
    with opened_work(_work_path(inputs, inputs.base)) as work:
        built = _build(inputs, signers, work, shares_files=True)
        kept = write_private(built.private, inputs.base / f"{built.name}-{built.version}")
        yield replace(built, private_folder=kept)
        remove_work(work)


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


def _require_same(built: BuiltRelease, folder: Path, signers: Signers) -> None:
    trust = [TrustedKey(public_key_of(signers.oms), "the signing key")]
    manifest = folder / MANIFEST_NAME
    same = (
        manifest.is_file() and manifest.read_bytes() == (built.folder / MANIFEST_NAME).read_bytes()
    )
    if not same or not verify_folder(folder, trust).is_trusted:
        raise OutputExists(
            f"{folder} holds something else than this release",
            hint="name another folder with -o, or remove this one",
        )
