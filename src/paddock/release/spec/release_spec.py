"""A whole release.yaml.

Well formed (types, names, paths that stay inside, sections that agree with each other) but not yet
compared with any checkpoint: that is the plan's work.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from paddock.release.spec.access import Access, AccessSection, agreed_access
from paddock.release.spec.artifacts import Artifacts
from paddock.release.spec.audit import Audit, Inspect
from paddock.release.spec.components import Component
from paddock.release.spec.docs import Docs
from paddock.release.spec.gate import Gate
from paddock.release.spec.licences import Licenses
from paddock.release.spec.lifecycle import Lifecycle
from paddock.release.spec.lineage import Lineage
from paddock.release.spec.metadata import Metadata
from paddock.release.spec.publish import Destination
from paddock.release.spec.section import Listed, Many, Section, without_repeats, wrong
from paddock.release.spec.sign import Sign

API_VERSION = "paddock/v1"
KIND = "ModelRelease"


class ReleaseSpec(Section):
    """What a release is to be: read from release.yaml, or assumed for a bare folder."""

    apiVersion: Literal["paddock/v1"] = Field("paddock/v1", description="The form of this file.")
    kind: Literal["ModelRelease"] = Field("ModelRelease", description="What the file describes.")
    metadata: Metadata
    lineage: Lineage = Field(default_factory=Lineage)
    licenses: Licenses = Field(default_factory=Licenses)
    components: Listed[Component] = Field((), description="Rows of the Model Openness Framework.")
    artifacts: Artifacts = Field(default_factory=Artifacts)
    inspect: Inspect = Field(default_factory=Inspect)
    audit: Audit = Field(default_factory=Audit)
    access_section: AccessSection | None = Field(None, alias="access")
    docs: Docs = Field(default_factory=Docs)
    gate: Gate = Field(default_factory=Gate)
    sign: Sign = Field(default_factory=Sign)
    publish: Many[Destination] = Field((), description="Where the release goes, one after another.")
    lifecycle: Lifecycle = Field(default_factory=Lifecycle)

    @model_validator(mode="after")
    def _agrees(self) -> ReleaseSpec:
        without_repeats((part.name for part in self.components), "a component that is there twice")
        without_repeats((str(there) for there in self.publish), "a destination that is there twice")
        allowed = (None, self.access.gated)
        if any(getattr(there, "gated", None) not in allowed for there in self.publish):
            raise wrong("publish: gated does not go with access.mechanism")
        if self.lifecycle.previous is not None and self.metadata.supersedes is None:
            raise wrong("lifecycle.previous pins metadata.supersedes, which names no version")
        return self

    @property
    def access(self) -> Access:
        """Who may read the published files."""
        return agreed_access(self.metadata.stage, self.access_section)

    @property
    def oms_key(self) -> str | None:
        """Where the key of the OMS signature is; None: the user's own release key."""
        return self.sign.oms.key if self.sign.oms else None

    def component(self, name: str) -> Component | None:
        """The row of the component with this name."""
        return next((part for part in self.components if part.name == name), None)
