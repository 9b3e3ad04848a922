"""The engine's requests as vLLM's JSON, and its JSON as the engine's outputs. Pure.

Tokens go both ways, never text: our tokenizer, templates, tools and policy stay in charge,
whichever engine computes. What vLLM says is checked like anything from outside.
"""

from __future__ import annotations

import json
import math
from typing import Any, Final

from paddock.engine.grammar.kinds import Grammar, JsonSchema, Regex
from paddock.engine.grammar.source import source_of
from paddock.engine.request import Finish, Output, Request, TokenLogprob
from paddock.errors import BadInput

BASE_NAME: Final = "paddock"  # what vLLM calls the base model
_TOKEN: Final = "token_id:"  # how it spells a token, asked for numbers  # noqa: S105
_FINISHES: Final = {"stop": Finish.STOP, "length": Finish.LENGTH, "abort": Finish.CANCELLED}


MAX_DIMENSIONS: Final = 1 << 20


class RefusedByVllm(BadInput):
    """vLLM does not take a request."""

    code = "refused_by_vllm"


class BadAnswer(ValueError):
    """What vLLM sent is not what it sends."""


def render_request(request: Request) -> dict[str, Any]:
    """A body for ``/v1/completions``; raises BadGrammar."""
    sampling = request.sampling
    body: dict[str, Any] = {
        "model": request.adapter or BASE_NAME,
        "prompt": list(request.prompt),
        "max_tokens": max(1, request.max_tokens),
        "stream": request.prompt_logprobs is None,  # vLLM streams no scores of prompts
        "temperature": sampling.temperature,
        "top_k": sampling.top_k,
        "top_p": sampling.top_p,
        "min_p": sampling.min_p,
        "presence_penalty": sampling.presence_penalty,
        "frequency_penalty": sampling.frequency_penalty,
        "repetition_penalty": sampling.repetition_penalty,
        "seed": sampling.seed - (1 << 64 if sampling.seed >= 1 << 63 else 0),
        "min_tokens": request.min_tokens,
        "stop_token_ids": sorted(request.stop_ids),
        "ignore_eos": True,  # the end tokens are among those
        "skip_special_tokens": False,
        "return_token_ids": True,
        "return_tokens_as_token_ids": True,
    }
    if sampling.logit_bias:
        body["logit_bias"] = {str(token): bias for token, bias in sampling.logit_bias.items()}
    for name in ("logprobs", "prompt_logprobs"):
        if getattr(request, name) is not None:
            body[name] = getattr(request, name)
    if body["stream"]:
        body["stream_options"] = {"include_usage": True}  # tells how much of the prompt was cached
    if request.cache_salt:
        body["cache_salt"] = request.cache_salt
    if request.grammar is not None:
        body["structured_outputs"] = _structured(request.grammar)
    return body


def render_embedding(request: Request) -> dict[str, Any]:
    """A body for ``/v1/embeddings``."""
    return {
        "model": request.adapter or BASE_NAME,
        "input": list(request.prompt),
        "encoding_format": "float",
    }


def parse_embedding(request: Request, answer: Any) -> Output:
    """The answer to it; raises BadAnswer."""
    try:
        vector = answer["data"][0]["embedding"]
    except (TypeError, KeyError, IndexError) as e:
        raise BadAnswer("it brings no embedding") from e
    if not isinstance(vector, list) or not 0 < len(vector) <= MAX_DIMENSIONS:
        raise BadAnswer("its embedding is no list of numbers")
    numbers = [_number(each) for each in vector]
    return Output(request.id, embedding=numbers, finish=Finish.LENGTH)


def parse_usage(chunk: Any) -> int:
    """Tokens of the prompt that were not computed again, where that is told."""
    usage = chunk.get("usage") if isinstance(chunk, dict) else None
    details = usage.get("prompt_tokens_details") if isinstance(usage, dict) else None
    cached = details.get("cached_tokens") if isinstance(details, dict) else None
    return cached if type(cached) is int and cached >= 0 else 0


