"""Conversations as the model was trained to see them.

Knows the formats of the Llama generations, where a checkpoint keeps its own template, and how a
rendered conversation becomes tokens. The invariant: what a person wrote never becomes a control
token, whatever it spells and whatever the template does with it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
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

Message = dict[str, Any]


@dataclass(frozen=True, slots=True)
class ChatFormat:
    """A template, and what it calls the tokens that begin and end a text."""

    template: Template
    bos_token: str
    eos_token: str


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
        "messages": list(turn.messages),
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
    messages = _marked(list(turn.messages), control)
    if turn.is_continued:
        messages = _with_open_end(messages)
    safe = Turn(
        messages=messages,
        add_generation_prompt=turn.add_generation_prompt and not turn.is_continued,
        tools=_marked(turn.tools, control),
        variables=_marked(turn.variables, control),
    )
    text = render(chat, safe, moment=moment)
    if turn.is_continued:
        text = _before_open_end(text)
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
    return ChatFormat(
        Template(source),
        (names.bos if names else None) or "",
        (names.eos if names else None) or "",
    )


def _of_generation(tokenizer: Tokenizer) -> str:
    if tokenizer.id_of(_HEADER) in tokenizer.control_ids:
        return LLAMA_3
    if tokenizer.vocab_size == _LLAMA_2_VOCABULARY:
        return LLAMA_2
    raise BadTemplate(
        "the model has no chat template, and its tokenizer is of no generation that implies one",
        hint="`paddock generate` continues a plain text with it",
    )


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


def _marked(value: Any, control: re.Pattern[str]) -> Any:
    """The same value with a mark inside every spelling of a control token."""
    if isinstance(value, str):
        text = whole_characters(value).replace(_MARK, "").replace(_OPEN_END, "")
        return control.sub(lambda found: found[0][:1] + _MARK + found[0][1:], text)
    if isinstance(value, dict):
        return {_marked(key, control): _marked(item, control) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_marked(item, control) for item in value]
    return value
