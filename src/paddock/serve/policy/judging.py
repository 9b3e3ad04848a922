"""What a judge is: something that gives each category a score, whatever it is made of."""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Real
from typing import Any, NamedTuple, Protocol

from paddock.serve.policy.document import JudgeSpec, Policy, Stage
from paddock.serve.policy.errors import JudgeFailed


class Question(NamedTuple):
    """What is to be judged."""

    stage: Stage
    texts: tuple[str, ...]  # all of them, each alone
    conversation: tuple[dict[str, str], ...]  # the last turn is what is judged


class Judge(Protocol):
    """Scores from 0 (harmless) to 1, by the policy's categories."""

    async def scores(self, question: Question) -> Mapping[str, float]:
        """Raises JudgeFailed."""
        ...


class Hazard(NamedTuple):
    """The category that a judge finds worst."""

    category: str
    score: float


def worst(policy: Policy, spec: JudgeSpec, scores: Mapping[str, float]) -> Hazard | None:
    """The category furthest over its threshold; None where none is."""
    over = [
        (score - policy.threshold_of(category, spec), Hazard(category, score))
        for category, score in scores.items()
    ]
    reached = [each for each in over if each[0] >= 0]
    return max(reached)[1] if reached else None


def read_scores(told: Any, spec: JudgeSpec, policy: Policy) -> dict[str, float]:
    """A judge's own names and numbers as the policy's; raises JudgeFailed.

    A judge may know more than the policy does. One of whose categories the policy knows none has
    said nothing, and failed. Nothing that it gave is repeated: it may be of the text.
    """
    if not isinstance(told, Mapping):
        raise JudgeFailed(f"the judge {spec.id} gives no scores")
    scores: dict[str, float] = {}
    for theirs, score in told.items():
        if not isinstance(score, Real) or not 0 <= float(score) <= 1:
            raise JudgeFailed(f"the judge {spec.id} gives a score that is none from 0 to 1")
        name = (spec.names or {}).get(str(theirs), str(theirs))
        if name in policy.categories:
            scores[name] = max(scores.get(name, 0.0), float(score))
    if told and not scores:
        raise JudgeFailed(f"the judge {spec.id} gives no category that the policy knows")
    return scores
