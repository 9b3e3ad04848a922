"""The texts of a prompt, from wherever they stand in it: contents, results of tools, arguments.

What JSON wraps is unwrapped, so that an escape hides nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import orjson

from paddock.serve.text.messages import strings_of, text_of

Prompt = str | Sequence[dict[str, Any]]


def texts_of(prompt: Prompt) -> list[str]:
    """Every text that a prompt puts before the model."""
    if isinstance(prompt, str):
        return [prompt]
    return [text for message in prompt for text in _texts(message) if text]


def conversation_of(prompt: Prompt) -> list[dict[str, str]]:
    """What a guard model reads: a person's and the model's turns, each after the other."""
    if isinstance(prompt, str):
        return [{"role": "user", "content": prompt}]
    turns: list[dict[str, str]] = []
    for message in prompt:
        role = "assistant" if message.get("role") == "assistant" else "user"
        text = "\n".join(each for each in _texts(message) if each)
        if turns and turns[-1]["role"] == role:
            turns[-1]["content"] += f"\n\n{text}"
        else:
            turns.append({"role": role, "content": text})
    return turns


def continued_text(prompt: Prompt) -> str:
    """What an answer may go on from: a raw prompt, or a last message that is the model's."""
    if isinstance(prompt, str):
        return prompt
    last = prompt[-1] if prompt else {}
    return text_of(last.get("content")) if last.get("role") == "assistant" else ""


def _texts(message: dict[str, Any]) -> Iterator[str]:
    yield text_of(message.get("content"))
    if isinstance(message.get("refusal"), str):
        yield message["refusal"]
    if isinstance(message.get("name"), str):
        yield message["name"]
    for call in message.get("tool_calls") or ():
        function = call.get("function") if isinstance(call, dict) else None
        if isinstance(function, dict):
            yield str(function.get("name") or "")
            yield from strings_of(_unwrapped(function.get("arguments")))


def _unwrapped(arguments: Any) -> Any:
    if not isinstance(arguments, str):
        return arguments
    try:
        return orjson.loads(arguments)
    except ValueError:
        return arguments
