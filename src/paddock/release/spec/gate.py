"""``gate``: what must be true before the release leaves, and who says so."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from paddock.release.spec.section import (
    Day,
    FilePath,
    Listed,
    Many,
    Section,
    Text,
    without_repeats,
    wrong,
)


class Person(Section):
    """Somebody whose signature counts, and the key that makes it."""

    person: Text = Field(description="An e-mail address or another name, used everywhere.")
    key: FilePath = Field(description="The public key (PEM).")
    roles: Many[Text] = Field((), description="What they may approve as, such as safety, legal.")


class Approvals(Section):
    """How many people say yes, as what."""

    required: Annotated[int, Field(ge=0, le=100)] = Field(0, description="How many people.")
    roles: Many[Text] = Field((), description="Roles of which each must approve.")
    not_author: bool = Field(True, description="Whether the author's approval does not count.")


class Waiver(Section):
    """A condition that a person takes upon themselves, until a day."""

    check: Text = Field(description="The condition's id, as a refusal names it.")
    reason: Text = Field(description="Why it may be so.")
    by: Text = Field(description="The person, one of people.")
    expires: Day = Field(description="The last day on which it counts.")


class Gate(Section):
    """What must be true, and who says so."""

    policy: FilePath | None = Field(None, description="The policy's file; else that of the stage.")
    author: Text | None = Field(None, description="Who made the release, one of people.")
    people: Listed[Person] = ()
    approvals: Approvals = Field(default_factory=Approvals)
    cooloff_hours: Annotated[int, Field(ge=0, le=10_000)] = Field(
        0, description="Hours between the last approval that was needed and the release."
    )
    waivers: Listed[Waiver] = ()
    statements: FilePath = Field(
        "statements", description="The folder of signed approvals and declarations."
    )

    @model_validator(mode="after")
    def _agrees(self) -> Gate:
        without_repeats((person.person for person in self.people), "two people")
        if self.statements == ".":
            raise wrong("statements: a folder of their own is needed", "such as statements")
        return self
