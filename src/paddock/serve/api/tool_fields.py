"""Tools and the choice among them, as clients write them.

Chat nests a function in its tool, the Responses API does not.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

import orjson

from paddock.errors import shown
from paddock.serve.api.errors import BadParameter, UnsupportedParameter
from paddock.serve.text.tools import Must, Tool, Tools, chosen, named

MAX_TOOLS: Final = 128
MAX_TOOLS_BYTES: Final = 1 << 18  # of all tools together
_NAME: Final = re.compile(r"[A-Za-z0-9_.:-]{1,64}")


def read_tools(values: Sequence[Any] | None, choice: Any, *, is_parallel: bool | None) -> Tools:
    """What may be called; raises BadParameter, UnsupportedParameter, BadTools."""
    tools = [_tool(value, f"tools.{at}") for at, value in enumerate(values or ())]
    try:
        size = len(orjson.dumps(list(values or ())))
    except TypeError:  # nested too deep
        raise BadParameter("the tools are nested too deep", param="tools") from None
    if size > MAX_TOOLS_BYTES or len(tools) > MAX_TOOLS:
        raise BadParameter(
            f"{len(tools)} tools of {size} bytes are given; "
            f"at most {MAX_TOOLS} of {MAX_TOOLS_BYTES} bytes may be",
            param="tools",
        )
    if choice is None:
        return chosen(tools, "auto", is_parallel=is_parallel)
    if isinstance(choice, str):
        if choice not in set(Must):
            raise BadParameter(
                f"tool_choice is {shown(choice)}; it must be none, auto, required or a function",
                param="tool_choice",
            )
        return chosen(tools, choice, is_parallel=is_parallel)
    return _among(tools, choice, is_parallel=is_parallel)


def _among(tools: list[Tool], choice: Any, *, is_parallel: bool | None) -> Tools:
    kind = choice.get("type") if isinstance(choice, dict) else None
    if kind == "function":
        return named(tools, [_name_of(choice)], Must.REQUIRED, is_parallel=False)
    if kind == "allowed_tools":
        allowed = choice.get("allowed_tools", choice)
        listed = allowed.get("tools") if isinstance(allowed, dict) else None
        mode = allowed.get("mode", "auto") if isinstance(allowed, dict) else None
        if mode in ("auto", "required") and isinstance(listed, list) and listed:
            names = [_name_of(each) for each in listed]
            return named(tools, names, Must(mode), is_parallel=is_parallel)
    raise BadParameter(
        f"tool_choice is of type {shown(kind)}; it must name a function, "
        "or be allowed_tools with a mode and tools",
        param="tool_choice",
    )


def _name_of(value: Any) -> str:
    inner = value.get("function", value) if isinstance(value, dict) else None
    name = inner.get("name") if isinstance(inner, dict) else None
    if not isinstance(name, str):
        raise BadParameter("tool_choice names no function", param="tool_choice")
    return name


def _tool(value: Any, param: str) -> Tool:
    kind = value.get("type") if isinstance(value, dict) else None
    if kind != "function":
        raise UnsupportedParameter(
            f"a tool is of type {shown(kind)}; only functions can be called here", param=param
        )
    inner = value.get("function", value)
    name = inner.get("name") if isinstance(inner, dict) else None
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise BadParameter(
            f"a function's name is {shown(name)}; it must be 1 to 64 letters, digits, _ . : or -",
            param=f"{param}.name",
        )
    description, parameters = inner.get("description"), inner.get("parameters")
    if not isinstance(description, str | None) or not isinstance(parameters, dict | None):
        raise BadParameter(
            f"the function {name} has no proper description or parameters", param=param
        )
    return (
        Tool(name, description or "", parameters) if parameters else Tool(name, description or "")
    )
