"""What may be asked of completions, and what it means."""

from __future__ import annotations

from typing import Annotated, Any, Final

from pydantic import Field

from paddock.engine.request import MAX_LOGPROBS
from paddock.errors import shown
from paddock.serve.api.errors import BadParameter
from paddock.serve.api.forms import of_response_format
from paddock.serve.api.generation_fields import (
    MAX_CHOICES,
    GenerationFields,
    Told,
    guided_form,
    only_form,
    wanted,
)
from paddock.serve.served import Served
from paddock.serve.text.pieces import Wanted

DEFAULT_TOKENS: Final = 16
MAX_PROMPTS: Final = 128
MAX_ANSWERS: Final = 256  # prompts times choices

Prompt = str | list[int]


class CompletionBody(GenerationFields):
    """The body of ``POST /v1/completions``."""

    prompt: Any = None  # read by ``read_prompts``
    best_of: Annotated[int, Field(ge=1, le=MAX_CHOICES)] | None = None
    echo: bool | None = None
    logprobs: Annotated[int, Field(ge=0, le=MAX_LOGPROBS)] | None = None
    response_format: dict[str, Any] | None = None
    add_special_tokens: bool | None = None

    @property
    def shown_choices(self) -> int:
        """Answers to each prompt that the client sees."""
        return self.n or 1


def completion_wanted(body: CompletionBody, served: Served) -> Wanted:
    """How the answers are made; raises what is wrong with it."""
    choices = max(body.shown_choices, body.best_of or 1)
    if body.best_of is not None and body.best_of < body.shown_choices:
        raise BadParameter(
            f"best_of is {body.best_of}; it must be at least n, {body.shown_choices}",
            param="best_of",
        )
    if body.stream and choices > body.shown_choices:
        raise BadParameter("the best of several cannot be streamed", param="best_of")
    limit = DEFAULT_TOKENS if body.max_tokens is None else body.max_tokens
    scores = body.prompt_logprobs
    if scores is None and body.echo:
        scores = body.logprobs
    if limit == 0 and not body.echo and scores is None:
        raise BadParameter("max_tokens is 0; it must be at least 1", param="max_tokens")
    ranks = choices > body.shown_choices  # the best is found by its log-probabilities
    told = Told(
        max_tokens=limit,
        choices=choices,
        logprobs=0 if body.logprobs is None and ranks else body.logprobs,
        prompt_logprobs=scores,
        grammar=only_form(of_response_format(body.response_format), guided_form(body)),
    )
    return wanted(body, served, told)


def read_prompts(value: Any, param: str = "prompt", most: int = MAX_PROMPTS) -> list[Prompt]:
    """A text, tokens, or a list of either; raises BadParameter."""
    if isinstance(value, str):
        return [value]
    if not isinstance(value, list) or not value:
        raise BadParameter(f"{param} must be a text, tokens, or a list of either", param=param)
    if all(type(each) is int for each in value):
        return [value]
    if len(value) > most:
        raise BadParameter(f"{param} has {len(value)} items, above {most}", param=param)
    for each in value:
        if isinstance(each, list) and each and all(type(token) is int for token in each):
            continue
        if not isinstance(each, str):
            raise BadParameter(f"{param} holds {shown(each)}", param=param)
    return value
