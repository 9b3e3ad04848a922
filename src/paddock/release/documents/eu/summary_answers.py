"""Answers for the public summary of training content, in the order of the Commission's template.

A closed section; ``docs.eu.summary`` names the YAML file that it is read from. A question with
``used`` is answered by yes or no, and only a yes asks further.
"""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from paddock.release.spec.section import Day, FilePath, Many, Number, Section, Text, wrong

Modality = Literal["text", "image", "audio", "video", "other"]
_MONTH = re.compile(r"[0-9]{4}-(?:0[1-9]|1[0-2])")


def _month(value: str) -> str:
    if not _MONTH.fullmatch(value):
        raise wrong(f"{value[:40]!r} is not a month like 2026-11")
    return value


Month = Annotated[str, AfterValidator(_month)]


class Earlier(Section):
    """A version of the summary that this one replaces."""

    version: Text = Field(description="Its version.")
    link: Text = Field(description="Where it is.")
    updated: Day | None = Field(None, description="When it was updated.")


class Dependency(Section):
    """A model that this one was made from, and its own summary."""

    name: Text = Field(description="Its versioned name.")
    summary: Text | None = Field(None, description="A link to its summary.")


class TrainingModality(Section):
    """How much of one kind of content, and what."""

    modality: Modality = Field(description="The kind of content.")
    size: Number | None = Field(None, description="In tokens, images or hours.")
    band: Text | None = Field(None, description="The template's band, where the size is not said.")
    unit: Text | None = Field(None, description="A unit of its own, for modality: other.")
    content: Text = Field(description="Types of content, such as fiction, press, social media.")


class PublicDataset(Section):
    """A large data set that anybody can have."""

    name: Text = Field(description="What it is called.")
    link: Text | None = Field(None, description="Where it is described.")
    description: Text | None = Field(None, description="In place of a link.")
    period: Text | None = Field(None, description="When it was collected.")


class PublicData(Section):
    """2.1: data sets that anybody can have."""

    used: bool = Field(description="Whether there is any.")
    modalities: Many[Modality] = Field((), description="Kinds of content.")
    large: Many[PublicDataset] = Field((), description="The large ones.")
    rest: Text | None = Field(None, description="The others, in general.")


class LicensedData(Section):
    """2.2.1: data under a commercial licence."""

    used: bool = Field(description="Whether there is any.")
    modalities: Many[Modality] = Field((), description="Kinds of content.")


class PrivateData(Section):
    """2.2.2: other data of third parties."""

    used: bool = Field(description="Whether there is any.")
    modalities: Many[Modality] = Field((), description="Kinds of content.")
    names: Many[Text] = Field((), description="Those that are publicly known.")
    description: Text | None = Field(None, description="Of the others, in general.")


class CrawledData(Section):
    """2.3: what was fetched from the web."""

    used: bool = Field(description="Whether there is any.")
    crawlers: Many[Text] = Field((), description="Names or identifiers of the crawlers.")
    purposes: Text | None = Field(None, description="What it was crawled for.")
    behaviour: Text | None = Field(None, description="robots.txt, captchas, paywalls.")
    began: Month | None = Field(None, description="The first month of crawling.")
    ended: Month | None = Field(None, description="The last month of crawling.")
    content: Text | None = Field(None, description="Kinds of content and of sources.")
    modalities: Many[Modality] = Field((), description="Kinds of content.")
    domains: Many[Text] = Field((), description="The top domains by volume.")
    domains_file: FilePath | None = Field(None, description="A file of them in the release.")
    small_provider: bool = Field(
        False, description="A small or medium-sized enterprise lists 5 % or 1000, others 10 %."
    )


class UserData(Section):
    """2.4: data of users."""

    interactions: bool = Field(description="From interactions with the model.")
    services: bool = Field(description="From other services of the provider.")
    which: Text | None = Field(None, description="Which services.")
    modalities: Many[Modality] = Field((), description="Kinds of content.")


class Generator(Section):
    """A general-purpose model that made training data."""

    name: Text = Field(description="What it is called.")
    link: Text | None = Field(None, description="Where it is described.")


class SyntheticData(Section):
    """2.5: data that models made."""

    used: bool = Field(description="Whether there is any.")
    modalities: Many[Modality] = Field((), description="Kinds of content.")
    generators: Many[Generator] = Field((), description="General-purpose models.")
    other_generators: Text | None = Field(None, description="Other models, in words.")


class OtherData(Section):
    """2.6: anything else."""

    used: bool = Field(description="Whether there is any.")
    narrative: Text | None = Field(None, description="What, and from where.")


class OptOut(Section):
    """3.1: reservations of rights under Article 4(3) of Directive (EU) 2019/790."""

    code_of_practice: bool = Field(description="Whether the provider signed the Code of Practice.")
    measures: Text = Field(description="How reservations are found and kept.")


class SummaryAnswers(Section):
    """Answers for the public summary of training content."""

    version: Text = Field(description="The version of this summary.")
    updated: Day = Field(description="When this summary was last updated.")
    earlier: Many[Earlier] = Field((), description="Versions before this one.")
    models: Many[Text] = Field((), description="Versioned names; else the release's.")
    dependencies: Many[Dependency] = Field((), description="Models it was made from.")
    market_dates: Many[Text] = Field((), description="Dates on the Union's market.")
    modalities: Many[TrainingModality] = Field((), description="Each kind of content once.")
    latest_collection: Month | None = Field(None, description="The latest date of collection.")
    continuous: bool | None = Field(None, description="Whether it is trained on continuously.")
    languages: Text | None = Field(None, description="Linguistic characteristics.")
    characteristics: Text | None = Field(None, description="Regional, demographic and others.")
    comments: Text | None = Field(None, description="Anything else about the data.")
    public: PublicData | None = Field(None, description="2.1: data sets that anybody can have.")
    licensed: LicensedData | None = Field(
        None, description="2.2.1: data under a commercial licence."
    )
    private: PrivateData | None = Field(None, description="2.2.2: other data of third parties.")
    crawled: CrawledData | None = Field(None, description="2.3: what was fetched from the web.")
    users: UserData | None = Field(None, description="2.4: data of users.")
    synthetic: SyntheticData | None = Field(None, description="2.5: data that models made.")
    other_sources: OtherData | None = Field(None, description="2.6: anything else.")
    opt_out: OptOut | None = Field(None, description="3.1: reservations of rights.")
    illegal_content: Text | None = Field(None, description="Measures against illegal content.")
    other: Text | None = Field(None, description="3.3: other information.")
