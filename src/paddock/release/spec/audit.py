"""``inspect`` and ``audit``: what was looked at, and what its results must be."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from paddock.checkpoint.scan.opinions.scanners import SCANNERS
from paddock.release.spec.section import (
    FilePath,
    Glob,
    Listed,
    Many,
    Number,
    Section,
    Sha256,
    Text,
    wrong,
)

NATIVE = "native"
Positive = Annotated[int, Field(ge=1)]


class ScanLimits(Section):
    """What one scan may take."""

    cpu_s: Positive = Field(120, description="Seconds of processor time.")
    rss_mb: Positive = Field(2048, description="Megabytes of memory.")
    wall_s: Positive = Field(300, description="Seconds in all.")


class Inspect(Section):
    """Who looks into the files before they leave."""

    scanners: dict[str, Literal["required", "advisory"]] = Field(
        {"native": "required"},
        description="native, and others as installed: picklescan, modelaudit-picklescan, fickling.",
    )
    limits: ScanLimits = Field(default_factory=ScanLimits)
    allow_remote_code: Literal[False] = Field(False, description="Never.")

    @model_validator(mode="after")
    def _knows_them(self) -> Inspect:
        for name in self.scanners:
            if name != NATIVE and name not in SCANNERS:
                raise wrong(
                    f"{name[:80]!r} is no scanner that is known",
                    f"use {', '.join((NATIVE, *SCANNERS))}",
                )
        if self.scanners.get(NATIVE, "required") != "required":
            raise wrong("native is always required")
        return self


class Condition(Section):
    """What one evaluation's result must be; the bound counts for the whole interval."""

    eval: Text = Field(description="The evaluation's name in the results.")
    min: Number | None = Field(None, description="The interval's lower end is at least this.")
    max: Number | None = Field(None, description="The interval's upper end is at most this.")
    min_ratio_to_base: Number | None = Field(
        None, description="At least this share of the parent's result."
    )
    baseline: Text | None = Field(None, description="The results of another model, to compare.")
    max_uplift: Number | FilePath | None = Field(
        None, description="At most this much above the baseline, or a file that says how much."
    )

    @model_validator(mode="after")
    def _says_something(self) -> Condition:
        if all(x is None for x in (self.min, self.max, self.min_ratio_to_base, self.max_uplift)):
            raise wrong("a condition needs min, max, min_ratio_to_base or max_uplift")
        if self.min_ratio_to_base is not None and self.min_ratio_to_base <= 0:
            raise wrong("min_ratio_to_base: a ratio of 0 or less asks for nothing")
        if self.max_uplift is not None and self.baseline is None:
            raise wrong("max_uplift needs a baseline")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise wrong(f"nothing is at least {self.min:g} and at most {self.max:g}")
        return self


class Review(Section):
    """Somebody outside who looked."""

    reviewer: Text = Field(description="Who they are.")
    report: Glob = Field(description="Their report, shipped with the release.")


class MeasuredOn(Section):
    """Which weights results are of that do not say so, by the word of a person who approves."""

    results: Glob = Field(description="Files of results, such as those of other tools.")
    sha256: Sha256 = Field(description="The digest of the weights that were measured.")
    by: Text = Field(description="Who says so: one of gate.people.")


class Audit(Section):
    """Results, and the conditions that they are held against."""

    results: Many[Glob] = Field((), description="Files of results, beside the release file.")
    measured_on: Listed[MeasuredOn] = Field(
        (), description="Weights of results that name none; counts when that person approves."
    )
    quality: Listed[Condition] = ()
    safety: Listed[Condition] = ()
    privacy: Listed[Condition] = ()
    bias: Listed[Condition] = ()
    independent: Listed[Review] = ()
