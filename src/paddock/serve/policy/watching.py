"""One answer, released as it is looked at.

Held back is what a rule may still find something in, to the letter, and for judges what is not yet
a window. Text that is refused was never released, however it comes in pieces.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from paddock.serve.guard import Refusal
from paddock.serve.policy.document import Action, Stage
from paddock.serve.policy.judging import Question
from paddock.serve.policy.phrases import Found
from paddock.serve.policy.prompts import Prompt, continued_text, conversation_of
from paddock.serve.policy.scanning import AnswerScanner

if TYPE_CHECKING:
    from paddock.serve.policy.policed import Policed

_BEFORE_CHARS: Final = 4096  # of what the answer continues, where a phrase may have begun


class PolicyWatch:
    """A ``Watch``. Places are counted from where the text begins that the scanner reads."""

    def __init__(self, policed: Policed, prompt: Prompt) -> None:
        self._policed, self._prompt = policed, prompt
        self._rules = policed.rules(Stage.AFTER)
        before = continued_text(prompt)[-_BEFORE_CHARS:]
        self._scanner = AnswerScanner(self._rules, before)
        self._answer = ""  # all of it, for judges; only kept where there are some
        self._begin = self._released = self._judged = self._end = len(before)
        self._held = ""  # from ``_released`` on
        self._redactions: list[Found] = []
        self._told_rules: set[int] = set()
        self._is_over = False
        self._judges = policed.has_judges(Stage.AFTER)

    async def feed(self, text: str) -> str | Refusal:
        return await self._look(text, is_last=False)

    async def end(self) -> str | Refusal:
        return await self._look("", is_last=True)

    async def _look(self, text: str, *, is_last: bool) -> str | Refusal:
        if self._is_over:
            return ""
        started = time.perf_counter()
        self._held += text
        self._end += len(text)
        for found in self._scanner.feed(text, is_last=is_last):
            if found.rule not in self._told_rules:  # once for an answer, however often it finds
                self._told_rules.add(found.rule)
                seconds = time.perf_counter() - started
                refusal = self._policed.decide(Stage.AFTER, found, self._held, seconds)
                if refusal is not None:
                    return self._refused(refusal)
            if self._rules.rules[found.rule].action is Action.REDACT:
                self._redactions.append(found)
        certain = self._end if is_last else min(self._scanner.certain, self._end)
        if self._judges:
            refusal = await self._ask_judges(text, certain, is_last=is_last)
            if refusal is not None:
                return self._refused(refusal)
            certain = min(certain, self._judged)
        self._is_over = is_last
        return self._release(certain)

    def _refused(self, refusal: Refusal) -> Refusal:
        self._is_over = True
        self._held = self._answer = ""
        return refusal

    async def _ask_judges(self, text: str, certain: int, *, is_last: bool) -> Refusal | None:
        """Judges read the answer so far, each time that a window of it is new."""
        self._answer += text
        window = self._policed.policy.window_chars
        new = certain - self._judged
        if new <= 0 or (new < window and not is_last):
            return None
        shown = self._answer[: certain - self._begin]
        # The window before is read again, so that nothing hides at the border.
        latest = shown[-(new + window) :]
        turns = (*conversation_of(self._prompt), {"role": "assistant", "content": shown})
        question = Question(Stage.AFTER, (latest,), _in_turn(turns))
        refusal = await self._policed.judge(question)
        self._judged = certain
        return refusal

    def _release(self, certain: int) -> str:
        """The text up to there, with what is redacted replaced; nothing of such a thing in part."""
        for found in self._redactions:
            if found.start < certain < found.end:
                certain = max(found.start, self._released)
        parts, at = [], self._released
        ends = [each for each in self._redactions if each.end <= certain]
        for found in sorted(ends, key=lambda each: (each.start, each.end)):
            start = max(found.start, at)
            if found.end <= at:
                continue
            parts.append(self._held[at - self._released : start - self._released])
            parts.append(self._rules.rules[found.rule].replacement)
            at = found.end
        if certain > at:
            parts.append(self._held[at - self._released : certain - self._released])
        self._redactions = [each for each in self._redactions if each.end > certain]
        self._held = self._held[max(certain - self._released, 0) :]
        self._released = max(certain, self._released)
        return "".join(parts)


def _in_turn(turns: tuple[dict[str, str], ...]) -> tuple[dict[str, str], ...]:
    """Two turns of the model after each other are one."""
    if len(turns) > 1 and turns[-2]["role"] == "assistant":
        joined = {"role": "assistant", "content": turns[-2]["content"] + turns[-1]["content"]}
        return (*turns[:-2], joined)
    return turns
