"""Whether a model can run a request at all; what it asks beyond the context is cut.

Pure: the request against the model's shape and the engine's context. Runs on the caller's thread.
"""

from __future__ import annotations

from array import array

from paddock.checkpoint.shape.config import LlamaConfig
from paddock.engine.errors import ImpossibleRequest
from paddock.engine.request import MAX_LOGPROBS, Request
from paddock.errors import shown
from paddock.llama.errors import ContextTooShort, EmptyPrompt, TokenOutOfVocabulary


def checked_prompt(request: Request, config: LlamaConfig, context: int) -> array[int]:
    """The prompt's tokens; raises EmptyPrompt, TokenOutOfVocabulary, ContextTooShort."""
    prompt = request.prompt
    if not prompt:
        raise EmptyPrompt("the prompt has no token", hint="give at least one")
    needed = len(prompt) + (request.max_tokens > 0)
    if needed > context:
        raise ContextTooShort(
            f"the prompt's {len(prompt)} tokens do not fit the context of {context}"
            + (" with one that follows" if len(prompt) == context else ""),
            hint="shorten the prompt",
        )
    try:
        tokens = array("i", prompt)
        wrong: object = next((t for t in (min(tokens), max(tokens)) if not _known(t, config)), None)
    except (TypeError, OverflowError):
        wrong = next(t for t in prompt if type(t) is not int or not _known(t, config))
    if wrong is not None:
        raise TokenOutOfVocabulary(
            f"the prompt holds the token {shown(wrong)}; the model knows {config.vocab_size}",
            hint="the tokenizer does not belong to this model",
        )
    return tokens


def check_wishes(request: Request, config: LlamaConfig) -> None:
    """Raise ImpossibleRequest where parts of it contradict each other or the model."""
    if request.max_tokens < 0:
        raise ImpossibleRequest(f"max_tokens is {request.max_tokens}; it must be 0 or more")
    if not 0 <= request.min_tokens <= request.max_tokens:
        raise ImpossibleRequest(
            f"min_tokens is {request.min_tokens}; it must be from 0 to max_tokens, "
            f"which is {request.max_tokens}"
        )
    for name in ("logprobs", "prompt_logprobs"):
        wanted = getattr(request, name)
        if wanted is not None and not 0 <= wanted <= MAX_LOGPROBS:
            raise ImpossibleRequest(f"{name} is {wanted}; it must be from 0 to {MAX_LOGPROBS}")
    if request.embed and (request.max_tokens or request.prompt_logprobs is not None):
        raise ImpossibleRequest("an embedding is wanted together with new tokens or scores")
    for token_id in request.sampling.logit_bias:
        if not _known(token_id, config):
            raise ImpossibleRequest(
                f"logit_bias names the token {token_id}; the model knows {config.vocab_size}"
            )


def _known(token_id: int, config: LlamaConfig) -> bool:
    return 0 <= token_id < config.vocab_size
