"""What all requests that generate have in common, and what it means to the engine.

Null means the default everywhere, as OpenAI's clients write it.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from paddock.engine.errors import BadGrammar
from paddock.engine.grammar.kinds import Grammar
from paddock.engine.request import MAX_BIASED_TOKENS, MAX_LOGPROBS, NO_BIAS, Sampling
from paddock.errors import shown
from paddock.serve.api.errors import BadParameter
from paddock.serve.api.forms import choice_form, of_structured, pattern_form, schema_form
from paddock.serve.served import Served
from paddock.serve.text.pieces import Wanted

MAX_CHOICES: Final = 16
MAX_STOPS: Final = 4
MAX_STOP_CHARS: Final = 512
MAX_STOP_IDS: Final = 64
_SEEDS: Final = 1 << 64

Count = Annotated[int, Field(ge=0, le=1 << 31)]
Name = Annotated[str, Field(min_length=1, max_length=512)]
Note = Annotated[str, Field(max_length=512)]


class StreamOptions(BaseModel):
    """What else a stream tells."""

    model_config = ConfigDict(strict=True, extra="forbid")

    include_usage: bool | None = None
    include_obfuscation: bool | None = None  # noise against who measures packets: none is made
    continuous_usage_stats: Literal[False] | None = None


class GenerationFields(BaseModel):
    """OpenAI's common parameters, and vLLM's."""

    model_config = ConfigDict(strict=True, extra="ignore", protected_namespaces=())

    model: Name
    max_tokens: Count | None = None
    temperature: float | None = None
    top_p: float | None = None
    n: Annotated[int, Field(ge=1, le=MAX_CHOICES)] | None = None
    stop: str | list[str] | None = None
    seed: Annotated[int, Field(ge=-(1 << 63), lt=_SEEDS)] | None = None
    presence_penalty: float | None = None
    frequency_penalty: float | None = None
    logit_bias: Annotated[dict[str, float], Field(max_length=MAX_BIASED_TOKENS)] | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    user: Note | None = None
    top_k: Annotated[int, Field(ge=-1, le=1 << 24)] | None = None
    min_p: float | None = None
    repetition_penalty: float | None = None
    min_tokens: Count | None = None
    ignore_eos: bool | None = None
    stop_token_ids: Annotated[list[Count], Field(max_length=MAX_STOP_IDS)] | None = None
    include_stop_str_in_output: bool | None = None
    prompt_logprobs: Annotated[int, Field(ge=0, le=MAX_LOGPROBS)] | None = None
    cache_salt: Note | None = None
    structured_outputs: dict[str, Any] | None = None
    guided_json: dict[str, Any] | str | None = None
    guided_regex: str | None = None
    guided_choice: list[str] | None = None

    @property
    def tells_usage(self) -> bool:
        """Whether a stream's last chunk counts the tokens."""
        return bool(self.stream_options and self.stream_options.include_usage)


@dataclass(frozen=True, slots=True)
class Told:
    """What differs from route to route."""

    max_tokens: int | None
    choices: int
    logprobs: int | None
    prompt_logprobs: int | None
    grammar: Grammar | None


def wanted(fields: GenerationFields, served: Served, told: Told) -> Wanted:
    """How an answer is made; raises BadParameter, BadSampling."""
    if fields.stream and fields.prompt_logprobs is not None:
        raise BadParameter("prompt_logprobs are not told in a stream", param="prompt_logprobs")
    return Wanted(
        max_tokens=told.max_tokens,
        sampling=_sampling(fields, served),
        choices=told.choices,
        stop=_stops(fields.stop),
        is_stop_shown=bool(fields.include_stop_str_in_output),
        stop_ids=frozenset(
            _token(each, served, "stop_token_ids") for each in fields.stop_token_ids or ()
        ),
        ignores_end=bool(fields.ignore_eos),
        min_tokens=fields.min_tokens or 0,
        logprobs=told.logprobs,
        prompt_logprobs=told.prompt_logprobs,
        grammar=told.grammar,
        cache_salt=fields.cache_salt or "",
    )


def only_form(*forms: Grammar | None) -> Grammar | None:
    """The one form that is asked for; raises BadGrammar where there are several."""
    given = [form for form in forms if form is not None]
    if len(given) > 1:
        raise BadGrammar("several forms are asked for at once")
    return given[0] if given else None


def guided_form(fields: GenerationFields) -> Grammar | None:
    """What vLLM's users ask for; raises BadParameter, BadGrammar."""
    return only_form(
        of_structured(fields.structured_outputs),
        None if fields.guided_json is None else schema_form(fields.guided_json, "guided_json"),
        None if fields.guided_regex is None else pattern_form(fields.guided_regex, "guided_regex"),
        None
        if fields.guided_choice is None
        else choice_form(fields.guided_choice, "guided_choice"),
    )


def _sampling(fields: GenerationFields, served: Served) -> Sampling:
    bias = {
        _token(each, served, "logit_bias"): value
        for each, value in (fields.logit_bias or {}).items()
    }
    seed = secrets.randbits(63) if fields.seed is None else fields.seed % _SEEDS
    is_likeliest = fields.top_p == 0  # the smallest mass there is: one token's
    return Sampling(
        temperature=_or(fields.temperature, 1.0),
        top_k=1 if is_likeliest else max(fields.top_k or 0, 0),
        top_p=1.0 if is_likeliest else _or(fields.top_p, 1.0),
        min_p=_or(fields.min_p, 0.0),
        presence_penalty=_or(fields.presence_penalty, 0.0),
        frequency_penalty=_or(fields.frequency_penalty, 0.0),
        repetition_penalty=_or(fields.repetition_penalty, 1.0),
        logit_bias=MappingProxyType(bias) if bias else NO_BIAS,
        seed=seed,
    )


def _or(value: float | None, default: float) -> float:
    return default if value is None else value


def _stops(value: str | list[str] | None) -> tuple[str, ...]:
    stops = [value] if isinstance(value, str) else value or []
    if len(stops) > MAX_STOPS:
        raise BadParameter(
            f"{len(stops)} stop strings are given; at most {MAX_STOPS} may be", param="stop"
        )
    for stop in stops:
        if not 0 < len(stop) <= MAX_STOP_CHARS:
            raise BadParameter(
                f"a stop string has {len(stop)} characters; it must have 1 to {MAX_STOP_CHARS}",
                param="stop",
            )
    return tuple(stops)


def _token(value: int | str, served: Served, param: str) -> int:
    """A token id; JSON's keys are text."""
    known = served.config.vocab_size
    is_number = isinstance(value, int) or (
        value.isascii() and value.isdecimal() and len(value) < 12
    )
    if not is_number or not 0 <= int(value) < known:
        raise BadParameter(
            f"{param} names the token {shown(value)}; the model knows {known}", param=param
        )
    return int(value)
