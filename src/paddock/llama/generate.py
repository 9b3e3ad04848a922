"""Plain generation: one prompt, one token after another.

Knows the choice of a next token and when to stop. Does not know batches (an engine's work), text
or chat. At temperature 0 the likeliest token is taken and nothing is random; otherwise the seed
decides everything.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

import torch
from torch import Tensor

from paddock.errors import BadInput
from paddock.llama.cache import KVCache
from paddock.llama.errors import ContextTooShort, EmptyPrompt, TokenOutOfVocabulary
from paddock.llama.model import Llama

DEFAULT_NEW_TOKENS = 256
PREFILL_TOKENS = 512  # a prompt is read in pieces of this size, which bounds attention's memory


class Finish(StrEnum):
    """Why generation ended."""

    STOP = "stop"  # the model said so
    LENGTH = "length"  # the wanted number of tokens, or the end of the context


@dataclass(frozen=True, slots=True)
class Sampling:
    """How a next token is chosen, and how many at most.

    A number is a promise: when the context cannot hold it, that is an error. None is a modest
    default that ends early at the context's end.
    """

    max_tokens: int | None = None
    temperature: float = 0.0
    top_p: float = 1.0
    seed: int = 0

    def __post_init__(self) -> None:
        if self.max_tokens is not None and self.max_tokens < 1:
            raise BadInput(f"the number of new tokens is {self.max_tokens}; it must be at least 1")
        if not 0.0 <= self.temperature <= 100.0:
            raise BadInput(f"the temperature is {self.temperature}; it must be from 0 to 100")
        if not 0.0 < self.top_p <= 1.0:
            raise BadInput(f"top-p is {self.top_p}; it must be above 0 and at most 1")


class NewToken(NamedTuple):
    """One new token; ``finish`` is set on the last one."""

    token_id: int
    finish: Finish | None


@torch.inference_mode()
def generate(model: Llama, prompt: list[int], sampling: Sampling) -> Iterator[NewToken]:
    """New tokens, as they are chosen. A stop token is yielded too, as the last one.

    Besides the model's end tokens, its beginning token stops: it would begin another document.
    """
    limit = _token_limit(model, prompt, sampling.max_tokens)
    config = model.config
    stops = {*config.eos_ids, *(() if config.bos_id is None else (config.bos_id,))}
    generator = torch.Generator(model.weight.device).manual_seed(sampling.seed)
    padding_B = torch.zeros(1, dtype=torch.long, device=model.weight.device)
    cache = KVCache(config, len(prompt) + limit, padding_B, dtype=model.weight.dtype)
    logits_V = _prefill(model, prompt, cache)
    for count in range(1, limit + 1):
        token_id = choose(logits_V, sampling, generator)
        if token_id in stops:
            yield NewToken(token_id, Finish.STOP)
            return
        yield NewToken(token_id, Finish.LENGTH if count == limit else None)
        if count < limit:
            logits_V = model(padding_B.new_tensor([[token_id]]), cache, last_only=True)[0, -1]


def choose(logits_V: Tensor, sampling: Sampling, generator: torch.Generator) -> int:
    """The next token: the likeliest (the first of equals), or one drawn from the nucleus."""
    if sampling.temperature == 0.0:
        return int(logits_V.argmax())
    chances_V = torch.softmax(logits_V.float() / sampling.temperature, dim=-1)
    if sampling.top_p < 1.0:
        chances_V = _nucleus(chances_V, sampling.top_p)
    return int(torch.multinomial(chances_V, 1, generator=generator))


def _nucleus(chances_V: Tensor, top_p: float) -> Tensor:
    """The likeliest tokens that together reach ``top_p``, never fewer than one; others at zero."""
    ordered_V, order_V = chances_V.sort(descending=True, stable=True)
    beyond_V = ordered_V.cumsum(-1) - ordered_V >= top_p
    beyond_V[0] = False
    return chances_V.index_fill(0, order_V[beyond_V], 0.0)


def _prefill(model: Llama, prompt: list[int], cache: KVCache) -> Tensor:
    tokens_T = torch.tensor(prompt, device=model.weight.device)
    for piece_T in torch.split(tokens_T, PREFILL_TOKENS):
        logits_BTV = model(piece_T[None], cache, last_only=True)
    logits_V: Tensor = logits_BTV[0, -1]
    return logits_V


def _token_limit(model: Llama, prompt: list[int], max_tokens: int | None) -> int:
    """How many tokens may follow; checked before any room is allocated for them."""
    context, vocabulary = model.config.context, model.config.vocab_size
    if not prompt:
        raise EmptyPrompt(
            "the prompt is empty and this model has no token to begin a text with",
            hint="give at least one word",
        )
    wrong = [token_id for token_id in prompt if not 0 <= token_id < vocabulary]
    if wrong:
        raise TokenOutOfVocabulary(
            f"the prompt holds the token {wrong[0]}; the model knows {vocabulary}",
            hint="the tokenizer does not belong to this model",
        )
    room = context - len(prompt)
    if room < 1:
        raise ContextTooShort(
            f"the prompt's {len(prompt)} tokens fill the model's context of {context}",
            hint="shorten the prompt",
        )
    if max_tokens is not None and max_tokens > room:
        raise ContextTooShort(
            f"{len(prompt)} tokens of prompt and {max_tokens} new ones "
            f"exceed the model's context of {context}",
            hint=f"ask for at most {room} new tokens",
        )
    return min(room, DEFAULT_NEW_TOKENS) if max_tokens is None else max_tokens
