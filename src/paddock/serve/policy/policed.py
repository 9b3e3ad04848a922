"""A policy at work for one model: rules first, which cost little, then judges.

The invariant: where anything that should look at a text fails, the text is refused, unless the
policy says that this stage stays open.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Final

from paddock.errors import PaddockError
from paddock.serve.guard import Refusal, Watch
from paddock.serve.policy.decisions import Decision, tell
from paddock.serve.policy.document import Action, JudgeSpec, Policy, Stage
from paddock.serve.policy.errors import JudgeFailed
from paddock.serve.policy.judging import Judge, Question, worst
from paddock.serve.policy.phrases import Found
from paddock.serve.policy.prompts import Prompt, conversation_of, texts_of
from paddock.serve.policy.scanning import Rules, compiled, first_of_each_rule
from paddock.serve.policy.watching import PolicyWatch
from paddock.serve.text.prompts import beside

FAILED: Final = "judge_failed"  # the category of a text that nobody could judge


class Policed:
    """A ``Guard``."""

    def __init__(self, policy: Policy, judges: Sequence[tuple[JudgeSpec, Judge]]) -> None:
        self.policy = policy
        self._judges = tuple(judges)
        self._rules: Mapping[Stage, Rules] = {
            stage: compiled(policy.rules, stage) for stage in Stage
        }

    @property
    def digest(self) -> str:
        """Of the policy's file."""
        return self.policy.digest

    async def check_prompt(self, prompt: Prompt) -> Refusal | None:
        texts, rules = texts_of(prompt), self.rules(Stage.BEFORE)
        started = time.perf_counter()
        for text in texts:
            found = await beside(len(text), partial(first_of_each_rule, rules, text))
            for each in found:
                refusal = self.decide(Stage.BEFORE, each, text, time.perf_counter() - started)
                if refusal is not None:
                    return refusal
        turns = tuple(conversation_of(prompt))
        return await self.judge(Question(Stage.BEFORE, tuple(texts), turns)) if texts else None

    def watch(self, prompt: Prompt) -> Watch:
        return PolicyWatch(self, prompt)

    def rules(self, stage: Stage) -> Rules:
        """What is looked for at a stage."""
        return self._rules[stage]

    def has_judges(self, stage: Stage) -> bool:
        """Whether any judge looks at a stage's texts."""
        return any(stage in spec.stages for spec, _ in self._judges)

    def decide(self, stage: Stage, found: Found, text: str, seconds: float) -> Refusal | None:
        """Tell what a rule found; the refusal where that is its action."""
        rule = self._rules[stage].rules[found.rule]
        tell(Decision(self.digest, stage, rule.category, rule.id, rule.action, text, seconds))
        return self._refusal(rule.category) if rule.action is Action.BLOCK else None

    async def judge(self, question: Question) -> Refusal | None:
        """The refusal of the first judge that refuses; later ones are not asked."""
        for spec, judge in self._judges:
            if question.stage not in spec.stages:
                continue
            refusal = await self._judged(spec, judge, question)
            if refusal is not None:
                return refusal
        return None

    async def _judged(self, spec: JudgeSpec, judge: Judge, question: Question) -> Refusal | None:
        started, text = time.perf_counter(), question.texts[-1]
        is_open = question.stage in self.policy.open_stages or spec.action is Action.LOG
        score, reason, category = None, None, FAILED
        try:
            async with asyncio.timeout(spec.timeout_seconds):
                hazard = worst(self.policy, spec, await judge.scores(question))
            if hazard is None:
                return None
            category, score = hazard
            action = spec.action
        except Exception as e:
            reason = _why(e)
            action = Action.LOG if is_open else Action.BLOCK
        seconds = time.perf_counter() - started
        tell(
            Decision(
                self.digest, question.stage, category, spec.id, action, text, seconds, score, reason
            )
        )
        return self._refusal(category) if action is Action.BLOCK else None

    def _refusal(self, category: str) -> Refusal:
        return Refusal(self.policy.refusal_of(category), category)


def _why(error: Exception) -> str:
    """Without content: what others say of an error may hold some."""
    match error:
        case JudgeFailed():
            return error.message
        case TimeoutError():
            return "it took too long"
        case PaddockError():
            return error.code
    return type(error).__name__
