"""Judges of other packages: functions under the entry point group ``paddock.guards``.

A function takes a text and the stage's name (``before`` or ``after``) and gives scores by category.
Each call has a thread of its own, which nobody waits for when it takes too long: a function that
never ends takes places from its like, and nothing else. Whatever it does, it gives scores or has
failed.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from importlib.metadata import entry_points
from typing import Any, Final

from paddock.errors import shown
from paddock.serve.policy.document import JudgeSpec, Policy
from paddock.serve.policy.errors import BadPolicy, JudgeFailed
from paddock.serve.policy.judging import Question, read_scores

GROUP: Final = "paddock.guards"
AT_ONCE: Final = 8  # calls of one judge


class Plugin:
    """A ``Judge``."""

    def __init__(self, spec: JudgeSpec, policy: Policy) -> None:
        """Raises BadPolicy where there is no such entry point, or none that can be called."""
        self._spec, self._policy = spec, policy
        self._function = _found(spec.plugin or "")
        self._places = asyncio.Semaphore(AT_ONCE)

    async def scores(self, question: Question) -> Mapping[str, float]:
        scores: dict[str, float] = {}
        for text in question.texts:
            for category, score in (await self._judged(text, question)).items():
                scores[category] = max(score, scores.get(category, 0.0))
        return scores

    async def _judged(self, text: str, question: Question) -> Mapping[str, float]:
        try:
            async with asyncio.timeout(self._spec.timeout_seconds):
                return await self._called(text, str(question.stage))
        except TimeoutError as e:
            raise JudgeFailed(f"the judge {self._spec.id} took too long") from e

    async def _called(self, text: str, stage: str) -> Mapping[str, float]:
        await self._places.acquire()
        loop = asyncio.get_running_loop()
        told: asyncio.Future[Mapping[str, float]] = loop.create_future()

        def work() -> None:
            try:
                scores = read_scores(self._function(text, stage), self._spec, self._policy)
                settle = _settled(told, scores)
            except JudgeFailed as e:
                settle = _failed(told, e)
            except BaseException as e:
                kind = type(e).__name__
                settle = _failed(told, JudgeFailed(f"the judge {self._spec.id} failed: {kind}"))
            with suppress(RuntimeError):  # the loop has ended, and with it whoever would read
                loop.call_soon_threadsafe(settle)
                loop.call_soon_threadsafe(self._places.release)

        try:
            threading.Thread(target=work, name=f"judge-{self._spec.id}", daemon=True).start()
        except RuntimeError:  # no thread is to be had
            self._places.release()
            raise
        return await told


def _settled(told: asyncio.Future[Any], scores: Mapping[str, float]) -> Callable[[], None]:
    return lambda: None if told.done() else told.set_result(scores)


def _failed(told: asyncio.Future[Any], error: JudgeFailed) -> Callable[[], None]:
    return lambda: None if told.done() else told.set_exception(error)


def _found(name: str) -> Callable[[str, str], Any]:
    for each in entry_points(group=GROUP, name=name):
        try:
            function = each.load()
        except (Exception, SystemExit) as e:
            raise BadPolicy(f"the guard {shown(name)} cannot be imported: {e}") from e
        if not callable(function):
            raise BadPolicy(f"the guard {shown(name)} ({each.value}) is no function")
        return function  # type: ignore[no-any-return]
    raise BadPolicy(
        f"no installed package has the guard {shown(name)}",
        hint=f"it is an entry point of the group {GROUP}",
    )
