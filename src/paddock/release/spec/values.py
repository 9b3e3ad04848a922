"""What a release.yaml says, as values.

Pure data: no YAML, no files. A ``ReleaseSpec`` is well formed (types, names, paths that stay inside
the release folder) but not yet compared with any checkpoint: that is the plan's work.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

API_VERSION = "paddock/v1"
KIND = "ModelRelease"

# The Model Openness Framework's 17 components (LF AI & Data, MOF 1.0).
MOF_COMPONENTS = (
    "Model architecture",
    "Model parameters (Final)",
    "Technical report",
    "Evaluation results",
    "Model card",
    "Data card",
    "Sample model outputs",
    "Training code",
    "Inference code",
    "Evaluation code",
    "Evaluation data",
    "Supporting libraries and tools",
    "Research paper",
    "Datasets",
    "Data preprocessing code",
    "Model parameters (Intermediate)",
    "Model metadata",
)
PARAMETERS = "Model parameters (Final)"
CARD = "Model card"

Stage = Literal["internal", "trusted", "gated", "open"]
Mechanism = Literal["none", "clickthrough", "registration", "manual"]
ComponentAccess = Literal["open", "gated", "withheld", "not_produced"]
UNKNOWN_LICENSE = "unknown"


@dataclass(frozen=True, slots=True)
class Producer:
    """Who answers for the release."""

    name: str
    contact: str | None = None
    security: str | None = None
    eu_representative: str | None = None


@dataclass(frozen=True, slots=True)
class Metadata:
    """What the release is called and what it is."""

    name: str
    version: str
    producer: Producer | None = None
    description: str | None = None
    date: str | None = None
    purl: str | None = None
    supersedes: str | None = None
    type: str | None = None
    architecture: str | None = None
    treatment: str | None = None
    pipeline_tag: str = "text-generation"
    library_name: str = "transformers"
    languages: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ancestor:
    """A model this one came from."""

    id: str
    revision: str | None = None
    relation: str | None = None
    license: str | None = None
    sha256: str | None = None


@dataclass(frozen=True, slots=True)
class Lineage:
    """Where the weights came from, as declared."""

    base_model: tuple[Ancestor, ...] = ()
    distilled_from: tuple[Ancestor, ...] = ()
    trained_on_outputs_of: tuple[Ancestor, ...] = ()


@dataclass(frozen=True, slots=True)
class Licenses:
    """Terms by kind of content, and the files of the source that carry them."""

    distribution: str = UNKNOWN_LICENSE
    code: str | None = None
    data: str | None = None
    document: str | None = None
    acceptable_use_file: str | None = None
    notices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Component:
    """One row of the Model Openness Framework; ``paths`` are globs in the release."""

    name: str
    access: ComponentAccess
    paths: tuple[str, ...] = ()
    license: str | None = None
    reason: str | None = None
    review_date: str | None = None


@dataclass(frozen=True, slots=True)
class Artifacts:
    """What is taken from the source and in which form it leaves."""

    source: str = "."  # relative to the release file's folder
    exclude: tuple[str, ...] = ()
    shard_bytes: int | None = None  # None: as the source has it
    forbid_python: bool = True


@dataclass(frozen=True, slots=True)
class GatedField:
    """A question that a person answers before access."""

    label: str
    kind: str
    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Access:
    """Who may read the published files."""

    stage: Stage = "open"
    mechanism: Mechanism = "none"
    texts: tuple[tuple[str, str], ...] = ()  # extra_gated_prompt, … as cards spell them
    fields: tuple[GatedField, ...] = ()
    is_declared: bool = False  # else an existing repository keeps its settings

    @property
    def is_private(self) -> bool:
        return self.stage in {"internal", "trusted"}

    @property
    def gated(self) -> Literal["auto", "manual", False]:
        """The Hub's word for the mechanism."""
        if self.mechanism == "none":
            return False
        return "manual" if self.mechanism == "manual" else "auto"


@dataclass(frozen=True, slots=True)
class HubDestination:
    """A repository on a hub; ``url`` None means the hub of the settings."""

    repo: str
    url: str | None = None


@dataclass(frozen=True, slots=True)
class FolderDestination:
    """A folder, relative to the release file's."""

    path: str


Destination = HubDestination | FolderDestination


@dataclass(frozen=True, slots=True)
class ReleaseSpec:
    """A whole release.yaml."""

    metadata: Metadata
    lineage: Lineage = field(default_factory=Lineage)
    licenses: Licenses = field(default_factory=Licenses)
    components: tuple[Component, ...] = ()
    artifacts: Artifacts = field(default_factory=Artifacts)
    access: Access = field(default_factory=Access)
    oms_key: str | None = None  # a path; None: the user's own release key
    publish: tuple[Destination, ...] = ()
