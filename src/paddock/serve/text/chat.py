"""A conversation to answers, tool calls and refusals, for the API and the terminal alike.

Knows templates, tools and the use policy. Does not know how any client wants it written.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import Any, Final

from paddock.engine.grammar.kinds import JsonSchema
from paddock.llama.chat import Turn
from paddock.serve.guard import Refusal
from paddock.serve.served import Served
from paddock.serve.text.errors import BadTools
from paddock.serve.text.generation import generate
from paddock.serve.text.messages import for_template, strings_of
from paddock.serve.text.pieces import FinishReason, Piece, TextRequest, Wanted, refused
from paddock.serve.text.prompts import chat_prompt, required_chat
from paddock.serve.text.tool_calls import CallParser
from paddock.serve.text.tools import NO_TOOLS, Must, Tools, call_grammar

_PYTHON_TAG: Final = "<|python_tag|>"


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """A conversation in OpenAI's messages, and what is wanted of it."""

    id: str
    messages: tuple[dict[str, Any], ...]
    wanted: Wanted
    tools: Tools = NO_TOOLS
    adds_generation_prompt: bool = True
    is_continued: bool = False  # the answer goes on where the last message ends
    variables: dict[str, Any] = field(default_factory=dict)  # for the template


@dataclass(frozen=True, slots=True)
class Prepared:
    """A conversation in tokens, or why there is no answer to it."""

    request: ChatRequest
    prompt: tuple[int, ...]
    refusal: Refusal | None = None


async def prepare(served: Served, request: ChatRequest) -> Prepared:
    """Everything before the model: raises what is wrong with the conversation."""
    request = _held_to_calls(request)
    prompt = await prompt_of(served, request)
    guard = served.guard
    refusal = await guard.check_prompt(_whole_prompt(request)) if guard else None
    return Prepared(request, prompt, refusal)


async def prompt_of(served: Served, request: ChatRequest) -> tuple[int, ...]:
    """The conversation in tokens; raises what is wrong with it."""
    chat, tools = required_chat(served), request.tools
    turn = Turn(
        messages=for_template(chat, request.messages, tools),
        add_generation_prompt=request.adds_generation_prompt,
        tools=[tool.to_dict() for tool in tools.tools] if tools.are_offered else None,
        variables=request.variables,
        is_continued=request.is_continued,
    )
    return await chat_prompt(served, chat, turn)


async def answer(served: Served, prepared: Prepared) -> AsyncGenerator[Piece, None]:
    """The answers' parts as they come; close it to cancel what is left."""
    request, guard = prepared.request, served.guard
    choices = range(request.wanted.choices)
    if prepared.refusal is not None:
        for choice in choices:
            yield refused(choice, prepared.refusal)
        return
    parsers = (
        [CallParser(request.tools.names, request.tools.most_calls) for _ in choices]
        if request.tools.are_offered
        else []
    )
    tag = served.tokenizer.id_of(_PYTHON_TAG) if parsers else None
    text_request = TextRequest(request.id, prepared.prompt, request.wanted)
    watches = [guard.watch(request.messages) for _ in choices] if guard else ()
    async with aclosing(generate(served, text_request, watches)) as pieces:
        async for piece in pieces:
            if parsers:
                _find_calls(piece, parsers[piece.choice], tag)
            yield piece


def _whole_prompt(request: ChatRequest) -> tuple[dict[str, Any], ...]:
    """The messages, before them what else the template puts into the prompt."""
    others: list[Any] = [request.variables] if request.variables else []
    if request.tools.are_offered:
        others += [tool.to_dict() for tool in request.tools.tools]
    told = tuple({"role": "system", "content": "\n".join(strings_of(each))} for each in others)
    return (*told, *request.messages)


def _held_to_calls(request: ChatRequest) -> ChatRequest:
    """With the form that tools give the answer; a form of its own stays possible where none must
    be called.
    """
    tools, form = request.tools, request.wanted.grammar
    if tools.must is Must.REQUIRED:
        if form is not None:
            raise BadTools("an answer cannot be a tool call and follow a form of its own at once")
        grammar = call_grammar(tools)
    elif tools.are_offered and isinstance(form, JsonSchema):
        grammar = call_grammar(tools, form)
    else:
        return request
    return replace(request, wanted=replace(request.wanted, grammar=grammar))


def _find_calls(piece: Piece, parser: CallParser, tag: int | None) -> None:
    if tag is not None and tag in piece.token_ids:
        parser.is_tagged = True
    if piece.refusal is not None:
        return
    parsed = parser.feed(piece.text)
    piece.text, piece.calls = parsed.content, parsed.calls
    if piece.finish is not None:
        rest = parser.finish()
        piece.text += rest.content
        piece.calls += rest.calls
        if parser.has_calls and piece.finish is FinishReason.STOP:
            piece.finish = FinishReason.TOOL_CALLS
