"""How much uplift is allowed, written down before it was measured.

paddock/preregistered/v1: the evaluation, the baseline, the most uplift and the day on which that
was settled. Pure: bytes to a value. That the day is true is for whoever keeps the file's history;
what can be checked is that it lies before the measurement.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time
from typing import Literal, NamedTuple

from pydantic import ValidationError

from paddock.checkpoint.errors import BadCheckpoint
from paddock.checkpoint.strict_json import parse_object
from paddock.release.results.result import BadResults, Result
from paddock.release.spec.audit import Condition
from paddock.release.spec.section import Day, Number, Section, Text

MAX_PREREGISTERED_BYTES = 64 << 10


class Preregistered(Section):
    """A whole file."""

    format: Literal["paddock/preregistered/v1"]
    eval: Text
    baseline: Text
    max_uplift: Number
    registered: Day


class Uplift(NamedTuple):
    """The most that is allowed, and where that comes from."""

    most: float
    said: str


def read_uplift(
    files: Mapping[str, bytes], name: str, condition: Condition, result: Result
) -> Uplift:
    """What the file says for this condition; raises BadResults when it is of no use."""
    if name not in files:
        raise BadResults(f"{name} is not there", hint="audit: max_uplift names it")
    try:
        said = Preregistered.model_validate(parse_object(files[name], name, BadCheckpoint))
    except (BadCheckpoint, ValidationError) as e:
        raise BadResults(f"{name} is not a paddock/preregistered/v1 file") from e
    if (said.eval, said.baseline) != (condition.eval, condition.baseline):
        raise BadResults(f"{name} is about {said.eval} against {said.baseline}")
    if result.moment is None:
        raise BadResults(f"{result.eval} says no date, so nobody knows that {name} was earlier")
    settled = datetime.combine(said.registered, time(), result.moment.tzinfo)
    if settled >= result.moment:
        raise BadResults(f"{name} is of {said.registered}, not before {result.eval} was measured")
    return Uplift(said.max_uplift, f", settled on {said.registered}")
