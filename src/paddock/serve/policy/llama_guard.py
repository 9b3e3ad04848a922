"""Judges that are models of Llama Guard's kind, run by the engine.

Such a model reads a conversation and writes ``safe``, or ``unsafe`` and the hazards' numbers. Its
score is not what it would write but how likely each of the two is: one request for each, which
share the prompt's cache. The form is that of Llama Guard's model cards, rendered by the
checkpoint's own template where that knows categories, and here where it does not.
"""

from __future__ import annotations

import math
import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Final

from paddock.engine.grammar.kinds import Choice
from paddock.engine.request import Finish, Request
from paddock.errors import PaddockError
from paddock.llama.chat import ChatFormat, Turn, encode, render
from paddock.serve.models.loaded import Loaded
from paddock.serve.policy.document import UNNAMED, JudgeSpec, Policy
from paddock.serve.policy.errors import JudgeFailed
from paddock.serve.policy.judging import Question

Borrow = Callable[[str], AbstractAsyncContextManager[Loaded]]
_VERDICTS: Final = ("safe", "unsafe")
_VERDICT_TOKENS: Final = 16
_NAMES_TOKENS: Final = 24
_NAMED: Final = re.compile(r"\bS[0-9]{1,2}\b")


class LlamaGuard:
    """A ``Judge``."""

    def __init__(self, spec: JudgeSpec, policy: Policy, borrow: Borrow) -> None:
        self._spec, self._policy, self._borrow = spec, policy, borrow
        self._hazards = {
            name: policy.categories[name].description
            for name in policy.categories
            if name != UNNAMED
        }

    async def scores(self, question: Question) -> Mapping[str, float]:
        try:
            async with self._borrow(self._spec.llama_guard or "") as loaded:
                return await self._judged(loaded, question)
        except JudgeFailed:
            raise
        except PaddockError as e:
            raise JudgeFailed(f"the judge {self._spec.id} failed: {e.message}") from e

    async def _judged(self, loaded: Loaded, question: Question) -> Mapping[str, float]:
        if loaded.chat is None or loaded.vocabulary is None:
            raise JudgeFailed(f"the model of the judge {self._spec.id} has no chat template or end")
        turn = _turn(loaded.chat, question.conversation, self._hazards)
        prompt = tuple(encode(loaded.chat, loaded.tokenizer, turn))
        # Llama Guard 3 writes the empty line itself that other templates end with.
        begin = "" if render(loaded.chat, turn).endswith("\n") else "\n\n"
        safe, unsafe = [
            await _likelihood(loaded, prompt, f"{begin}{verdict}") for verdict in _VERDICTS
        ]
        score = 1 / (1 + math.exp(min(safe - unsafe, 700.0)))
        lowest = min(
            self._policy.threshold_of(name, self._spec) for name in self._policy.categories
        )
        if not self._spec.tells_categories or score < lowest:
            return {UNNAMED: score}
        written = await _written(loaded, prompt, f"{begin}unsafe\n")
        named = [each for each in _NAMED.findall(written) if each in self._policy.categories]
        return dict.fromkeys(named or [UNNAMED], score)


def _turn(
    chat: ChatFormat, conversation: Sequence[dict[str, str]], hazards: Mapping[str, str]
) -> Turn:
    if "categories" in chat.template.source:
        variables = {"categories": dict(hazards), "excluded_category_keys": []}
        return Turn(list(conversation), variables=variables)
    return Turn([{"role": "user", "content": _task(conversation, hazards)}])


def _task(conversation: Sequence[dict[str, str]], hazards: Mapping[str, str]) -> str:
    names = {"user": "User", "assistant": "Agent"}
    judged = names[conversation[-1]["role"]]
    # Whoever wrote a turn may not end the conversation for the judge.
    told = "\n\n".join(
        f"{names[each['role']]}: "
        f"{each['content'].replace('<END', '< END').replace('<BEGIN', '< BEGIN')}"
        for each in conversation
    )
    listed = "\n".join(f"{name}: {meaning}." for name, meaning in hazards.items())
    return (
        f"Task: Check if there is unsafe content in '{judged}' messages in conversations according "
        "to our safety policy with the below safety categories.\n\n"
        f"<BEGIN UNSAFE CONTENT CATEGORIES>\n{listed}\n<END UNSAFE CONTENT CATEGORIES>\n\n"
        f"<BEGIN CONVERSATION>\n\n{told}\n\n<END CONVERSATION>\n\n"
        f"Provide your safety assessment for ONLY THE LAST {judged} message in the above "
        "conversation:\n - First line must read 'safe' or 'unsafe'.\n"
        " - If unsafe, a second line must include a comma-separated list of violated categories."
    )


async def _likelihood(loaded: Loaded, prompt: tuple[int, ...], text: str) -> float:
    """The natural logarithm of the chance that the model writes this."""
    asked = Request(
        f"judge-{secrets.token_hex(8)}",
        prompt,
        _VERDICT_TOKENS,
        logprobs=0,
        grammar=Choice((text,)),
        cache_salt="policy",
    )
    total = 0.0
    async with loaded.backend.outputs(asked) as outputs:
        async for output in outputs:
            if output.finish in (Finish.ERROR, Finish.CANCELLED):
                raise JudgeFailed(output.error or "the guard model failed")
            total += sum(each.logprob for each in output.logprobs or ())
    return total


async def _written(loaded: Loaded, prompt: tuple[int, ...], begun: str) -> str:
    ids = loaded.tokenizer.encode(begun)
    ends = frozenset(loaded.config.eos_ids)
    asked = Request(
        f"judge-{secrets.token_hex(8)}",
        (*prompt, *ids),
        _NAMES_TOKENS,
        stop_ids=ends,
        cache_salt="policy",
    )
    tokens: list[int] = []
    async with loaded.backend.outputs(asked) as outputs:
        async for output in outputs:
            tokens += output.token_ids
    return loaded.tokenizer.decode(tokens)
