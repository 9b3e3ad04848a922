"""Conversations on which every template is tried: fixed, harmless, and of every common shape."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

Json = dict[str, Any]

DAYS = (
    datetime(2024, 7, 26, 9, 30, tzinfo=UTC),
    datetime(2026, 1, 1, 0, 0, tzinfo=UTC),
    datetime(2027, 4, 1, 12, 0, tzinfo=UTC),
    datetime(2029, 12, 31, 23, 59, tzinfo=UTC),
)
MARKS: Json = {
    "bos_token": "<s>",
    "eos_token": "</s>",
    "unk_token": "<unk>",
    "pad_token": "<pad>",
    "add_generation_prompt": True,
}
TOOL: Json = {
    "type": "function",
    "function": {
        "name": "temperature",
        "description": "Tells how warm it is.",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string", "description": "A city."}},
            "required": ["city"],
        },
    },
}
_CALL: Json = {
    "id": "call00001",
    "type": "function",
    "function": {"name": "temperature", "arguments": {"city": "Oslo"}},
}


def said(role: str, content: Any) -> Json:
    """One message."""
    return {"role": role, "content": content}


def simple(user: str = "Good morning.", system: str | None = None) -> Json:
    """A question, with or without a system message."""
    first = [said("system", system)] if system is not None else []
    return {**MARKS, "messages": [*first, said("user", user)]}


def answered(user: str = "Good morning.", answer: str = "Good day.") -> Json:
    """A question that was answered, and another."""
    turns = [said("user", user), said("assistant", answer), said("user", "And now?")]
    return {**MARKS, "messages": turns}


def every_shape() -> dict[str, Json]:
    """Conversations by what is special about them."""
    parts = [{"type": "text", "text": "Good morning."}]
    call = {"role": "assistant", "content": "", "tool_calls": [_CALL]}
    result = {"role": "tool", "name": "temperature", "tool_call_id": "call00001", "content": "12"}
    asked = [said("user", "How warm is Oslo?"), call, result]
    return {
        "a question": simple(),
        "a system message": simple(system="Be brief."),
        "several turns": answered(),
        "no prompt to answer": simple() | {"add_generation_prompt": False},
        "content in parts": {**MARKS, "messages": [said("user", parts)]},
        "tools": simple() | {"tools": [TOOL]},
        "tools and a system message": simple(system="Be brief.") | {"tools": [TOOL]},
        "a tool was used": {**MARKS, "messages": asked, "tools": [TOOL]},
        "documents": simple() | {"documents": [{"title": "Oslo", "text": "A city."}]},
        "thinking": simple() | {"enable_thinking": True, "thinking": True},
        "no thinking": simple() | {"enable_thinking": False, "thinking": False},
        "many turns": {
            **MARKS,
            "messages": [said(("user", "assistant")[i % 2], "Go on.") for i in range(41)],
        },
    }
