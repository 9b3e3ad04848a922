"""``inspect`` and ``audit``: what was looked at, and what its results must be."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from paddock.release.spec.section import (
    Count,
    FilePath,
    Glob,
    Listed,
    Many,
    Number,
    Section,
    Text,
    wrong,
)


class ScanLimits(Section):
    """What one scan may take."""

    cpu_s: Count = Field(120, description="Seconds of processor time.")
    rss_mb: Count = Field(2048, description="Megabytes of memory.")
    wall_s: Count = Field(300, description="Seconds in all.")


class Inspect(Section):
    """Who looks into the files before they leave."""

    scanners: dict[str, Literal["required", "advisory"]] = Field(
        {"native": "required"},
        description="native, and others as installed: picklescan, modelaudit-picklescan, fickling.",
    )
    limits: ScanLimits = Field(default_factory=ScanLimits)
    allow_remote_code: Literal[False] = Field(False, description="Never.")


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
        if self.max_uplift is not None and self.baseline is None:
            raise wrong("max_uplift needs a baseline")
        return self


class Review(Section):
    """Somebody outside who looked."""

    reviewer: Text = Field(description="Who they are.")
    report: Glob = Field(description="Their report, shipped with the release.")


class Audit(Section):
    """Results, and the conditions that they are held against."""

    results: Many[Glob] = Field((), description="Files of results, beside the release file.")
    quality: Listed[Condition] = ()
    safety: Listed[Condition] = ()
    privacy: Listed[Condition] = ()
    bias: Listed[Condition] = ()
    independent: Listed[Review] = ()
