"""``docs``: which documents come with the release, and what only people can say in them."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from paddock.release.spec.section import Day, FilePath, Many, Number, Section, Text

BOM_FORMATS = ("cyclonedx-1.6", "cyclonedx-1.7", "spdx-3.0.1")


class EuDocs(Section):
    """The Union's AI Act, chapter V: models for general purposes."""

    gpai: bool | None = Field(None, description="Whether it is a general-purpose AI model.")
    training_flop: Number | None = Field(None, description="Operations of training, in all.")
    original_training_flop: Number | None = Field(
        None, description="Operations that trained the model that this one changes, if known."
    )
    systemic_risk: bool | None = Field(None, description="Whether systemic risk is presumed.")
    free_open_exemption: bool | None = Field(None, description="Whether Article 53(2) is claimed.")
    union_market_date: Day | None = Field(None, description="When it came to the Union's market.")
    summary: FilePath | None = Field(
        None, description="Answers for the public summary of training content (YAML)."
    )
    form: FilePath | None = Field(
        None, description="Answers for the model documentation form (YAML)."
    )
    copyright_policy: FilePath | None = Field(None, description="The policy of Article 53(1)(c).")


class UsCaDocs(Section):
    """California: AB 2013 on training data, SB 53 on frontier models."""

    ab2013: Literal["auto", "not_applicable"] | FilePath = Field(
        "not_applicable", description="The page on training data, or a file of answers (YAML)."
    )
    sb53: Literal["auto", "not_applicable"] | FilePath = Field(
        "not_applicable", description="The transparency page, or a file of answers (YAML)."
    )


class Mof(Section):
    """The openness class that is claimed; it must be the computed one."""

    claimed_class: Literal[0, 1, 2, 3] | None = Field(
        None, description="1 Open Science, 2 Open Tooling, 3 Open Model, 0 none."
    )


class Docs(Section):
    """Which documents come with the release."""

    model_card: Literal["auto"] | FilePath = Field(
        "auto", description="Made from facts; a file's text is carried at its end."
    )
    facts: FilePath | None = Field(None, description="Facts that you declare (YAML).")
    datasets: Many[FilePath] = Field((), description="Descriptions of data sets (YAML).")
    eu: EuDocs | None = None
    us_ca: UsCaDocs | None = None
    risks: FilePath | None = Field(
        None, description="Answers for the table of risks of NIST AI 600-1 (YAML)."
    )
    bom: Many[Literal["cyclonedx-1.6", "cyclonedx-1.7", "spdx-3.0.1"]] = Field(
        ("cyclonedx-1.6", "spdx-3.0.1"), description="Bills of materials."
    )
    mof: Mof = Field(default_factory=Mof)
    html: bool = Field(True, description="Whether documents also come as HTML.")
    changes: Text | None = Field(None, description="What changed, for the changelog.")
