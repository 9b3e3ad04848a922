"""Messages as clients write them, as a template reads them.

Templates know the roles of their model's training, texts, and arguments as objects; clients write
parts, JSON in strings and roles of another house. Nothing here becomes a control token: that is
``paddock.llama.chat``'s promise.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any, Final

import orjson

from paddock.errors import shown
from paddock.llama.chat import ChatFormat, Message
from paddock.serve.text.errors import BadConversation
from paddock.serve.text.tools import Tools, described

ROLES: Final = ("system", "developer", "user", "assistant", "tool", "ipython")
# Of a message: what tools were once, and sound.
_UNSUPPORTED: Final = {"function_call": "use tool_calls", "audio": None}
MAX_CALLS: Final = 128  # of one message
_MAX_DEPTH: Final = 32
_HEADER: Final = "<|start_header_id|>"


def for_template(
    chat: ChatFormat, messages: Sequence[dict[str, Any]], tools: Tools
) -> list[Message]:
    """The conversation in the template's words; raises BadConversation."""
    if not messages:
        raise BadConversation("the conversation has no message")
    knows_tools = "tools" in chat.template.source
    made = [
        _with_calls(message) if knows_tools else _plain(chat, message)
        for message in map(_in_text, messages)
    ]
    if tools.are_offered and not knows_tools:
        made = _with_system(made, described(tools.tools))
    return made


def text_of(content: Any) -> str:
    """A message's text, of a string or of parts; raises BadConversation for images and sound."""
    if content is None:
        return ""
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        raise BadConversation(f"a message's content is {shown(content)}; it must be text or parts")
    texts = []
    for part in content:
        kind = part.get("type") if isinstance(part, dict) else None
        if kind in ("text", "input_text", "output_text"):
            texts.append(part.get("text"))
        elif kind == "refusal":
            texts.append(part.get("refusal"))
        else:
            raise BadConversation(
                f"a message holds a part of type {shown(kind)}; this model reads text alone"
            )
        if not isinstance(texts[-1], str):
            raise BadConversation(f"a part of type {shown(kind)} has no text")
    return "\n".join(texts)


def strings_of(value: Any, depth: int = 0) -> Iterator[str]:
    """All texts in a value of JSON, names of fields too."""
    if isinstance(value, str):
        yield value
    elif depth >= _MAX_DEPTH:
        yield str(value)
    elif isinstance(value, dict):
        for key, each in value.items():
            yield str(key)
            yield from strings_of(each, depth + 1)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from strings_of(each, depth + 1)


def _in_text(message: dict[str, Any]) -> Message:
    role = message.get("role")
    if role not in ROLES:
        raise BadConversation(f"a message's role is {shown(role)}; it must be one of {ROLES}")
    for name, hint in _UNSUPPORTED.items():
        if message.get(name) is not None:
            raise BadConversation(f"a message has {name}, which is not supported here", hint=hint)
    content = message.get("content")
    if content is None and role != "assistant":  # which may have called tools, or refused
        raise BadConversation(f"a message of the role {role} has no content")
    made: Message = {
        "role": "system" if role == "developer" else role,
        "content": text_of(content),
    }
    if role == "assistant" and not made["content"] and message.get("refusal"):
        made["content"] = text_of(message["refusal"])
    for name in ("name", "tool_call_id"):
        if isinstance(message.get(name), str):
            made[name] = message[name]
    if message.get("tool_calls"):
        made["tool_calls"] = _checked_calls(message["tool_calls"])
    return made


def _checked_calls(calls: Any) -> list[dict[str, Any]]:
    """The calls of a message; raises BadConversation where one names no function."""
    if not isinstance(calls, list) or len(calls) > MAX_CALLS:
        raise BadConversation(f"a message's tool_calls are {shown(calls)}, not a list of calls")
    for call in calls:
        function = call.get("function") if isinstance(call, dict) else None
        if not isinstance(function, dict) or not isinstance(function.get("name"), str):
            raise BadConversation("a message calls a tool without a function's name")
        if not isinstance(function.get("arguments"), str | dict | None):
            raise BadConversation(f"the arguments of {shown(function['name'])} are not JSON text")
    return calls


def _with_calls(message: Message) -> Message:
    """For templates that know tools: arguments as an object, where they are one."""
    calls = message.get("tool_calls")
    if not calls:
        return message
    made = []
    for call in calls:
        function = dict(call["function"])
        function["arguments"] = _arguments(function.get("arguments"))
        made.append({**call, "type": "function", "function": function})
    return {**message, "tool_calls": made}


def _plain(chat: ChatFormat, message: Message) -> Message:
    """For templates that know roles and contents only: calls are what the model wrote."""
    has_headers = _HEADER in chat.template.source
    if message["role"] in ("tool", "ipython"):
        return {"role": "ipython" if has_headers else "user", "content": message["content"]}
    calls = message.get("tool_calls") or ()
    written = [
        json.dumps(
            {
                "name": call["function"]["name"],
                "parameters": _arguments(call["function"].get("arguments")),
            },
            ensure_ascii=False,
        )
        for call in calls
    ]
    content = "\n".join([*([message["content"]] if message["content"] else []), *written])
    return {"role": message["role"], "content": content}


def _arguments(written: Any) -> Any:
    """A call's arguments as an object; as they stand where they are none."""
    if not isinstance(written, str):
        return written or {}
    try:
        made = orjson.loads(written or "{}")
        orjson.dumps(made)  # refuses what is nested too deep for others
    except (ValueError, TypeError):
        return written
    return made if isinstance(made, dict) else written


def _with_system(messages: list[Message], text: str) -> list[Message]:
    """The text at the end of the system message, which is made where there is none."""
    if messages[0]["role"] != "system":
        return [{"role": "system", "content": text}, *messages]
    first = messages[0]
    return [{**first, "content": f"{first['content']}\n\n{text}".strip()}, *messages[1:]]
