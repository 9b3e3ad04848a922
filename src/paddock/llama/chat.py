"""Conversations as the model was trained to see them.

Knows the formats of the Llama generations, where a checkpoint keeps its own template, and how a
rendered conversation becomes tokens. The invariant: what a person wrote never becomes a control
token, whatever it spells and whatever the template does with it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from paddock.checkpoint.chat_template.finding import template_source
from paddock.checkpoint.chat_template.metering import BadTemplate
from paddock.checkpoint.chat_template.template import Template
from paddock.checkpoint.tokenizer.files import find_tokenizer, load_tokenizer
from paddock.clock import now
from paddock.llama.tokenizer import Tokenizer, whole_characters

# Llama 2: instructions in brackets, the system text inside the first of them.
LLAMA_2 = """\
{%- if messages and messages[0]['role'] == 'system' -%}
  {%- set system = '<<SYS>>\\n' + messages[0]['content'] | trim + '\\n<</SYS>>\\n\\n' -%}
  {%- set messages = messages[1:] -%}
{%- else -%}
  {%- set system = '' -%}
{%- endif -%}
{%- for message in messages -%}
  {%- if message['role'] != ('user' if loop.index0 is even else 'assistant') -%}
    {{- raise_exception('user and assistant must take turns, and the user begins') -}}
  {%- endif -%}
  {%- if message['role'] == 'user' -%}
    {{- bos_token + '[INST] ' + (system if loop.first else '') -}}
    {{- message['content'] | trim + ' [/INST]' -}}
  {%- else -%}
    {{- ' ' + message['content'] | trim + ' ' + eos_token -}}
  {%- endif -%}
{%- endfor -%}
"""
# Llama 3, 3.1, 3.2 and 3.3: every message under a header with its role.
LLAMA_3 = """\
{{- bos_token -}}
{%- for message in messages -%}
  {{- '<|start_header_id|>' + message['role'] + '<|end_header_id|>\\n\\n' -}}
  {{- message['content'] | trim + '<|eot_id|>' -}}
{%- endfor -%}
{%- if add_generation_prompt -%}
  {{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n' -}}
{%- endif -%}
"""
_HEADER = "<|start_header_id|>"
_LLAMA_2_VOCABULARY = 32_000
# Put inside whatever a person wrote that spells a control token, and taken out after rendering. A
# noncharacter: it may not occur in text that is interchanged (Unicode 16, section 23.7).
_MARK = chr(0x10FFFE)
_OPEN_END = chr(0x10FFFF)  # another one: where the last message's text ends
_HIDDEN = "".join(map(chr, range(0xFDD0, 0xFDF0)))  # the others that follow each other
_OURS = dict.fromkeys(map(ord, _MARK + _OPEN_END + _HIDDEN))

_PROBE = "paddock"

Message = dict[str, Any]


@dataclass(frozen=True, slots=True)
class ChatFormat:
    """A template, and what it calls the tokens that begin and end a text."""

    template: Template
    bos_token: str
    eos_token: str
    takes_parts: bool = False  # it goes through a message's parts, and sees nothing in a text


@dataclass(frozen=True, slots=True)
class Turn:
    """What is to be rendered: the conversation so far and what the model may use."""

    messages: Sequence[Message]
    add_generation_prompt: bool = True
    tools: list[dict[str, Any]] | None = None
    variables: dict[str, Any] = field(default_factory=dict)  # what else a template may ask for
    is_continued: bool = False  # the last message has no end: what follows belongs to it


def render(chat: ChatFormat, turn: Turn, *, moment: datetime | None = None) -> str:
    """The conversation as text; for people to look at, since only ``encode`` is safe to run."""
    values = {
        **turn.variables,
        "messages": [_in_parts(each) if chat.takes_parts else each for each in turn.messages],
        "tools": turn.tools,
        "add_generation_prompt": turn.add_generation_prompt,
        "bos_token": chat.bos_token,
        "eos_token": chat.eos_token,
    }
    return chat.template.render(values, moment or now())


def encode(
    chat: ChatFormat, tokenizer: Tokenizer, turn: Turn, *, moment: datetime | None = None
) -> list[int]:
    """The conversation as tokens; control tokens come from the template alone."""
    spellings = sorted(
        (piece for i in tokenizer.control_ids if (piece := tokenizer.piece(i))), reverse=True
    )
    control = re.compile("|".join(re.escape(each) for each in spellings) or r"(?!)")
    text = _text_of(chat, _changed(turn, lambda typed: _broken_up(typed, control)), moment)
    # A template that cuts and joins what was typed may yet make a control token of its pieces.
    marks = _marks({each[0] for each in spellings})
    hidden = _changed(turn, lambda typed: _clean(typed).translate(marks))
    if hidden != _changed(turn, _clean):
        safe = _text_of(chat, hidden, moment)
        if control.findall(text) != control.findall(safe):
            text = safe.translate({ord(mark): chr(at) + _MARK for at, mark in marks.items()})
    ids: list[int] = []
    for part in text.split(_MARK):
        if part:
            ids += tokenizer.encode(part, control_tokens=True)
    return ids


def load_chat_format(folder: Path, tokenizer: Tokenizer) -> ChatFormat:
    """The checkpoint's own template, or else that of the generation its tokenizer is of."""
    source = template_source(folder)
    if source is None:
        source = _of_generation(tokenizer)
    found = find_tokenizer(folder)
    names = load_tokenizer(found).names if found else None
    chat = ChatFormat(
        Template(source),
        (names.bos if names else None) or "",
        (names.eos if names else None) or "",
    )
    in_parts = replace(chat, takes_parts=True)
    return in_parts if not _shows_text(chat) and _shows_text(in_parts) else chat


def _shows_text(chat: ChatFormat) -> bool:
    """Whether what is said reaches the model at all."""
    try:
        return _PROBE in render(chat, Turn([{"role": "user", "content": _PROBE}]))
    except BadTemplate:
        return False


def _in_parts(message: Message) -> Message:
    content = message.get("content")
    if not isinstance(content, str):
        return message
    return {**message, "content": [{"type": "text", "text": content}]}


def _of_generation(tokenizer: Tokenizer) -> str:
    if tokenizer.id_of(_HEADER) in tokenizer.control_ids:
        return LLAMA_3
    if tokenizer.vocab_size == _LLAMA_2_VOCABULARY:
        return LLAMA_2
    raise BadTemplate(
        "the model has no chat template, and its tokenizer is of no generation that implies one",
        hint="`paddock generate` continues a plain text with it",
    )


def _changed(turn: Turn, change: Callable[[str], str]) -> Turn:
    """With all that was typed changed."""
    return replace(
        turn,
        messages=_each_text(list(turn.messages), change),
        tools=_each_text(turn.tools, change),
        variables=_each_text(turn.variables, change),
    )


def _text_of(chat: ChatFormat, turn: Turn, moment: datetime | None) -> str:
    """The conversation as text, up to where the answer goes on."""
    if not turn.is_continued:
        return render(chat, turn, moment=moment)
    messages = _with_open_end(list(turn.messages))
    turn = replace(turn, messages=messages, add_generation_prompt=False)
    return _before_open_end(render(chat, turn, moment=moment))


def _with_open_end(messages: list[Message]) -> list[Message]:
    content = messages[-1].get("content") if messages else None
    if not isinstance(content, str):
        raise BadTemplate("only a message with text can be continued")
    return [*messages[:-1], {**messages[-1], "content": content + _OPEN_END}]


def _before_open_end(text: str) -> str:
    before, found, _after = text.rpartition(_OPEN_END)
    if not found:
        raise BadTemplate("the chat template leaves the last message out")
    return before.replace(_OPEN_END, "")


def _each_text(value: Any, change: Callable[[str], str]) -> Any:
    """The same value with every text in it changed."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {change(key): _each_text(item, change) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_each_text(item, change) for item in value]
    return value


def _clean(text: str) -> str:
    """The text without the marks that are ours."""
    return whole_characters(text).translate(_OURS)


def _broken_up(text: str, control: re.Pattern[str]) -> str:
    """The text with a mark inside every spelling of a control token."""
    return control.sub(lambda found: found[0][:1] + _MARK + found[0][1:], _clean(text))


def _marks(letters: set[str]) -> dict[int, str]:
    """What stands for each while the template is rendered; words stay, which a template may ask
    for.
    """
    signs = sorted(letter for letter in letters if not letter.isalnum())
    if len(signs) > len(_HIDDEN):
        raise BadTemplate("the control tokens begin with too many different letters")
    return {ord(sign): mark for sign, mark in zip(signs, _HIDDEN, strict=False)}
