"""What may be asked of responses, and what it means."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

import orjson
from pydantic import Field

from paddock.engine.request import MAX_LOGPROBS
from paddock.errors import shown
from paddock.serve.api.errors import BadParameter, UnsupportedParameter
from paddock.serve.api.forms import of_response_format
from paddock.serve.api.generation_fields import (
    Count,
    GenerationFields,
    Note,
    Told,
    guided_form,
    only_form,
    wanted,
)
from paddock.serve.api.tool_fields import read_tools
from paddock.serve.served import Served
from paddock.serve.text.chat import ChatRequest

MAX_ITEMS: Final = 4096
MAX_NOTES: Final = 16
_TOLD_BACK: Final = ("input", "text", "tools", "tool_choice")
_LOGPROBS: Final = "message.output_text.logprobs"
# What else OpenAI's clients may ask to be told; there is none of it here.
_ABSENT: Final = frozenset(
    {
        "file_search_call.results",
        "web_search_call.results",
        "web_search_call.action.sources",
        "message.input_image.image_url",
        "computer_call_output.output.image_url",
        "code_interpreter_call.outputs",
        "reasoning.encrypted_content",
    }
)

Notes = Annotated[dict[str, Note], Field(max_length=MAX_NOTES)]


class ResponseBody(GenerationFields):
    """The body of ``POST /v1/responses``."""

    input: str | Annotated[list[Any], Field(max_length=MAX_ITEMS)] | None = None
    instructions: str | None = None
    max_output_tokens: Count | None = None
    max_tool_calls: Count | None = None  # of tools that the server runs: there are none
    previous_response_id: Note | None = None
    store: bool | None = None
    metadata: Notes | None = None
    text: dict[str, Any] | None = None
    tools: list[Any] | None = None
    tool_choice: str | dict[str, Any] | None = None
    parallel_tool_calls: bool | None = None
    include: Annotated[list[str], Field(max_length=16)] | None = None
    top_logprobs: Annotated[int, Field(ge=0, le=MAX_LOGPROBS)] | None = None
    truncation: Literal["auto", "disabled"] | None = None
    reasoning: dict[str, Any] | None = None  # of models that think aloud: these do not

    @property
    def keeps(self) -> bool:
        """Whether the answer may be asked for again."""
        return self.store is not False


def check_writable(body: ResponseBody) -> None:
    """What is told back, and kept, must be JSON that can be written; raises BadParameter."""
    for name in _TOLD_BACK:
        try:
            orjson.dumps([[[[getattr(body, name)]]]])  # as deep as it stands in a response
        except TypeError:
            raise BadParameter(
                f"{name} is nested too deep, or has a number beyond 64 bits", param=name
            ) from None


def response_request(
    body: ResponseBody, messages: list[dict[str, Any]], served: Served, request_id: str
) -> ChatRequest:
    """The same for ``paddock.serve.text.chat``; raises what is wrong with it."""
    if body.n not in (None, 1):
        raise BadParameter(f"n is {body.n}; a response is one answer", param="n")
    limit = body.max_tokens if body.max_output_tokens is None else body.max_output_tokens
    if limit == 0:
        raise BadParameter(
            "max_output_tokens is 0; it must be at least 1", param="max_output_tokens"
        )
    if body.prompt_logprobs is not None:
        raise UnsupportedParameter(
            "a response tells no scores of its prompt", param="prompt_logprobs"
        )
    for name in body.include or ():
        if name != _LOGPROBS and name not in _ABSENT:
            raise BadParameter(f"include names {shown(name)}", param="include")
    form = (body.text or {}).get("format")
    if form is not None and not isinstance(form, dict):
        raise BadParameter("text.format must be an object", param="text.format")
    tells = body.top_logprobs is not None or _LOGPROBS in (body.include or ())
    told = Told(
        max_tokens=limit,
        choices=1,
        logprobs=(body.top_logprobs or 0) if tells else None,
        prompt_logprobs=None,
        grammar=only_form(of_response_format(form, "text.format"), guided_form(body)),
    )
    return ChatRequest(
        id=request_id,
        messages=tuple(messages),
        wanted=wanted(body, served, told),
        tools=read_tools(body.tools, body.tool_choice, is_parallel=body.parallel_tool_calls),
    )