def parse_chunk(request: Request, chunk: Any, vocab_size: int) -> Output | None:
    """One event of a stream, or a whole answer; None for one that says nothing.

    Raises BadAnswer, RefusedByVllm: what is wrong with a request may be found after its status.
    """
    if not isinstance(chunk, dict):
        raise BadAnswer("it is no object")
    if "error" in chunk:
        raise _refusal(chunk["error"])
    choices = chunk.get("choices")
    if not choices:
        return None  # usage alone
    if not isinstance(choices, list) or not isinstance(choices[0], dict):
        raise BadAnswer("its choices are none")
    choice = choices[0]
    tokens = _tokens(choice.get("token_ids"), vocab_size)
    output = Output(request.id, token_ids=tokens)
    reason = choice.get("finish_reason")
    if reason is not None:
        output.finish = _FINISHES.get(reason, Finish.ERROR)
        if output.finish is Finish.ERROR:
            output.error = f"vLLM ended with {str(reason)[:50]}"
    if request.logprobs is not None and tokens:
        output.logprobs = _logprobs(choice.get("logprobs"), tokens, request.logprobs)
    if request.prompt_logprobs is not None:
        output.prompt_logprobs = _prompt_logprobs(choice.get("prompt_logprobs"), request)
    return _without_stop(request, output)


def _without_stop(request: Request, output: Output) -> Output:
    """vLLM counts the token that ended an answer among its tokens; the engine does not."""
    if request.max_tokens == 0:
        output.token_ids, output.logprobs = [], None
        output.finish = output.finish and Finish.LENGTH
    elif output.finish is Finish.STOP and output.token_ids:
        last = output.token_ids[-1]
        if last in request.stop_ids:
            output.stop_id = last
            output.token_ids.pop()
            if output.logprobs:
                output.logprobs.pop()
    return output


def _refusal(error: Any) -> Exception:
    status, message = None, str(error)
    if isinstance(error, dict):
        status, message = error.get("code"), str(error.get("message"))
    if isinstance(status, int) and 400 <= status < 500:
        return RefusedByVllm(f"vLLM refuses the request: {message[:500]}")
    return BadAnswer(f"it reports an error: {message[:300]}")


def _structured(grammar: Grammar) -> dict[str, Any]:
    """For vLLM's own llguidance; a schema says there itself how its JSON is spaced."""
    if isinstance(grammar, JsonSchema):
        return {"json": json.loads(source_of(grammar))["grammars"][0]["json_schema"]}
    if isinstance(grammar, Regex):
        return {"regex": grammar.pattern}
    return {"choice": list(grammar.options)}


def _tokens(found: Any, vocab_size: int) -> list[int]:
    if found is None:
        return []
    if not isinstance(found, list) or not all(_is_token(each, vocab_size) for each in found):
        raise BadAnswer("its tokens are none of the model's (is vLLM older than 0.11?)")
    return list(found)


def _is_token(value: Any, vocab_size: int) -> bool:
    return type(value) is int and 0 <= value < vocab_size


def _logprobs(found: Any, tokens: list[int], most: int) -> list[TokenLogprob]:
    chosen = found.get("token_logprobs") if isinstance(found, dict) else None
    if not isinstance(chosen, list) or len(chosen) != len(tokens):
        raise BadAnswer("it brings no logprob for each token")
    tops = found.get("top_logprobs")
    tops = tops if isinstance(tops, list) and len(tops) == len(tokens) else [None] * len(tokens)
    return [
        TokenLogprob(token, _number(each), _top(top, most))
        for token, each, top in zip(tokens, chosen, tops, strict=True)
    ]


def _prompt_logprobs(found: Any, request: Request) -> list[TokenLogprob | None]:
    if not isinstance(found, list) or len(found) != len(request.prompt):
        raise BadAnswer("it brings no logprob for each token of the prompt")
    scores: list[TokenLogprob | None] = []
    for token, each in zip(request.prompt, found, strict=True):
        if each is None:
            scores.append(None)
            continue
        if not isinstance(each, dict) or not isinstance(each.get(str(token)), dict):
            raise BadAnswer("a token of the prompt has no logprob")
        values = {key: value.get("logprob") for key, value in each.items()}
        top = _top({_TOKEN + key: value for key, value in values.items()}, request.prompt_logprobs)
        scores.append(TokenLogprob(token, _number(values[str(token)]), top))
    return scores


def _top(found: Any, most: int | None) -> tuple[tuple[int, float], ...]:
    if not isinstance(found, dict):
        return ()
    pairs = []
    for spelling, value in found.items():
        number = str(spelling).removeprefix(_TOKEN)
        if not number.isdecimal():
            raise BadAnswer("a token among the likeliest has no number")
        pairs.append((int(number), _number(value)))
    return tuple(sorted(pairs, key=lambda pair: (-pair[1], pair[0]))[: most or 0])


def _number(value: Any) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or math.isnan(value):
        raise BadAnswer("a logprob is no number")
    return float(value)
