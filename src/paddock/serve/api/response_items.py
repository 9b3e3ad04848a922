"""Items of the Responses API as messages of a conversation, and as they are told back."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any, Final

from paddock.errors import shown
from paddock.serve.api.errors import BadParameter, UnsupportedParameter
from paddock.serve.text.messages import text_of

_MAX_PAGE: Final = 100
_PAGE: Final = 20
_ID_PREFIXES: Final = {"message": "msg", "function_call": "fc", "function_call_output": "fco"}


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
    kind = _kind(item)
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


def told_back(given: str | list[Any] | None) -> list[dict[str, Any]]:
    """The input as items that clients can read: each with an id, contents as parts."""
    if isinstance(given, str):
        given = [{"role": "user", "content": given}]
    return [_told_back(item) for item in given or []]


def page(items: list[dict[str, Any]], asked: Mapping[str, str]) -> dict[str, Any]:
    """The items that a query asks for (``order``, ``after``, ``limit``); raises BadParameter."""
    order, limit = asked.get("order", "desc"), asked.get("limit", str(_PAGE))
    if order not in ("asc", "desc"):
        raise BadParameter(f"order is {shown(order)}; it must be asc or desc", param="order")
    if not (limit.isascii() and limit.isdecimal() and 0 < int(limit[:9]) <= _MAX_PAGE):
        raise BadParameter(
            f"limit is {shown(limit)}; it must be from 1 to {_MAX_PAGE}", param="limit"
        )
    ordered = items if order == "asc" else items[::-1]
    first = 0
    if after := asked.get("after"):
        ids = [item["id"] for item in ordered]
        if after not in ids:
            raise BadParameter(f"there is no item {shown(after)}", param="after")
        first = ids.index(after) + 1
    chosen = ordered[first : first + int(limit)]
    return {
        "object": "list",
        "data": chosen,
        "first_id": chosen[0]["id"] if chosen else None,
        "last_id": chosen[-1]["id"] if chosen else None,
        "has_more": first + len(chosen) < len(ordered),
    }


def _told_back(item: dict[str, Any]) -> dict[str, Any]:
    kind = _kind(item)
    given = {name: value for name, value in item.items() if value is not None}
    if kind == "message" and isinstance(given.get("content"), str):
        is_answer = given.get("role") == "assistant"
        part = {"type": "output_text" if is_answer else "input_text", "text": given["content"]}
        given["content"] = [{**part, "annotations": []} if is_answer else part]
    made = {"id": f"{_ID_PREFIXES.get(kind or '', 'item')}_{secrets.token_hex(16)}", "type": kind}
    return {**made, "status": "completed", **given}


def _kind(item: dict[str, Any]) -> str | None:
    """What an item is; messages need not say so."""
    return item.get("type") or ("message" if "role" in item else None)


def _text(item: dict[str, Any], name: str, param: str) -> str:
    value = item.get(name)
    if not isinstance(value, str):
        raise BadParameter(f"{name} is {shown(value)}; it must be text", param=f"{param}.{name}")
    return value
