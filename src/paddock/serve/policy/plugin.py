"""Judges of other packages: functions under the entry point group ``paddock.guards``.

A function takes a text and the stage's name (``before`` or ``after``) and gives scores by category.
It runs in a thread; one that takes too long has failed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from importlib.metadata import entry_points
from typing import Any, Final

from paddock.serve.policy.document import JudgeSpec, Policy
from paddock.serve.policy.errors import BadPolicy, JudgeFailed
from paddock.serve.policy.judging import Question, read_scores

GROUP: Final = "paddock.guards"


class Plugin:
    """A ``Judge``."""

    def __init__(self, spec: JudgeSpec, policy: Policy) -> None:
        """Raises BadPolicy where there is no such entry point, or it cannot be imported."""
        self._spec, self._policy = spec, policy
        self._function = _found(spec.plugin or "")

    async def scores(self, question: Question) -> Mapping[str, float]:
        scores: dict[str, float] = {}
        for text in question.texts:
            for category, score in (await self._judge(text, question)).items():
                scores[category] = max(score, scores.get(category, 0.0))
        return scores

    async def _judge(self, text: str, question: Question) -> Mapping[str, float]:
        try:
            async with asyncio.timeout(self._spec.timeout_seconds):
                told = await asyncio.to_thread(self._function, text, str(question.stage))
        except Exception as e:
            raise JudgeFailed(f"the judge {self._spec.id} failed: {type(e).__name__}") from e
        return read_scores(told, self._spec, self._policy)


def _found(name: str) -> Callable[[str, str], Any]:
    for each in entry_points(group=GROUP, name=name):
        try:
            function: Callable[[str, str], Any] = each.load()
        except Exception as e:
            raise BadPolicy(f"the guard {name!r} cannot be imported: {e}") from e
        return function
    raise BadPolicy(
        f"no installed package has the guard {name!r}",
        hint=f"it is an entry point of the group {GROUP}",
    )
