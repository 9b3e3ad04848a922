"""Results of evaluations as values, wherever in a repository they stand.

Pure. The fields are those of a release's results. An interval counts when the value lies in it; a
result without one is a point, of which nobody knows how sure it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from paddock.hub.releases.fields import digest, flag, number, rows, text, whole

MAX_RESULTS = 1000
_MAX_NAME_CHARS = 300


@dataclass(frozen=True, slots=True)
class Result:
    """What somebody says was measured."""

    eval: str
    value: float
    low: float | None = None
    high: float | None = None
    level: float | None = None  # of the interval, such as 0.95
    method: str | None = None  # where the interval comes from
    n: int | None = None
    seed: int | None = None
    higher_is_better: bool | None = None
    metric: str | None = None
    task: str | None = None
    dataset: str | None = None
    dataset_revision: str | None = None
    model: str | None = None
    model_digest: str | None = None
    tuned_from: str | None = None
    suite: str | None = None
    suite_digest: str | None = None
    code: str | None = None
    date: str | None = None
    path: str | None = None  # the file of results, where it is one of the repository's
    note: str | None = None
    source: str = "statement"  # "statement" | "file" | "card"

    @property
    def is_point(self) -> bool:
        """Whether it says nothing of how sure it is."""
        return self.low is None or self.high is None

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What two results must share to be held against each other."""
        return (
            self.eval,
            self.dataset or "",
            self.dataset_revision or "",
            "tuned" if self.tuned_from else "",
        )

    @property
    def value_text(self) -> str:
        return f"{self.value:.6g}"

    @property
    def interval_text(self) -> str | None:
        """0.69 to 0.73 (95 %)."""
        if self.is_point:
            return None
        level = f" ({100 * self.level:g} %)" if self.level else ""
        return f"{self.low:.6g} to {self.high:.6g}{level}"


def read_results(value: object) -> tuple[Result, ...]:
    """The rows of a release's results that can be used."""
    return tuple(_results(value))


def _results(value: object) -> Iterator[Result]:
    for row in rows(value, MAX_RESULTS):
        name, measured = text(row.get("eval"), _MAX_NAME_CHARS), number(row.get("value"))
        if name is None or measured is None:
            continue
        low, high, level = interval(row, measured)
        yield Result(
            eval=name,
            value=measured,
            low=low,
            high=high,
            level=level,
            method=_name(row, "method"),
            n=whole(row.get("n")),
            seed=whole(row.get("seed")),
            higher_is_better=flag(row.get("higher_is_better")),
            metric=_name(row, "metric"),
            task=_name(row, "task"),
            dataset=_name(row, "dataset"),
            dataset_revision=_name(row, "dataset_revision"),
            model=_name(row, "model"),
            model_digest=digest(row.get("model_digest")),
            tuned_from=digest(row.get("tuned_from")),
            suite=_name(row, "suite"),
            suite_digest=digest(row.get("suite_digest")),
            code=_name(row, "code"),
            date=_name(row, "date"),
            path=_name(row, "path"),
        )


def interval(
    row: Mapping[str, Any], value: float
) -> tuple[float | None, float | None, float | None]:
    """Both ends and the level, where they are around the value; nothing otherwise."""
    low, high, level = (number(row.get(key)) for key in ("low", "high", "level"))
    if low is None or high is None or not low <= value <= high:
        return None, None, None
    return low, high, level if level is not None and 0 < level < 1 else None


def _name(row: Mapping[str, Any], key: str) -> str | None:
    return text(row.get(key), _MAX_NAME_CHARS)
