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

    dataCollection: Text | None = None  # noqa: N815 - the vocabulary's own words, here and below
    dataCollectionType: Many[Text] = ()  # noqa: N815
    dataCollectionMissingData: Text | None = None  # noqa: N815
    dataCollectionRawData: Text | None = None  # noqa: N815
    dataCollectionTimeframe: Many[Day] = ()  # noqa: N815
    dataImputationProtocol: Text | None = None  # noqa: N815
    dataManipulationProtocol: Text | None = None  # noqa: N815
    dataPreprocessingProtocol: Many[Text] = ()  # noqa: N815
    dataAnnotationProtocol: Text | None = None  # noqa: N815
    dataAnnotationPlatform: Many[Text] = ()  # noqa: N815
    dataAnnotationAnalysis: Many[Text] = ()  # noqa: N815
    annotationsPerItem: Text | None = None  # noqa: N815
    annotatorDemographics: Many[Text] = ()  # noqa: N815
    machineAnnotationTools: Many[Text] = ()  # noqa: N815
    dataReleaseMaintenancePlan: Text | None = None  # noqa: N815
    personalSensitiveInformation: Many[Text] = ()  # noqa: N815
    dataSocialImpact: Text | None = None  # noqa: N815
    dataBiases: Many[Text] = ()  # noqa: N815
    dataLimitations: Many[Text] = ()  # noqa: N815
    dataUseCases: Many[Text] = ()  # noqa: N815


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

    name: Text
    description: Text
    uses: Many[Use] = Field(("training",), description="What it was used for.")
    url: Text | None = Field(None, description="Its page.")
    download: Text | None = Field(None, description="Where it can be had, if not at url.")
    licence: Text | None = Field(None, description="An SPDX expression, or an address.")
    creators: Many[Text] = Field((), description="Who made it, or owns it.")
    publisher: Text | None = None
    version: Text | None = None
    published: Day | None = Field(None, description="When it was published.")
    created: Day | None = None
    modified: Day | None = None
    collected_from: Day | None = Field(None, description="When collection began.")
    collected_to: Day | None = Field(None, description="When it ended; without it, it goes on.")
    keywords: Many[Text] = ()
    languages: Many[Text] = ()
    same_as: Many[Text] = Field((), description="Other addresses of the same data set.")
    citation: Text | None = None
    live: bool = Field(False, description="Whether it keeps changing.")
    types: Many[DatasetType] = Field(("text",), description="In SPDX's words.")
    size_points: Count | None = Field(None, description="Number of data points.")
    size_bytes: Count | None = None
    sha256: Sha256 | None = Field(None, description="Of the whole, where it is one file.")
    files: Many[Glob] = Field((), description="Its files in the release.")
    availability: Availability | None = None
    confidentiality: Confidentiality | None = None
    collection: Text | None = Field(None, description="How it was collected.")
    preprocessing: Many[Text] = ()
    anonymisation: Many[Text] = ()
    noise: Text | None = None
    biases: Many[Text] = ()
    intended_use: Text | None = None
    updates: Text | None = Field(None, description="How it is kept up to date.")
    sensitive: Presence = Field(
        "noAssertion", description="Whether it has sensitive personal information."
    )
    derived_from: Many[Text] = Field((), description="Addresses of the data it was made from.")
    prohibited: Many[Text] = Field((), description="Uses that its terms forbid.")
    rai: Responsible = Field(default_factory=Responsible)
    ab2013: Disclosure = Field(default_factory=Disclosure)

    @model_validator(mode="after")
    def _agrees(self) -> DatasetDescription:
        began, ended = self.collected_from, self.collected_to
        if began is not None and ended is not None and ended < began:
            raise wrong(f"collected_to {ended} is before collected_from {began}")
        return self
