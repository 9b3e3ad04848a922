"""POST /tokenize and /detokenize, as vLLM has them."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from paddock.serve.api.chat_body import MAX_MESSAGES
from paddock.serve.api.errors import BadParameter
from paddock.serve.api.event_stream import json_response
from paddock.serve.api.generation_fields import Name
from paddock.serve.api.reading import read_body
from paddock.serve.api.tool_fields import read_tools
from paddock.serve.http.callers import CallerDep, ServingDep
from paddock.serve.served import Served
from paddock.serve.text.chat import ChatRequest, prompt_of
from paddock.serve.text.completing import read_prompt
from paddock.serve.text.pieces import Wanted
from paddock.serve.text.prompts import beside, token_prompt

router = APIRouter()
MAX_TOKENS: Final = 1 << 20

_SETTINGS = ConfigDict(strict=True, extra="ignore")


class TokenizeBody(BaseModel):
    """A text, or a conversation."""

    model_config = _SETTINGS

    model: Name
    prompt: str | None = None
    messages: Annotated[list[dict[str, Any]], Field(max_length=MAX_MESSAGES)] | None = None
    tools: list[Any] | None = None
    add_generation_prompt: bool | None = None
    continue_final_message: bool | None = None
    add_special_tokens: bool | None = None
    return_token_strs: bool | None = None


class DetokenizeBody(BaseModel):
    """Tokens."""

    model_config = _SETTINGS

    model: Name
    tokens: Annotated[list[int], Field(max_length=MAX_TOKENS)]


@router.post("/tokenize")
async def tokenize(request: Request, serving: ServingDep, caller: CallerDep) -> Response:
    """The tokens of a text or a conversation."""
    body = await read_body(request, TokenizeBody)
    async with serving.use(body.model, caller) as served:
        ids = await _tokens(served, body)
        answer = {
            "tokens": ids,
            "count": len(ids),
            "max_model_len": served.context,
            "token_strs": [served.tokenizer.piece(each) for each in ids]
            if body.return_token_strs
            else None,
        }
    return json_response(answer)


@router.post("/detokenize")
async def detokenize(request: Request, serving: ServingDep, caller: CallerDep) -> Response:
    """The text of tokens, control tokens included."""
    body = await read_body(request, DetokenizeBody)
    async with serving.use(body.model, caller) as served:
        ids = token_prompt(served, body.tokens, room=0) if body.tokens else ()
        text = await beside(len(ids), lambda: served.tokenizer.decode(ids, control_tokens=True))
    return json_response({"prompt": text})


async def _tokens(served: Served, body: TokenizeBody) -> tuple[int, ...]:
    if (body.prompt is None) == (body.messages is None):
        raise BadParameter("either prompt or messages must be given", param="prompt")
    if body.prompt is not None:
        begins = body.add_special_tokens is not False
        return (await read_prompt(served, body.prompt, begins=begins, room=0)).token_ids
    asked = ChatRequest(
        id="",
        messages=tuple(body.messages or ()),
        wanted=Wanted(),
        tools=read_tools(body.tools, None, is_parallel=None),
        adds_generation_prompt=body.add_generation_prompt is not False,
        is_continued=bool(body.continue_final_message),
    )
    return await prompt_of(served, asked)
