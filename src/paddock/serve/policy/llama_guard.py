"""Judges that are models of Llama Guard's kind, run by the engine.

Such a model reads a conversation and writes ``safe``, or ``unsafe`` and the hazards' names. Its
score is not what it would write but how likely ``unsafe`` is beside ``safe`` where the verdict
begins, by the first token in which the two differ. What it reads is in ``guard_prompt``.
"""

from __future__ import annotations

import asyncio
import math
import secrets
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from functools import partial
from itertools import takewhile
from typing import Final, NamedTuple

from paddock.engine.request import GREEDY, Finish, Output, Request, Sampling
from paddock.errors import PaddockError
from paddock.serve.models.loaded import Loaded
from paddock.serve.policy.document import HAZARDS, UNNAMED, JudgeSpec, Policy, Stage
from paddock.serve.policy.errors import JudgeFailed
from paddock.serve.policy.guard_prompt import guard_prompt
from paddock.serve.policy.judging import Question
from paddock.serve.text.prompts import beside

Borrow = Callable[[str], AbstractAsyncContextManager[Loaded]]
_LEAD_TOKENS: Final = 2  # of white space that a model may write before its verdict
_NAMES_TOKENS: Final = 24
_FORCED: Final = 100.0  # the largest bias there is; the chance that is told knows nothing of it


class _Verdicts(NamedTuple):
    """What the two verdicts begin with, both alike, and then the tokens in which they differ."""

    shared: tuple[int, ...]
    safe: int
    unsafe: int


class LlamaGuard:
    """A ``Judge``."""

    def __init__(self, spec: JudgeSpec, policy: Policy, borrow: Borrow) -> None:
        self._spec, self._policy, self._borrow = spec, policy, borrow
        described = {
            name: category.description
            for name, category in policy.categories.items()
            if name != UNNAMED
        }
        # The model's own words for the hazards are those that it was trained with.
        self._categories = None if described == HAZARDS else described
        self._lowest = min(policy.threshold_of(name, spec) for name in policy.categories)

    async def scores(self, question: Question) -> Mapping[str, float]:
        scores: dict[str, float] = {}
        try:
            async with self._borrow(self._spec.llama_guard or "") as loaded:
                for conversation in _conversations(question):
                    for name, score in (await self._judged(loaded, conversation)).items():
                        scores[name] = max(score, scores.get(name, 0.0))
        except JudgeFailed:
            raise
        except PaddockError as e:
            raise JudgeFailed(f"the judge {self._spec.id} failed: {e.code}") from e
        return scores

    async def _judged(
        self, loaded: Loaded, conversation: Sequence[dict[str, str]]
    ) -> Mapping[str, float]:
        chat = loaded.chat
        if chat is None:
            raise JudgeFailed(f"the model of the judge {self._spec.id} has no chat template")
        length = sum(len(turn["content"]) for turn in conversation)
        make = partial(guard_prompt, chat, loaded.tokenizer, conversation, self._categories)
        prompt = await beside(length, make)
        prompt += await _lead(loaded, prompt)
        shared, safe, unsafe = _verdicts(loaded)
        chances = [_logprob(loaded, prompt + shared, token) for token in (safe, unsafe)]
        safe_logprob, unsafe_logprob = await asyncio.gather(*chances)
        score = 1 / (1 + math.exp(min(safe_logprob - unsafe_logprob, 700.0)))
        if not self._spec.tells_categories or score < self._lowest:
            return {UNNAMED: score}
        written = await _written(loaded, (*prompt, *loaded.tokenizer.encode("unsafe\n")))
        return dict.fromkeys(self._named(written) or [UNNAMED], score)

    def _named(self, written: str) -> list[str]:
        """The policy's categories among those that stand in the line behind the verdict."""
        known = {name.casefold(): name for name in self._policy.categories}
        words = [each.strip().casefold() for each in written.strip().partition("\n")[0].split(",")]
        return [known[word] for word in words if word in known]


def _conversations(question: Question) -> list[Sequence[dict[str, str]]]:
    """What is to be judged, by its last turn.

    Where a client began the answer, its question was never judged, and is now.
    """
    turns = question.conversation
    if question.stage is Stage.BEFORE and len(turns) > 1 and turns[-1]["role"] == "assistant":
        return [turns[:-1], turns]
    return [turns]


def _verdicts(loaded: Loaded) -> _Verdicts:
    safe, unsafe = map(loaded.tokenizer.encode, ("safe", "unsafe"))
    alike = len(list(takewhile(lambda pair: pair[0] == pair[1], zip(safe, unsafe, strict=False))))
    return _Verdicts(tuple(safe[:alike]), safe[alike], unsafe[alike])


async def _lead(loaded: Loaded, prompt: tuple[int, ...]) -> tuple[int, ...]:
    """The white space that the model would write first: Llama Guard 3 writes an empty line."""
    said = await _answered(loaded, Request(_new_id(), prompt, _LEAD_TOKENS, cache_salt="policy"))
    tokens = [token for output in said for token in output.token_ids]
    decode = loaded.tokenizer.decode
    return tuple(takewhile(lambda token: decode([token]).isspace(), tokens))


async def _logprob(loaded: Loaded, prompt: tuple[int, ...], token: int) -> float:
    """The natural logarithm of the chance that the model writes this token next."""
    sampling = Sampling(temperature=0.0, logit_bias={token: _FORCED})
    asked = Request(_new_id(), prompt, 1, sampling, logprobs=0, cache_salt="policy")
    told = [each for output in await _answered(loaded, asked) for each in output.logprobs or ()]
    if [each.token_id for each in told] != [token] or not math.isfinite(told[0].logprob):
        raise JudgeFailed("the guard model gives its verdict no chance")
    return told[0].logprob


async def _written(loaded: Loaded, prompt: tuple[int, ...]) -> str:
    ends = frozenset(loaded.config.eos_ids)
    asked = Request(_new_id(), prompt, _NAMES_TOKENS, GREEDY, stop_ids=ends, cache_salt="policy")
    said = await _answered(loaded, asked)
    return loaded.tokenizer.decode([token for output in said for token in output.token_ids])


async def _answered(loaded: Loaded, asked: Request) -> list[Output]:
    """All outputs of a request; raises JudgeFailed."""
    async with loaded.backend.outputs(asked) as outputs:
        said = [output async for output in outputs]
    if not said or said[-1].finish in (None, Finish.ERROR, Finish.CANCELLED):
        raise JudgeFailed((said[-1].error if said else None) or "the guard model failed")
    return said


def _new_id() -> str:
    return f"judge-{secrets.token_hex(8)}"
