"""What a build is told, and what it gives back. Values only."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from paddock.release.building.published import Published
from paddock.release.evidence import Check
from paddock.release.files.manifest import ReleaseFile
from paddock.release.planning.outputs import PlannedOutput
from paddock.release.planning.plan import Plan

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class BuildInputs:
    """A plan, and the surroundings that its paths and keys are found in."""

    plan: Plan
    base: Path  # what paths in release.yaml are relative to
    config_home: Path  # the user's keys and secrets
    cache: Path  # for work that has no place beside the release
    progress: Progress
    published: Published | None = None  # who tells what hubs and registries hold already

    @property
    def name(self) -> str:
        return self.plan.spec.metadata.name

    @property
    def version(self) -> str:
        return self.plan.spec.metadata.version


@dataclass(frozen=True, slots=True)
class BuiltOutput:
    """One form of the weights, as it is in the release."""

    planned: PlannedOutput
    files: tuple[str, ...]  # weights alone, by their paths in the release
    weights_digest: str  # files/weights_digest, over names below the output's own folder

    @property
    def id(self) -> str:
        return self.planned.id

    def to_json(self) -> dict[str, Any]:
        """For release.json."""
        found = {
            "id": self.id,
            "format": self.planned.format,
            "folder": self.planned.folder,
            "dtype": self.planned.dtype,
            "quant": self.planned.quant,
            "from": self.planned.parent,
            "files": list(self.files),
            "weights_sha256": self.weights_digest,
        }
        return {key: value for key, value in found.items() if value is not None}


@dataclass(frozen=True, slots=True)
class BuiltRelease:
    """A release on disk, whole and signed."""

    folder: Path
    name: str
    version: str
    files: tuple[ReleaseFile, ...]  # all but release.json and the signatures
    root: str
    key_fingerprint: str
    content_root: str = ""  # what approvals sign: all but the gate's own evidence
    outputs: tuple[BuiltOutput, ...] = ()
    checks: tuple[Check, ...] = ()
    signature_files: tuple[str, ...] = ()  # by path
    private: Mapping[str, bytes] = field(default_factory=dict)  # documents for authorities alone
    private_folder: Path | None = None  # where those were written
    public_path: Path | None = None  # the public half of the user's own key, when that signed

    @property
    def size_bytes(self) -> int:
        return sum(file.size_bytes for file in self.files)
