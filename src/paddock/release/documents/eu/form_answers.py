"""Answers for the model documentation form: what no file shows and release.yaml does not say.

A closed section with a description of each key; ``docs.eu.form`` names the YAML file that it is
read from. How long an answer may be is the form's business.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from paddock.release.spec.section import Day, Many, Number, Section, Text

Modality = Literal["text", "image", "audio", "video", "other"]
Provenance = Literal[
    "web crawling", "private data of third parties", "user data", "public datasets",
    "synthetic data made by the provider", "other",
]  # fmt: skip


class Channel(Section):
    """A place where the model can be had, besides those under ``publish``."""

    name: Text = Field(description="What it is called.")
    access: Text = Field(description="Who gets in, such as public, gated, by contract.")
    link: Text | None = Field(None, description="Where it is.")


class Asset(Section):
    """Something that is handed out beside the model, such as training code."""

    name: Text = Field(description="What it is called.")
    access: Text = Field(description="Who gets it.")
    licence: Text | None = Field(None, description="Its licence.")
    link: Text | None = Field(None, description="Where it is.")


class FormAnswers(Section):
    """Answers for the model documentation form of the Code of Practice."""

    version: Text = Field("1", description="The version of this document.")
    updated: Day | None = Field(None, description="When it was last updated; else the release's.")
    family: Text | None = Field(None, description="The family's name and its public versions.")
    dependencies: Text | None = Field(
        None, description="Models it builds on, with their documentation, or: none."
    )
    architecture: Text | None = Field(None, description="In 20 words.")
    design: Text | None = Field(None, description="Design specification and why; 100 words.")
    input_modalities: Many[Modality] = Field((), description="Kinds of input.")
    input_limits: Text | None = Field(None, description="The largest input of each modality.")
    output_modalities: Many[Modality] = Field((), description="Kinds of output.")
    output_limits: Text | None = Field(None, description="The largest output of each modality.")
    channels: Many[Channel] = Field((), description="Places besides those under publish.")
    licence_category: Text | None = Field(
        None, description="The kind of licence, such as free and open source, or restricted."
    )
    assets: Many[Asset] = Field((), description="What is handed out beside the model.")
    acceptable_use: Text | None = Field(None, description="A link to the policy, or: none.")
    intended_uses: Text | None = Field(None, description="Intended and restricted; 200 words.")
    systems: Text | None = Field(None, description="Systems it may be built into; 300 words.")
    integration: Text | None = Field(None, description="Technical means of integration.")
    hardware: Text | None = Field(None, description="Hardware that is needed to use it.")
    software: Text | None = Field(None, description="Software that is needed to use it.")
    documentation: Text | None = Field(None, description="A link to technical documentation.")
    process: Text | None = Field(None, description="The training process; at most 400 words.")
    rationale: Text | None = Field(None, description="Why it was trained so; 200 words.")
    parameters_relevance: Text | None = Field(None, description="Why which parameters matter.")
    data_modalities: Many[Modality] = Field((), description="Kinds of training data.")
    provenance: Many[Provenance] = Field((), description="Where training data came from.")
    obtained: Text | None = Field(None, description="How data were obtained, chosen; 300 words.")
    data_points: Number | None = Field(None, description="Number of data points, such as tokens.")
    scope: Text | None = Field(None, description="Scope and characteristics; 200 words.")
    curation: Text | None = Field(None, description="Curation; 300 words.")
    unsuitable: Text | None = Field(
        None, description="How unsuitable, harmful and personal data were found; 300 words."
    )
    bias: Text | None = Field(None, description="How biases were looked for; 200 words.")
    training_days: Number | None = Field(None, description="Wall-clock days of training.")
    hardware_days: Number | None = Field(None, description="Days of all devices together.")
    flop_method: Text | None = Field(None, description="How operations were counted; 100 words.")
    energy_mwh: Number | None = Field(None, description="Energy of training in MWh.")
    energy_missing: Text | None = Field(
        None, description="In place of energy_mwh: which information is missing."
    )
    energy_method: Text | None = Field(None, description="How it was measured or estimated.")
    inference_flop: Number | None = Field(None, description="Operations of a benchmarked answer.")
    inference_method: Text | None = Field(None, description="Its task and hardware.")
    evaluation: Text | None = Field(None, description="Systemic risk: how it was evaluated.")
    adversarial_testing: Text | None = Field(None, description="Systemic risk: how attacked.")
    adaptations: Text | None = Field(None, description="Systemic risk: alignment, fine-tuning.")
    system_architecture: Text | None = Field(None, description="Systemic risk: its components.")
