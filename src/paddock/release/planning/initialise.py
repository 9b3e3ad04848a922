"""``release init``: writes a whole release.yaml, and its schema for editors, for a checkpoint.

Never replaces a file. The source must lie in the folder of the release file, as every release file
demands, so a file that is written elsewhere is refused before anything is looked at.
"""

from __future__ import annotations

from pathlib import Path

from paddock.errors import BadInput, Conflict, NotFound
from paddock.release.planning.draft import draft_release
from paddock.release.planning.prepare import RELEASE_FILE, name_of
from paddock.release.planning.survey import survey
from paddock.release.spec.reader import parse_release
from paddock.release.spec.schema import SCHEMA_NAME, render_schema


class ReleaseFileExists(Conflict):
    """There is a release file already, and it is somebody's work."""

    code = "release_file_exists"


def initialise(path: Path, output: Path | None = None, name: str | None = None) -> list[Path]:
    """Write the release file for the checkpoint at ``path``, and the schema beside it."""
    if not path.exists():
        raise NotFound(f"{path} does not exist", hint="give the folder or file of a checkpoint")
    folder = path if path.is_dir() else path.parent
    output = output or folder / RELEASE_FILE
    if output.is_dir():
        output /= RELEASE_FILE
    if not folder.resolve().is_relative_to(output.parent.resolve()):
        raise BadInput(
            f"{folder} is not inside {output.parent}, where the release file would be",
            hint=f"write it to {folder / RELEASE_FILE}, or to a folder above the checkpoint",
        )
    inside = folder.resolve().relative_to(output.parent.resolve()).as_posix()
    source = survey(folder)
    if source.model.format == "unknown":
        raise BadInput(f"{path} cannot be released: {source.model.problems[0]}")
    content = draft_release(source, name or name_of(folder), inside)
    parse_release(content, output.name)  # what we write is right, or is not written
    schema = output.parent / SCHEMA_NAME
    _write_new(output, content)
    schema.write_text(render_schema(), encoding="utf-8")
    return [output, schema]


def _write_new(path: Path, content: bytes) -> None:
    try:
        with path.open("xb") as file:
            file.write(content)
    except FileExistsError as e:
        raise ReleaseFileExists(
            f"{path} is there already", hint="change it, or name another file with -o"
        ) from e
    except OSError as e:
        raise BadInput(f"{path} cannot be written: {e.strerror}", hint="name one with -o") from e
