"""What is left of a build that was finished: where its release is, and how each step ended.

So that publishing what was just built does not do the work again. A few kilobytes in the user's
cache, by the release file's folder, name and version. It is a hint and no more: whoever uses it
holds every file against its recorded digest.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from paddock.release.building.inputs import BuildInputs

MAX_BYTES = 64 << 20


@dataclass(frozen=True, slots=True)
class EarlierBuild:
    """A finished release, and the records of its steps by name."""

    folder: Path
    records: Mapping[str, Any]


def earlier_build(inputs: BuildInputs) -> EarlierBuild | None:
    """The last build of this release, if its folder is still there."""
    try:
        with _place(inputs).open("rb") as file:
            told = json.loads(file.read(MAX_BYTES))
        found = EarlierBuild(Path(told["folder"]), dict(told["records"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return found if found.folder.is_dir() else None


def remember_build(inputs: BuildInputs, folder: Path, records: Mapping[str, Any]) -> None:
    """Note a build that was finished; a disk that takes no note is no failure of the build."""
    place = _place(inputs)
    draft = place.with_suffix(f".{os.getpid()}.draft")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        draft.write_text(json.dumps({"folder": str(folder), "records": records}))
        draft.replace(place)
    except OSError:
        draft.unlink(missing_ok=True)


def forget_build(inputs: BuildInputs) -> None:
    """After the release is published."""
    _place(inputs).unlink(missing_ok=True)


def _place(inputs: BuildInputs) -> Path:
    named = json.dumps([os.fspath(inputs.base.resolve()), inputs.name, inputs.version])
    folder = inputs.cache / "built"
    return folder / f"{hashlib.sha256(named.encode()).hexdigest()[:32]}.json"
