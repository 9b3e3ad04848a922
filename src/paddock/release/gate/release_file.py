"""release.yaml and the folder that its paths are relative to, for those who need nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from paddock.errors import BadInput, NotFound
from paddock.release.spec.reader import parse_release
from paddock.release.spec.release_spec import ReleaseSpec
from paddock.release.spec.yaml_tree import MAX_YAML_BYTES

_NAME = "release.yaml"


class ReleaseFile(NamedTuple):
    """What release.yaml says, and where it is."""

    spec: ReleaseSpec
    base: Path


def open_release_file(target: Path) -> ReleaseFile:
    """Read a release.yaml, or the one in a folder; raises NotFound and BadReleaseFile."""
    path = target / _NAME if target.is_dir() else target
    try:
        with path.open("rb") as file:
            content = file.read(MAX_YAML_BYTES + 1)
    except OSError as e:
        raise NotFound(f"{path} cannot be read: {e.strerror}", hint="give a release.yaml") from e
    if path.suffix not in {".yaml", ".yml"}:
        raise BadInput(f"{path} is no release.yaml")
    return ReleaseFile(parse_release(content, path.name), path.parent)
