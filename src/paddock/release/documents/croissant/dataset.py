"""What an author says about a data set that the release ships or was made with.

A closed section, read from each YAML file under ``docs.datasets``. It describes; it never says what
is in the files, which is read from them.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from paddock.release.spec.section import Count, Day, Glob, Many, Section, Sha256, Text, wrong

# The words of SPDX 3.0.1, Dataset profile.
DatasetType = Literal[
    "audio", "categorical", "graph", "image", "noAssertion", "numeric", "other", "sensor",
    "structured", "syntactic", "text", "timeseries", "timestamp", "video",
]  # fmt: skip
Availability = Literal["clickthrough", "directDownload", "query", "registration", "scrapingScript"]
Confidentiality = Literal["clear", "green", "amber", "red"]
Presence = Literal["yes", "no", "noAssertion"]
Use = Literal["training", "validation", "testing", "calibration"]


class Responsible(Section):
    """Responsible-AI properties, as Croissant RAI 1.0 names them, without the prefix."""

    dataCollection: Text | None = Field(None, description="How it was collected.")
    dataCollectionType: Many[Text] = Field((), description="Such as surveys.")
    dataCollectionMissingData: Text | None = Field(None, description="What is missing.")
    dataCollectionRawData: Text | None = Field(None, description="Where raw data come from.")
    dataCollectionTimeframe: Many[Day] = Field((), description="First and last day.")
    dataImputationProtocol: Text | None = Field(None, description="How gaps were filled.")
    dataManipulationProtocol: Text | None = Field(None, description="How it was changed.")
    dataPreprocessingProtocol: Many[Text] = Field((), description="Steps before use.")
    dataAnnotationProtocol: Text | None = Field(None, description="How it was labelled.")
    dataAnnotationPlatform: Many[Text] = Field((), description="Tools of labelling.")
    dataAnnotationAnalysis: Many[Text] = Field((), description="How far labels agree.")
    annotationsPerItem: Text | None = Field(None, description="Labels for an item.")
    annotatorDemographics: Many[Text] = Field((), description="Who labelled.")
    machineAnnotationTools: Many[Text] = Field((), description="Software that labelled.")
    dataReleaseMaintenancePlan: Text | None = Field(None, description="How it is maintained.")
    personalSensitiveInformation: Many[Text] = Field((), description="Sensitive information in it.")
    dataSocialImpact: Text | None = Field(None, description="Effects on society.")
    dataBiases: Many[Text] = Field((), description="Known biases.")
    dataLimitations: Many[Text] = Field((), description="What it should not be used for.")
    dataUseCases: Many[Text] = Field((), description="What it is for.")


class Disclosure(Section):
    """What California's AB 2013 asks about a data set and nothing else says."""

    purpose: Text | None = Field(None, description="How it serves the purpose of the system.")
    points: Text | None = Field(None, description="Number of data points; ranges are allowed.")
    kinds: Text | None = Field(None, description="Types of data points, or of labels.")
    rights: Text | None = Field(
        None, description="Whether under copyright, trademark or patent, or in the public domain."
    )
    acquired: Text | None = Field(None, description="Whether it was bought or licensed.")
    personal: Text | None = Field(None, description="Whether it has personal information.")
    consumers: Text | None = Field(
        None, description="Whether it has aggregate consumer information."
    )
    processing: Text | None = Field(None, description="Cleaning and other changes, and why.")
    collected: Text | None = Field(None, description="When; whether collection goes on.")
    first_used: Text | None = Field(None, description="When it was first used in development.")
    synthetic: Text | None = Field(None, description="Whether synthetic data are used, and why.")


class DatasetDescription(Section):
    """A data set."""

    name: Text = Field(description="What it is called.")
    description: Text = Field(description="What it is.")
    uses: Many[Use] = Field(("training",), description="What it was used for.")
    url: Text | None = Field(None, description="Its page.")
    download: Text | None = Field(None, description="Where it can be had, if not at url.")
    licence: Text | None = Field(None, description="An SPDX expression, or an address.")
    creators: Many[Text] = Field((), description="Who made it, or owns it.")
    publisher: Text | None = Field(None, description="Who published it.")
    version: Text | None = Field(None, description="Its version.")
    published: Day | None = Field(None, description="When it was published.")
    created: Day | None = Field(None, description="When it was made.")
    modified: Day | None = Field(None, description="When it was last changed.")
    collected_from: Day | None = Field(None, description="When collection began.")
    collected_to: Day | None = Field(None, description="When it ended; without it, it goes on.")
    keywords: Many[Text] = Field((), description="Words to find it by.")
    languages: Many[Text] = Field((), description="Languages, as ISO codes.")
    same_as: Many[Text] = Field((), description="Other addresses of the same data set.")
    citation: Text | None = Field(None, description="How to cite it.")
    live: bool = Field(False, description="Whether it keeps changing.")
    types: Many[DatasetType] = Field(("text",), description="In SPDX's words.")
    size_points: Count | None = Field(None, description="Number of data points.")
    size_bytes: Count | None = Field(None, description="Its size.")
    sha256: Sha256 | None = Field(None, description="Of the whole, where it is one file.")
    files: Many[Glob] = Field((), description="Its files in the release.")
    availability: Availability | None = Field(None, description="How it is had, in SPDX's words.")
    confidentiality: Confidentiality | None = Field(None, description="Its level, in SPDX's words.")
    collection: Text | None = Field(None, description="How it was collected.")
    preprocessing: Many[Text] = Field((), description="Steps that made it from raw data.")
    anonymisation: Many[Text] = Field((), description="How it was anonymised.")
    noise: Text | None = Field(None, description="What is noisy in it.")
    biases: Many[Text] = Field((), description="Known biases.")
    intended_use: Text | None = Field(None, description="What it is meant for.")
    updates: Text | None = Field(None, description="How it is kept up to date.")
    sensitive: Presence = Field(
        "noAssertion", description="Whether it has sensitive personal information."
    )
    derived_from: Many[Text] = Field((), description="Addresses of the data it was made from.")
    prohibited: Many[Text] = Field((), description="Uses that its terms forbid.")
    rai: Responsible = Field(
        default_factory=Responsible, description="Croissant RAI 1.0, without the prefix."
    )
    ab2013: Disclosure = Field(
        default_factory=Disclosure, description="What California asks besides."
    )

    @model_validator(mode="after")
    def _agrees(self) -> DatasetDescription:
        began, ended = self.collected_from, self.collected_to
        if began is not None and ended is not None and ended < began:
            raise wrong(f"collected_to {ended} is before collected_from {began}")
        return self
