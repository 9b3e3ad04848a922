"""Where a candidate is that the gate keeps for reviewers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from paddock.config import load_settings
from paddock.errors import BadInput, NotFound

if TYPE_CHECKING:
    from paddock.release.gate.release_file import ReleaseFile


def candidate_options(command: Any) -> Any:
    """The candidate's folder, or what the build was told."""
    decorators = (
        click.option(
            "--candidate",
            type=click.Path(path_type=Path),
            help="The candidate's folder, instead of the one that the build keeps.",
        ),
        click.option(
            "-o",
            "--output",
            type=click.Path(path_type=Path),
            help="The folder that the build was told to build into.",
        ),
    )
    for decorator in reversed(decorators):
        command = decorator(command)
    return command


def find_candidate(file: ReleaseFile, given: Path | None, output: Path | None) -> Path:
    """The folder that was given, else the one that a build has kept; raises NotFound, BadInput.

    A build keeps it beside its output, beside release.yaml, or in the work folder of the settings.
    """
    from paddock.release.building.work_folder import candidates_of

    if given is not None:
        inside = given / "candidate"  # of a work folder
        given = inside if inside.is_dir() and (given / "lock").exists() else given
        if not given.is_dir():
            raise NotFound(f"there is no folder {given}")
        return given
    metadata = file.spec.metadata
    beside = (file.base, Path()) if output is None else (output.parent,)
    cache = load_settings({}).work_folder
    found = candidates_of(file.spec, file.base, beside, cache)
    if len(found) > 1:
        raise BadInput(
            f"there are two candidates of {metadata.name} {metadata.version}: "
            f"{found[0]} and {found[1]}",
            hint="name the one that you have looked at with --candidate",
        )
    if not found:
        raise NotFound(
            f"there is no candidate of {metadata.name} {metadata.version} here",
            hint="paddock release build makes one, and says where; name its folder with "
            "--candidate, or the build's own -o",
        )
    return found[0]
