"""One result of one evaluation: a value, how sure it is, and what made it.

Pure data. A result without an interval is a point: it can be shown, and meets no bound.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from paddock.release.errors import BadReleaseFile

# stated: by who measured; stderr, wilson: computed here from a standard error, or a share and n.
Method = Literal["stated", "stderr", "wilson"]
MAX_RESULTS = 10_000


class BadResults(BadReleaseFile):
    """A file of evaluation results that cannot be used; the message starts with its name."""

    code = "bad_results"


@dataclass(frozen=True, slots=True)
class Result:
    """What was measured, and of which bytes."""

    eval: str
    value: float
    low: float | None = None
    high: float | None = None
    level: float | None = None  # of the interval, such as 0.95
    method: Method | None = None  # where the interval comes from
    n: int | None = None  # samples
    seed: int | None = None
    higher_is_better: bool | None = None
    metric: str | None = None
    task: str | None = None
    dataset: str | None = None
    dataset_revision: str | None = None
    model: str | None = None  # a name, where one is given
    model_digest: str | None = None  # SHA-256, see model_digest.py
    declared_by: str | None = None  # who says that model_digest is right, where the file does not
    tuned_from: str | None = None  # the digest of the model that was tuned before measuring
    suite: str | None = None
    suite_digest: str | None = None
    code: str | None = None  # name and version of what measured
    date: str | None = None  # ISO 8601: a day, or a moment
    path: str = ""  # the file, and its SHA-256
    sha256: str | None = None

    @property
    def is_point(self) -> bool:
        """Whether nobody knows how sure the value is."""
        return self.low is None or self.high is None

    @property
    def moment(self) -> datetime | None:
        """When it was measured, UTC; a day counts from its beginning."""
        if self.date is None:
            return None
        moment = datetime.fromisoformat(self.date)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)

    @property
    def text(self) -> str:
        """The value for people: 0.71 (0.69 to 0.73, n = 1200)."""
        inside = [] if self.is_point else [f"{self.low:.6g} to {self.high:.6g}"]
        inside += [f"n = {self.n}"] if self.n is not None else []
        return f"{self.value:.6g}" + (f" ({', '.join(inside)})" if inside else "")


def checked_date(text: str | None, where: str) -> str | None:
    """The date as it was written, if it is one; raises BadResults."""
    if text is None:
        return None
    try:
        datetime.fromisoformat(text)
    except ValueError as e:
        raise BadResults(f"{where}: {text[:60]!a} is not a date like 2026-11-20") from e
    return text
