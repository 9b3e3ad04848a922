"""``licenses``: terms by kind of content, and what a person declares about their conditions."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from paddock.release.spec.section import FilePath, Glob, Many, Section, Text, wrong

UNKNOWN_LICENSE = "unknown"


class AcceptableUse(Section):
    """The policy that users are bound to."""

    file: Glob = Field(description="The policy's file in the source.")
    upstream: Text | None = Field(
        None, description="The licence whose policy it carries, such as llama3.1."
    )


class Declarations(Section):
    """What no file can show; it counts only with the signature of the person it names."""

    mau_over_700m: bool | None = Field(
        None, description="Whether the licensee had more than 700 million monthly users."
    )
    mau_over_100m: bool | None = Field(
        None, description="Whether a commercial product has more than 100 million monthly users."
    )
    eu_domiciled: bool | None = Field(
        None, description="Whether the licensee lives or has its seat in the Union."
    )
    outputs_used: bool | None = Field(
        None, description="Whether outputs of another model were used to train this one."
    )
    revenue_over_ceiling: bool | None = Field(
        None, description="Whether revenue exceeds the ceiling of a parent's licence."
    )
    registered: bool | None = Field(
        None, description="Whether the licensee registered where a licence asks for it."
    )
    commercial: bool | None = Field(None, description="Whether it is offered for commercial use.")
    signed_by: Text | None = Field(None, description="The person who answers for this.")
    key: FilePath | None = Field(
        None, description="That person's public key (PEM), unless gate.people names it."
    )

    @model_validator(mode="after")
    def _agrees(self) -> Declarations:
        if self.key is not None and self.signed_by is None:
            raise wrong("key: signed_by must say whose key it is")
        return self


class CustomLicence(Section):
    """Terms that paddock does not know: their text, and what the author says it grants."""

    id: Text = Field(description="LicenseRef-…, as used in distribution.")
    name: Text = Field(description="What people call it.")
    file: FilePath = Field(description="Its text in the source.")
    commercial: bool | None = Field(None, description="Whether commercial use is granted.")
    modify: bool | None = Field(None, description="Whether changes are granted.")
    redistribute: bool | None = Field(None, description="Whether passing on is granted.")
    outputs_train: bool | None = Field(None, description="Whether outputs may train other models.")


class Licenses(Section):
    """Terms by kind of content, and the files of the source that carry them."""

    distribution: Text = Field(UNKNOWN_LICENSE, description="An SPDX expression or the Hub's id.")
    code: Text | None = Field(None, description="The licence of code.")
    data: Text | None = Field(None, description="The licence of data.")
    document: Text | None = Field(None, description="The licence of documents.")
    acceptable_use: AcceptableUse | None = Field(None, description="What users must not do.")
    notices: Many[Glob] = Field((), description="Notice files of the source.")
    apply: Many[Literal["notice", "display"]] = Field(
        (),
        description="Duties that the build does itself: notice writes the notices that are "
        "missing, display shows the words that licences ask for in the card.",
    )
    declarations: Declarations | None = Field(
        None, description="Answers that a named person signs."
    )
    custom: Many[CustomLicence] = Field((), description="Licences of one's own.")

    @property
    def acceptable_use_file(self) -> str | None:
        return self.acceptable_use.file if self.acceptable_use else None
