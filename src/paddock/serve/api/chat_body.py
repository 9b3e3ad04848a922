"""What may be asked of chat, and what it means."""

from __future__ import annotations

from typing import Annotated, Any, Final

import orjson
from pydantic import Field

from paddock.engine.request import MAX_LOGPROBS
from paddock.serve.api.errors import BadParameter
from paddock.serve.api.forms import of_response_format
from paddock.serve.api.generation_fields import (
    Count,
    GenerationFields,
    Told,
    guided_form,
    only_form,
    wanted,
)
from paddock.serve.api.tool_fields import read_tools
from paddock.serve.served import Served
from paddock.serve.text.chat import ChatRequest

MAX_MESSAGES: Final = 4096
MAX_VARIABLES_BYTES: Final = 1 << 16


class ChatBody(GenerationFields):
    """The body of ``POST /v1/chat/completions``."""

    messages: Annotated[list[dict[str, Any]], Field(min_length=1, max_length=MAX_MESSAGES)]
    max_completion_tokens: Count | None = None
    logprobs: bool | None = None
    top_logprobs: Annotated[int, Field(ge=0, le=MAX_LOGPROBS)] | None = None
    response_format: dict[str, Any] | None = None
    tools: list[Any] | None = None
    tool_choice: str | dict[str, Any] | None = None
    parallel_tool_calls: bool | None = None
    add_generation_prompt: bool | None = None
    continue_final_message: bool | None = None
    chat_template_kwargs: dict[str, Any] | None = None
    echo: bool | None = None
    add_special_tokens: bool | None = None


def chat_request(body: ChatBody, served: Served, request_id: str) -> ChatRequest:
    """The same for ``paddock.serve.text.chat``; raises what is wrong with it."""
    if body.top_logprobs and not body.logprobs:
        raise BadParameter("top_logprobs needs logprobs to be true", param="top_logprobs")
    if body.echo or body.add_special_tokens:
        name = "echo" if body.echo else "add_special_tokens"
        raise BadParameter(f"{name} belongs to completions; here it must be false", param=name)
    if body.continue_final_message and body.add_generation_prompt:
        raise BadParameter(
            "an answer cannot begin anew and continue the last message at once",
            param="continue_final_message",
            hint="set add_generation_prompt to false",
        )
    limit = body.max_tokens if body.max_completion_tokens is None else body.max_completion_tokens
    if limit == 0 and body.prompt_logprobs is None:
        name = "max_tokens" if body.max_completion_tokens is None else "max_completion_tokens"
        raise BadParameter(f"{name} is 0; it must be at least 1", param=name)
    told = Told(
        max_tokens=limit,
        choices=body.n or 1,
        logprobs=(body.top_logprobs or 0) if body.logprobs else None,
        prompt_logprobs=body.prompt_logprobs,
        grammar=only_form(of_response_format(body.response_format), guided_form(body)),
    )
    return ChatRequest(
        id=request_id,
        messages=tuple(body.messages),
        wanted=wanted(body, served, told),
        tools=read_tools(body.tools, body.tool_choice, is_parallel=body.parallel_tool_calls),
        adds_generation_prompt=body.add_generation_prompt is not False,
        is_continued=bool(body.continue_final_message),
        variables=_variables(body.chat_template_kwargs),
    )


def _variables(value: dict[str, Any] | None) -> dict[str, Any]:
    if not value:
        return {}
    try:
        size = len(orjson.dumps(value))
    except TypeError:
        raise BadParameter(
            "chat_template_kwargs is nested too deep, or has a number beyond 64 bits",
            param="chat_template_kwargs",
        ) from None
    if size > MAX_VARIABLES_BYTES:
        raise BadParameter(
            f"chat_template_kwargs has more than {MAX_VARIABLES_BYTES} bytes",
            param="chat_template_kwargs",
        )
    return value
