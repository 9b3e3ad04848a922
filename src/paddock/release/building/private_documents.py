"""Documents that authorities may ask for: written beside the release, for its maker's eyes alone.

Annex XI of the AI Act is kept and shown on request, never published. The folder can be read by its
owner only; a later build of the same version replaces what is in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from paddock.errors import BadInput
from paddock.release.documents.regulators import PRIVATE_SUFFIX

_FOLDER_MODE, _FILE_MODE = 0o700, 0o600


def write_private(documents: Mapping[str, bytes], release: Path) -> Path | None:
    """Write into ``RELEASE.private`` beside the folder ``release``; None when there is nothing."""
    if not documents:
        return None
    folder = release.parent / f"{release.name}{PRIVATE_SUFFIX}"
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise BadInput(f"{folder} is in the way of documents for authorities", hint="move it")
    try:
        folder.mkdir(mode=_FOLDER_MODE, exist_ok=True)
        folder.chmod(_FOLDER_MODE)
        for name, raw in sorted(documents.items()):
            _write(folder, name, raw)
    except OSError as e:
        raise BadInput(
            f"documents for authorities cannot be written into {folder}: {e.strerror or e}",
            hint="build with -o into a folder that you may write beside",
        ) from e
    return folder


def _write(folder: Path, name: str, raw: bytes) -> None:
    partial = folder / f".{name}.partial"
    partial.unlink(missing_ok=True)
    partial.touch(mode=_FILE_MODE, exist_ok=False)
    partial.write_bytes(raw)
    partial.replace(folder / name)
