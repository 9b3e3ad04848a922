"""paddock/audit-results/v1: results of an audit as JSON, closed and strict.

What the model, the suite, the code, the seed and the date are is said once, and a single result
may say otherwise. Knows bytes and values, no files.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError, model_validator

from paddock.release.results.interval import LEVEL, wilson
from paddock.release.results.result import MAX_RESULTS, BadResults, Method, Result, checked_date
from paddock.release.spec.section import Listed, Number, Section, Sha256, Share, Text, wrong

FORMAT = "paddock/audit-results/v1"


class Measured(Section):
    """The model that was measured."""

    name: Text | None = None
    sha256: Sha256 | None = Field(None, description="The digest of its weights.")
    tuned_from: Sha256 | None = Field(
        None, description="The digest of the model that was tuned, merged or attacked before."
    )


class Suite(Section):
    """What it was measured with."""

    name: Text | None = None
    sha256: Sha256 | None = None


class Dataset(Section):
    """What the questions were taken from."""

    id: Text
    revision: Text | None = None


class Row(Section):
    """One result."""

    eval: Text
    value: Number
    low: Number | None = None
    high: Number | None = None
    level: Share = LEVEL
    n: Annotated[int, Field(ge=1, le=1 << 53)] | None = None
    share: bool = Field(False, description="Whether the value is a share of n samples.")
    seed: int | None = None
    higher_is_better: bool | None = None
    metric: Text | None = None
    task: Text | None = None
    dataset: Dataset | None = None
    model: Measured | None = None
    suite: Suite | None = None
    code: Text | None = None
    date: Text | None = None

    @model_validator(mode="after")
    def _agrees(self) -> Row:
        low, high = self.low, self.high
        if (low is None) != (high is None):
            raise wrong("an interval needs low and high")
        if low is not None and high is not None and not low <= self.value <= high:
            raise wrong(f"{self.value} lies outside {low} to {high}")
        if self.share and not 0 <= self.value <= 1:
            raise wrong(f"{self.value} is no share")
        return self


class AuditResults(Section):
    """A whole file."""

    format: Literal["paddock/audit-results/v1"]
    model: Measured = Field(default_factory=Measured)
    suite: Suite = Field(default_factory=Suite)
    code: Text | None = None
    seed: int | None = None
    date: Text | None = None
    results: Listed[Row]


def parse_audit_results(document: dict[str, Any], where: str) -> tuple[Result, ...]:
    """The results in ``document``; raises BadResults."""
    try:
        audit = AuditResults.model_validate(document)
    except ValidationError as e:
        raise BadResults(f"{where}: {_sentence(e)}") from e
    if len(audit.results) > MAX_RESULTS:
        raise BadResults(f"{where}: more than {MAX_RESULTS} results")
    return tuple(_result(audit, row, where) for row in audit.results)


def _result(audit: AuditResults, row: Row, where: str) -> Result:
    model, suite = row.model or audit.model, row.suite or audit.suite
    low, high, level, method = _interval(row)
    return Result(
        eval=row.eval,
        value=row.value,
        low=low,
        high=high,
        level=level,
        method=method,
        n=row.n,
        seed=row.seed if row.seed is not None else audit.seed,
        higher_is_better=row.higher_is_better,
        metric=row.metric,
        task=row.task,
        dataset=row.dataset.id if row.dataset else None,
        dataset_revision=row.dataset.revision if row.dataset else None,
        model=model.name,
        model_digest=model.sha256,
        tuned_from=model.tuned_from,
        suite=suite.name,
        suite_digest=suite.sha256,
        code=row.code or audit.code,
        date=checked_date(row.date or audit.date, where),
    )


def _interval(row: Row) -> tuple[float | None, float | None, float | None, Method | None]:
    if row.low is not None:
        return row.low, row.high, row.level, "stated"
    if row.share and row.n is not None:
        return *wilson(row.value, row.n), LEVEL, "wilson"
    return None, None, None, None


def _sentence(error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    place = ".".join(str(part) for part in first["loc"])
    said = first.get("ctx", {})
    what = said.get("sentence") or (
        f"unknown key {str(said['key'])[:80]!a}" if "key" in said else first["msg"]
    )
    return f"{place}: {what}" if place else str(what)
