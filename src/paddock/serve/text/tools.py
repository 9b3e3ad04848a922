"""Tools that a model may call, in the form that Llama 3.1 was trained on.

A call is the JSON object ``{"name": ..., "parameters": {...}}``. Where the template does not know
tools, the system text describes them; where a call must be made, a grammar makes it one that
parses.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from paddock.engine.grammar.kinds import JsonSchema
from paddock.errors import shown
from paddock.serve.text.errors import BadTools

MAX_CALLS: Final = 16  # of one answer that must call
_NO_PARAMETERS: Final = {"type": "object", "properties": {}}


@dataclass(frozen=True, slots=True)
class Tool:
    """A function that the client runs."""

    name: str
    description: str = ""
    parameters: dict[str, Any] = field(default_factory=lambda: dict(_NO_PARAMETERS))  # JSON schema

    def to_dict(self) -> dict[str, Any]:
        """As templates expect it: OpenAI's form."""
        function = {
            "name": self.name,
            "description": self.description,
            "parameters": self.parameters,
        }
        return {"type": "function", "function": function}


class Must(StrEnum):
    """Whether tools are called."""

    NONE = "none"
    AUTO = "auto"
    REQUIRED = "required"


@dataclass(frozen=True, slots=True)
class Tools:
    """What may be called, and whether something must be."""

    tools: tuple[Tool, ...] = ()
    must: Must = Must.AUTO
    is_parallel: bool = True

    @property
    def are_offered(self) -> bool:
        """Whether the model is told of any."""
        return bool(self.tools) and self.must is not Must.NONE

    @property
    def names(self) -> frozenset[str]:
        """What may be called."""
        return frozenset(tool.name for tool in self.tools)


NO_TOOLS: Final = Tools()


def chosen(tools: Sequence[Tool], choice: str, *, is_parallel: bool) -> Tools:
    """Tools under ``none``, ``auto``, ``required`` or a tool's name; raises BadTools."""
    names = [tool.name for tool in tools]
    for name in names:
        if names.count(name) > 1:
            raise BadTools(f"two tools have the name {shown(name)}")
    if choice in set(Must):
        if choice == Must.REQUIRED and not tools:
            raise BadTools("a tool must be called, and none is given")
        return Tools(tuple(tools), Must(choice), is_parallel)
    return named(tools, [choice], Must.REQUIRED, is_parallel=False)


def named(tools: Sequence[Tool], names: Sequence[str], must: Must, *, is_parallel: bool) -> Tools:
    """Only the tools of these names; raises BadTools."""
    known = {tool.name: tool for tool in tools}
    for name in names:
        if name not in known:
            raise BadTools(f"tool_choice names {shown(name)}, which is not among the tools")
    return Tools(tuple(known[name] for name in names), must, is_parallel)


def call_grammar(tools: Tools) -> JsonSchema:
    """What an answer that must call looks like: one call, or a list of them."""
    one = {"anyOf": [_call_schema(tool) for tool in tools.tools]}
    if not tools.is_parallel:
        return JsonSchema(json.dumps(one))
    several = {"type": "array", "items": one, "minItems": 1, "maxItems": MAX_CALLS}
    return JsonSchema(json.dumps({"anyOf": [*one["anyOf"], several]}))


def _call_schema(tool: Tool) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {"name": {"const": tool.name}, "parameters": tool.parameters},
        "required": ["name", "parameters"],
        "additionalProperties": False,
    }


def described(tools: Sequence[Tool]) -> str:
    """The tools for a model whose template does not know any."""
    listed = "\n".join(json.dumps(tool.to_dict(), ensure_ascii=False) for tool in tools)
    return (
        "You can call these functions, described in JSON:\n"
        f"{listed}\n"
        "To call one, answer with nothing but a JSON object of this form: "
        '{"name": the function\'s name, "parameters": {argument names: values}}'
    )
