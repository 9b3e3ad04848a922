"""``components``: what is open, gated, withheld or was never made, part by part.

The 17 names are those of the Model Openness Framework (LF AI & Data, MOF 1.0). A withheld part
stays in the source: its files, or the tensors and fields in them that a rule means.
"""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from paddock.release.spec.section import (
    Count,
    Day,
    Glob,
    Listed,
    Many,
    Section,
    Sha256,
    Text,
    wrong,
)

ComponentName = Literal[
    "Model architecture",
    "Model parameters (Final)",
    "Technical report",
    "Evaluation results",
    "Model card",
    "Data card",
    "Sample model outputs",
    "Training code",
    "Inference code",
    "Evaluation code",
    "Evaluation data",
    "Supporting libraries and tools",
    "Research paper",
    "Datasets",
    "Data preprocessing code",
    "Model parameters (Intermediate)",
    "Model metadata",
]
MOF_COMPONENTS: tuple[str, ...] = get_args(ComponentName)
PARAMETERS = "Model parameters (Final)"
CARD = "Model card"

ComponentAccess = Literal["open", "gated", "withheld", "not_produced"]
Reason = Literal["safety", "privacy", "third_party_rights", "security", "commercial"]
Replacement = Literal["drop", "zero", "reinitialise", "distilled replacement"]
_SELECTORS = ("match", "layers", "experts", "adapter", "file", "field")


class Commitment(Section):
    """SHA-256 over a secret salt and what is withheld. Computed; a value given here must agree."""

    alg: Literal["sha256-salted"] = Field("sha256-salted", description="How it is computed.")
    value: Sha256 | None = Field(None, description="The commitment, if it is known already.")


class FieldRule(Section):
    """A field of the rows of data files."""

    file: Glob = Field(description="JSON, JSON Lines, CSV or Parquet files.")
    name: Text = Field(description="The field, with dots into nested objects.")


def _spans(value: object) -> object:
    """Numbers and spans such as 8-11."""
    numbers: list[int] = []
    for item in value if isinstance(value, list | tuple) else (value,):
        first, _, last = str(item).partition("-")
        if not first.isdecimal() or not (last or first).isdecimal() or len(str(item)) > 11:
            raise wrong(f"{item!r:.40} is neither a number nor a span such as 8-11")
        if (count := int(last or first) - int(first) + 1) < 1 or count + len(numbers) > 100_000:
            raise wrong(f"{item!r:.40} is no span")
        numbers += range(int(first), int(last or first) + 1)
    return tuple(sorted(set(numbers)))


_A_SPAN = {"anyOf": [{"type": "integer", "minimum": 0}, {"type": "string", "pattern": "^[0-9-]+$"}]}
Spans = Annotated[
    tuple[int, ...],
    BeforeValidator(_spans),
    Field(strict=False),
    WithJsonSchema({"anyOf": [*_A_SPAN["anyOf"], {"type": "array", "items": _A_SPAN}]}),
]


class WithholdRule(Section):
    """One thing that is kept back, and what stands in its place."""

    match: Glob | None = Field(None, description="Names of tensors: * within the whole name.")
    layers: Spans | None = Field(None, description="Whole decoder layers, such as [8-11].")
    experts: Spans | None = Field(
        None, description="Experts of every layer, or of those under layers."
    )
    adapter: Glob | None = Field(None, description="Folders of adapters.")
    file: Glob | None = Field(None, description="Whole files.")
    field: FieldRule | None = Field(None, description="A field of data files.")
    reason: Reason = Field(description="Why it is kept back.")
    replace: Replacement = Field("drop", description="What stands in its place.")
    texts: Many[Glob] = Field(
        (), description="Files of text that a distilled replacement learns on."
    )
    steps: Count | None = Field(
        None, ge=1, le=100_000, description="Steps of its training; 200 unless given."
    )
    seed: Count | None = Field(
        None, lt=1 << 63, description="Where reinitialised or distilled weights begin; public."
    )
    review_date: Day | None = Field(None, description="When this is looked at again.")
    commitment: Commitment | None = Field(None, description="Computed by the build.")

    @model_validator(mode="after")
    def _one_selector(self) -> WithholdRule:
        given = [key for key in _SELECTORS if getattr(self, key) is not None]
        if given not in ([key] for key in _SELECTORS) and set(given) != {"layers", "experts"}:
            raise wrong(
                f"a rule names exactly one of {', '.join(_SELECTORS)}, not {given or 'none'}"
            )
        if self.replace != "drop" and given[0] in {"adapter", "file"}:
            raise wrong(f"{self.replace!r} is for tensors and fields; files can only be dropped")
        if given[0] == "field" and self.replace not in {"drop", "zero"}:
            raise wrong(f"{self.replace!r} is for tensors; a field is dropped or made empty (zero)")
        return self

    @model_validator(mode="after")
    def _trained(self) -> WithholdRule:
        is_distilled = self.replace == "distilled replacement"
        if is_distilled != bool(self.texts):
            raise wrong("a distilled replacement, and only that, needs texts to learn on")
        if self.steps is not None and not is_distilled:
            raise wrong("steps are those of a distilled replacement")
        if self.seed is not None and self.replace not in {"reinitialise", "distilled replacement"}:
            raise wrong(f"{self.replace!r} draws nothing, so a seed means nothing")
        return self


class Component(Section):
    """One row of the Model Openness Framework."""

    name: ComponentName = Field(description="The framework's name of it.")
    access: ComponentAccess = Field(description="Who gets it.")
    paths: Many[Glob] = Field(
        (), alias="path", description="Its files: in the release, or kept back in the source."
    )
    license: Text | None = Field(None, description="Its licence, where it differs.")
    description: Text | None = Field(None, description="What it is.")
    reason: Reason | None = Field(None, description="Why it is withheld.")
    review_date: Day | None = Field(None, description="When this is looked at again.")
    commitment: Commitment | None = Field(None, description="Computed by the build.")
    withhold: Listed[WithholdRule] = Field((), description="Parts of it that are kept back.")

    @model_validator(mode="after")
    def _agrees(self) -> Component:
        if self.access == "not_produced" and self.paths:
            raise wrong("a component that is not_produced has no files")
        if self.access == "withheld" and self.reason is None:
            raise wrong("a withheld component needs a reason")
        if self.access in {"withheld", "not_produced"} and self.withhold:
            raise wrong(f"a component that is {self.access} has no parts to withhold")
        return self
