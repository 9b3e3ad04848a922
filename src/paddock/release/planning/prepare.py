"""From what the user names, a release file or a bare folder, to a plan.

Reads; writes only the release file of a bare folder, and only when asked to. The source never leads
out of the release file's folder, except when the user names another on the command line.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, replace
from pathlib import Path

from paddock.config import load_settings
from paddock.errors import BadInput, NotFound
from paddock.release.documents.gathering import read_inputs
from paddock.release.errors import BadReleaseFile
from paddock.release.licences.looking import look_around
from paddock.release.licences.material import ancestors_of
from paddock.release.planning.assume import Assumed, assume_release
from paddock.release.planning.plan import Plan, make_plan
from paddock.release.planning.survey import survey
from paddock.release.spec.publish import HubDestination
from paddock.release.spec.reader import parse_release
from paddock.release.spec.release_spec import ReleaseSpec
from paddock.release.spec.yaml_fields import nearest
from paddock.release.spec.yaml_tree import MAX_YAML_BYTES
from paddock.release.target import is_repo_id, path_exists
from paddock.release.withholding.selection import select
from paddock.signing.keys import TrustedKey, load_trust

RELEASE_FILE = "release.yaml"
MAX_NAMED = 20
_WEIGHTS = {".safetensors", ".bin", ".pth", ".gguf"}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the user asked to be released."""

    target: Path  # a release file, or a folder
    to: str | None = None  # namespace/name, instead of the file's destinations
    source: Path | None = None  # instead of artifacts.source.path


@dataclass(frozen=True, slots=True)
class Prepared:
    """A plan, the folder that its paths are relative to, and what was assumed for it."""

    plan: Plan
    base: Path
    assumed: Assumed | None = None


def prepare(wanted: Wanted) -> Prepared:
    """Read the release file, or assume one, look at the source and make the plan."""
    if wanted.to is not None and not is_repo_id(wanted.to):
        raise BadInput(f"{wanted.to!r} is not NAMESPACE/NAME", hint="such as --to admin/my-model")
    target = wanted.target
    if not path_exists(target):
        raise NotFound(f"{target} does not exist", hint="give a release.yaml or a folder")
    if target.suffix in _WEIGHTS and not target.is_dir():
        raise BadInput(f"{target} is no release file", hint="give a release.yaml or a folder")
    release_file = target / RELEASE_FILE if target.is_dir() else target
    if target.is_dir() and not release_file.exists():
        return _prepare_bare(wanted)
    spec = _with_destination(parse_release(_read(release_file), release_file.name), wanted.to)
    base = release_file.parent
    folder = wanted.source or _source_folder(base, spec.artifacts.source)
    source = survey(folder, release_file, spec)
    withheld = select(folder, spec, texts_folder=base)
    around = look_around(spec, base, folder, _trusted(spec))
    plan = make_plan(spec, source, withheld, around, read_inputs(base, spec))
    return Prepared(plan, base)


def _trusted(spec: ReleaseSpec) -> list[TrustedKey]:
    """The user's trusted keys, where a parent's release may be signed by one of them."""
    if not any(ancestor.path is not None for _, ancestor in ancestors_of(spec)):
        return []
    return load_trust(None, load_settings({}).config_home)


def save_assumed(prepared: Prepared, folder: Path) -> tuple[Path, bool]:
    """Write the assumed release file: into the folder, or here when that is read-only.

    Says where it is, and whether that is in the folder. Never replaces a file.
    """
    assert prepared.assumed is not None  # noqa: S101 - the caller checked
    beside = _may_write(folder)
    name = prepared.plan.spec.metadata.name
    path = folder / RELEASE_FILE if beside else Path(f"{name}.{RELEASE_FILE}")
    try:
        with path.open("xb") as file:
            file.write(prepared.assumed.content)
    except FileExistsError as e:
        if _read(path) != prepared.assumed.content:
            raise BadInput(
                f"{path} is there and says something else than what would be assumed",
                hint=f"use it: paddock release publish {path} --source {folder}",
            ) from e
    return path, beside


def _prepare_bare(wanted: Wanted) -> Prepared:
    folder = wanted.target
    source = survey(wanted.source or folder)
    name = wanted.to.split("/")[1] if wanted.to else name_of(folder)
    assumed = assume_release(source, name, wanted.to)
    spec = parse_release(assumed.content, RELEASE_FILE)
    around = look_around(spec, folder, wanted.source or folder)
    plan = make_plan(spec, source, around=around)
    return Prepared(replace(plan, assumptions=assumed.sentences), folder, assumed)


def _with_destination(spec: ReleaseSpec, to: str | None) -> ReleaseSpec:
    return spec if to is None else spec.model_copy(update={"publish": (HubDestination(repo=to),)})


def _source_folder(base: Path, relative: str) -> Path:
    folder = base / relative
    if not folder.resolve().is_relative_to(base.resolve()):
        raise BadReleaseFile(f"artifacts.source.path: {relative!r} leads out of {base}")
    if not path_exists(folder):
        beside = sorted(path.name for path in base.iterdir() if path.is_dir())[:MAX_NAMED]
        raise NotFound(
            f"artifacts.source.path: there is no {relative!r} in {base}",
            hint=nearest(relative, beside) or f"folders there: {', '.join(beside) or 'none'}",
        )
    return folder


def name_of(folder: Path) -> str:
    """A name for the model, from its folder."""
    name = re.sub(r"[^0-9A-Za-z._]+|\.{2,}", "-", folder.resolve().name).strip("-._")[:96]
    return name or "model"


def _may_write(folder: Path) -> bool:
    """Whether the folder is meant to be written to; its mode counts also for a superuser."""
    return os.access(folder, os.W_OK) and bool(folder.stat().st_mode & 0o222)


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MAX_YAML_BYTES + 1)
    except OSError as e:
        raise NotFound(f"{path} cannot be read: {e.strerror}") from e
