"""``metadata``: what the release is called and what it is."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from paddock.release.spec.section import Day, Many, Section, Text, written_as, wrong

Stage = Literal["internal", "trusted", "invited", "gated", "open"]
_VERSION = re.compile(r"[0-9A-Za-z][0-9A-Za-z.+_-]{0,63}")
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_NAME = re.compile(r"[0-9A-Za-z](?:[0-9A-Za-z._-]{0,94}[0-9A-Za-z])?")


def _name(value: str) -> str:
    if not _NAME.fullmatch(value) or ".." in value or "--" in value:
        raise wrong(f"{value[:100]!r} cannot name a model", "letters, digits, '.', '_' and '-'")
    return value


def _version(value: str) -> str:
    if not _VERSION.fullmatch(value) or ".." in value or value.endswith((".", ".lock")):
        raise wrong(f"{value[:80]!r} cannot name a tag", "for example 1.0.0")
    if value.lower() in {"main", "master", "head", "latest"} or _COMMIT.fullmatch(value):
        raise wrong(f"{value!r} would be taken for a branch or a commit", "for example 1.0.0")
    return value


Version = Annotated[str, AfterValidator(_version), written_as(_VERSION)]


class Producer(Section):
    """Who answers for the release."""

    name: Text = Field(description="The legal name of who makes the release.")
    contact: Text | None = Field(None, description="Where questions go.")
    security: Text | None = Field(None, description="Where flaws are reported in confidence.")
    eu_representative: Text | None = Field(
        None, description="The authorised representative in the Union (AI Act, Article 54)."
    )


class Metadata(Section):
    """What the release is called and what it is."""

    name: Annotated[str, AfterValidator(_name), written_as(_NAME)] = Field(
        description="The model's name, which also names its repository."
    )
    version: Version = Field(
        description="The version. It becomes a tag; a published version never changes."
    )
    producer: Producer | None = Field(None, description="Who answers for the release.")
    description: Text | None = Field(None, description="What it is, in a sentence or two.")
    date: Day | None = Field(None, description="The day of the release.")
    purl: Text | None = Field(None, description="The package URL; made from name and version.")
    supersedes: Version | None = Field(None, description="The version that this one replaces.")
    stage: Stage | None = Field(
        None, description="Who may have it: internal and trusted (private), invited, gated, open."
    )
    type: Text | None = Field(None, description="language, vision, multimodal, …")
    architecture: Text | None = Field(None, description="Such as transformer decoder.")
    treatment: Text | None = Field(
        None, description="pre-trained, instruct fine-tuned or chat fine-tuned."
    )
    pipeline_tag: Text = Field("text-generation", description="The Hub's word for the task.")
    library_name: Text = Field("transformers", description="What loads it.")
    languages: Many[Text] = Field((), alias="language", description="Languages, as ISO codes.")
    tags: Many[Text] = Field((), description="Words to find it by.")
