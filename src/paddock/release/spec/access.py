"""``access``: who may read the published files, and when that changes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from paddock.release.spec.metadata import Stage
from paddock.release.spec.section import (
    AlsoWritten,
    Count,
    FilePath,
    Listed,
    Many,
    Moment,
    Section,
    Text,
    wrong,
)

Mechanism = Literal["none", "clickthrough", "registration", "manual"]
_TEXTS = (
    "extra_gated_prompt", "extra_gated_heading", "extra_gated_description",
    "extra_gated_button_content",
)  # fmt: skip


class Question(Section):
    """What a person answers before access."""

    kind: Literal["text", "checkbox", "date_picker", "country", "select"] = Field(
        alias="type", description="What is answered."
    )
    options: Many[Text] = Field((), description="Answers to choose from, for a select.")

    @model_validator(mode="after")
    def _agrees(self) -> Question:
        if (self.kind == "select") != bool(self.options):
            raise wrong("a select, and only a select, has options")
        return self


def _question(value: Any) -> Any:
    return {"type": value} if isinstance(value, str) else value


def _kind_alone(_schema: dict[str, Any]) -> dict[str, Any]:
    return {"enum": ["text", "checkbox", "date_picker", "country"]}


class StageChange(Section):
    """A stage that begins at a moment, announced with the release."""

    stage: Stage = Field(description="The stage that begins.")
    at: Moment = Field(description="When it begins.")


class AccessSection(Section):
    """Who may read the published files, as written."""

    mechanism: Mechanism | None = Field(None, description="How a reader of a gated model gets in.")
    extra_gated_prompt: Text | None = Field(None, description="What a reader is asked to do.")
    extra_gated_heading: Text | None = Field(None, description="The heading over it.")
    extra_gated_description: Text | None = Field(None, description="The text under it.")
    extra_gated_button_content: Text | None = Field(None, description="The button.")
    extra_gated_fields: dict[
        Annotated[str, Field(min_length=1, max_length=200)],
        Annotated[Question, BeforeValidator(_question), AlsoWritten(_kind_alone)],
    ] = Field(default_factory=dict, description="Questions, in the Hub's types.")
    terms: FilePath | None = Field(
        None, description="What a reader agrees to: a file of the release."
    )
    terms_version: Text | None = Field(
        None, description="The version of what a reader agrees to: another one asks again."
    )
    response_days: Count | None = Field(
        None, description="Within how many days who asks is promised an answer."
    )
    retention_days: Count | None = Field(
        None,
        description="How long answers are kept: readers are told, and paddock's hub forgets them.",
    )
    schedule: Listed[StageChange] = Field((), description="Stages to come.")

    @model_validator(mode="after")
    def _in_order(self) -> AccessSection:
        moments = [change.at for change in self.schedule]
        if moments != sorted(set(moments)):
            raise wrong("schedule: the moments must follow each other")
        return self


@dataclass(frozen=True, slots=True)
class Access:
    """Who may read the published files, with stage and mechanism in agreement."""

    stage: Stage = "open"
    mechanism: Mechanism = "none"
    texts: tuple[tuple[str, str], ...] = ()  # extra_gated_prompt, … as cards spell them
    fields: tuple[tuple[str, Question], ...] = ()
    is_declared: bool = False  # else an existing repository keeps its settings
    schedule: tuple[StageChange, ...] = ()
    retention_days: int | None = None  # of answers, which paddock's hub keeps to
    # What paddock's hub has readers accept, and reminds of.
    terms: str | None = None
    terms_version: str | None = None
    response_days: int | None = None

    @property
    def is_private(self) -> bool:
        """To the world: who was invited is let in by the hub that follows the stages."""
        return self.stage in {"internal", "trusted", "invited"}

    @property
    def announced(self) -> tuple[tuple[Stage, datetime | None], ...]:
        """What the publication announces, and from when on; None: at once.

        A hub learns from its settings what is private, gated and open; who is invited, only so.
        """
        to_come = tuple((change.stage, change.at) for change in self.schedule)
        return (("invited", None), *to_come) if self.stage == "invited" else to_come

    @property
    def gated(self) -> Literal["auto", "manual", False]:
        """The Hub's word for the mechanism."""
        if self.mechanism == "none":
            return False
        return "manual" if self.mechanism == "manual" else "auto"


def _texts(section: AccessSection) -> dict[str, str]:
    """What a reader is told before access: also which terms hold, and how long answers are kept."""
    texts = {key: text for key in _TEXTS if (text := getattr(section, key)) is not None}
    if section.terms is not None:
        asked = texts.get("extra_gated_prompt")
        said = f"Whoever asks for access agrees to {section.terms}."
        texts["extra_gated_prompt"] = said if asked is None else f"{asked} {said}"
    if section.retention_days is not None:
        told = texts.get("extra_gated_description")
        said = f"Your answers are kept for {section.retention_days} days."
        texts["extra_gated_description"] = said if told is None else f"{told} {said}"
    return {key: texts[key] for key in _TEXTS if key in texts}


def agreed_access(stage: Stage | None, section: AccessSection | None) -> Access:
    """One of stage and mechanism implies the other; raises when they contradict each other."""
    implied: Mechanism = "clickthrough" if stage == "gated" else "none"
    if section is None:
        return Access(stage or "open", implied, is_declared=stage is not None)
    mechanism = section.mechanism or implied
    stage = stage or ("open" if mechanism == "none" else "gated")
    if (stage == "gated") != (mechanism != "none"):
        raise wrong(f"access.mechanism: {mechanism!r} does not go with metadata.stage {stage!r}")
    texts = tuple(_texts(section).items())
    fields = tuple(section.extra_gated_fields.items())
    if mechanism == "none" and (texts or fields):
        raise wrong("access.mechanism: gated texts and fields need a mechanism", "clickthrough")
    return Access(
        stage,
        mechanism,
        texts,
        fields,
        is_declared=True,
        schedule=section.schedule,
        retention_days=section.retention_days,
        terms=section.terms,
        terms_version=section.terms_version,
        response_days=section.response_days,
    )
