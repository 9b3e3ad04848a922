"""Items of the Responses API as messages of a conversation, and an answer's items."""

from __future__ import annotations

from typing import Any

from paddock.errors import shown
from paddock.serve.api.errors import BadParameter, UnsupportedParameter
from paddock.serve.text.conversation import text_of


def as_messages(given: str | list[Any] | None) -> list[dict[str, Any]]:
    """Input items as messages; raises BadParameter, UnsupportedParameter, BadConversation."""
    if given is None:
        return []
    if isinstance(given, str):
        return [{"role": "user", "content": given}]
    messages: list[dict[str, Any]] = []
    for at, item in enumerate(given):
        if not isinstance(item, dict):
            raise BadParameter(f"input holds {shown(item)}", param=f"input.{at}")
        _add(messages, item, f"input.{at}")
    return messages


def _add(messages: list[dict[str, Any]], item: dict[str, Any], param: str) -> None:
    kind = item.get("type", "message" if "role" in item else None)
    if kind == "message":
        messages.append({"role": item.get("role"), "content": text_of(item.get("content"))})
    elif kind == "function_call":
        _add_call(messages, item, param)
    elif kind == "function_call_output":
        output = item.get("output")
        if not isinstance(output, str | list):
            raise BadParameter("a function's output must be text", param=f"{param}.output")
        call_id = _text(item, "call_id", param)
        messages.append({"role": "tool", "tool_call_id": call_id, "content": text_of(output)})
    elif kind != "reasoning":  # thoughts of other models mean nothing to this one
        raise UnsupportedParameter(
            f"input holds an item of type {shown(kind)}, which is not supported here", param=param
        )


def _add_call(messages: list[dict[str, Any]], item: dict[str, Any], param: str) -> None:
    """Calls that follow each other, or a text of the model, are one message of it."""
    function = {
        "name": _text(item, "name", param),
        "arguments": _text(item, "arguments", param),
    }
    call = {"id": _text(item, "call_id", param), "type": "function", "function": function}
    if messages and messages[-1]["role"] == "assistant":
        messages[-1].setdefault("tool_calls", []).append(call)
    else:
        messages.append({"role": "assistant", "content": None, "tool_calls": [call]})


def _text(item: dict[str, Any], name: str, param: str) -> str:
    value = item.get(name)
    if not isinstance(value, str):
        raise BadParameter(f"{name} is {shown(value)}; it must be text", param=f"{param}.{name}")
    return value
