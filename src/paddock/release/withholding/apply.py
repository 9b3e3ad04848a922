"""The open version of a checkpoint: folder in, folder out, in constant memory."""

from __future__ import annotations

from pathlib import Path

from paddock.checkpoint.output_folder import new_folder
from paddock.release.files.copying import copy_files
from paddock.release.files.folder import list_folder
from paddock.release.files.reading import opened_folder
from paddock.release.spec.release_spec import ReleaseSpec
from paddock.release.withholding.secret import Secret
from paddock.release.withholding.selection import select
from paddock.release.withholding.withheld import Withheld


def withhold(
    source: Path,
    destination: Path,
    spec: ReleaseSpec,
    secret: Secret,
    *,
    texts_folder: Path | None = None,
) -> Withheld:
    """Write what is open of ``source`` to the new folder ``destination``; say what is withheld.

    ``texts_folder`` is where the texts of distilled replacements are, ``source`` unless given.
    """
    withheld = select(source, spec, texts_folder=texts_folder)
    with new_folder(destination) as partial, opened_folder(source) as source_fd:
        copy_files(source_fd, sorted(list_folder(source_fd).files), partial, may_link=True)
    return withheld
