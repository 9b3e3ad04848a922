"""What is asked of an engine, and what it answers, in tokens.

Values only; every field is checked when it is made, so that the scheduler and the sampler meet no
impossible one. The same seed gives the same tokens whatever else is in the batch.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Final, NamedTuple

from paddock.engine.errors import BadSampling
from paddock.engine.grammar.kinds import Grammar
from paddock.errors import BadInput

MAX_LOGPROBS: Final = 20
MAX_BIASED_TOKENS: Final = 1024
NO_BIAS: Final = MappingProxyType[int, float]({})


def _within(name: str, value: float, low: float, high: float, *, low_open: bool = False) -> None:
    if not (math.isfinite(value) and low <= value <= high) or (low_open and value == low):
        above = "above" if low_open else "from"
        raise BadSampling(f"{name} is {value}; it must be {above} {low:g} to {high:g}")


class Finish(StrEnum):
    """Why a request ended."""

    STOP = "stop"  # an end token, or a complete grammar
    LENGTH = "length"  # the wanted number of tokens, or the end of the context
    CANCELLED = "cancelled"
    ERROR = "error"  # the model gave no number, the engine failed, or the form cannot be followed


@dataclass(frozen=True, slots=True)
class Sampling:
    """How a next token is chosen. The defaults change nothing: plain draws from the model."""

    temperature: float = 1.0  # 0: the likeliest, the first of equals
    top_k: int = 0  # 0: all
    top_p: float = 1.0
    min_p: float = 0.0  # of the likeliest token's chance
    presence_penalty: float = 0.0  # taken from logits of tokens in the output
    frequency_penalty: float = 0.0  # taken for each time that the output has the token
    repetition_penalty: float = 1.0  # divides (or multiplies) logits of tokens in prompt or output
    logit_bias: Mapping[int, float] = field(default_factory=lambda: NO_BIAS)
    seed: int = 0

    def __post_init__(self) -> None:
        _within("temperature", self.temperature, 0.0, 100.0)
        _within("top_p", self.top_p, 0.0, 1.0, low_open=True)
        _within("min_p", self.min_p, 0.0, 1.0)
        _within("presence_penalty", self.presence_penalty, -10.0, 10.0)
        _within("frequency_penalty", self.frequency_penalty, -10.0, 10.0)
        _within("repetition_penalty", self.repetition_penalty, 0.01, 100.0)
        if self.top_k < 0:
            raise BadSampling(f"top_k is {self.top_k}; it must be 0 (all) or more")
        if not 0 <= self.seed < 1 << 64:
            raise BadSampling(f"the seed is {self.seed}; it must be from 0 to 2^64 - 1")
        if len(self.logit_bias) > MAX_BIASED_TOKENS:
            raise BadSampling(
                f"logit_bias names {len(self.logit_bias)} tokens, above {MAX_BIASED_TOKENS}"
            )
        for token_id, bias in self.logit_bias.items():
            _within(f"logit_bias of token {token_id}", bias, -100.0, 100.0)


GREEDY: Final = Sampling(temperature=0.0)


@dataclass(frozen=True, slots=True)
class Request:
    """A prompt in tokens, and what is wanted of it.

    ``max_tokens`` 0 only reads the prompt: for scores (``prompt_logprobs``) and embeddings.
    """

    id: str
    prompt: tuple[int, ...]
    max_tokens: int
    sampling: Sampling = GREEDY
    min_tokens: int = 0  # before that many, no stop token is chosen
    stop_ids: frozenset[int] = frozenset()
    logprobs: int | None = None  # alternatives told with each new token; 0: the chosen one alone
    prompt_logprobs: int | None = None  # so for the prompt's tokens
    grammar: Grammar | None = None
    adapter: str | None = None  # name of a LoRA adapter that the engine has
    embed: bool = False  # the final hidden state of the last token is wanted
    user: str = ""  # on whose behalf: turns are shared fairly among users
    cache_salt: str = ""  # prefixes are shared only among requests of the same salt


class TokenLogprob(NamedTuple):
    """A token, the natural logarithm of its chance, and the likeliest tokens in its place."""

    token_id: int
    logprob: float
    top: tuple[tuple[int, float], ...] = ()


@dataclass(slots=True)
class Output:
    """What one step brought for one request; ``finish`` is set on its last."""

    request_id: str
    token_ids: list[int] = field(default_factory=list)  # without the stop token
    logprobs: list[TokenLogprob] | None = None  # one for each of token_ids
    prompt_logprobs: list[TokenLogprob | None] | None = None  # whole, once; None for the first
    embedding: list[float] | None = None
    finish: Finish | None = None
    stop_id: int | None = None  # the token that ended it
    cached_tokens: int = 0  # of the prompt, that were not computed again
    queue_seconds: float = 0.0  # that it waited before it was first computed
    error: str | None = None  # why it ended with ERROR
    fault: BadInput | None = None  # the same where what was asked for is to blame
