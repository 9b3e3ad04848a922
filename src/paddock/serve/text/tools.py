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

MAX_CALLS: Final = 16  # of one answer
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
    is_parallel: bool | None = None  # None: several where the model wants them, by itself

    @property
    def most_calls(self) -> int:
        """Calls of one answer."""
        return 1 if self.is_parallel is False else MAX_CALLS

    @property
    def are_offered(self) -> bool:
        """Whether the model is told of any."""
        return bool(self.tools) and self.must is not Must.NONE

    @property
    def names(self) -> frozenset[str]:
        """What may be called."""
        return frozenset(tool.name for tool in self.tools)


NO_TOOLS: Final = Tools()


def chosen(tools: Sequence[Tool], choice: str, *, is_parallel: bool | None) -> Tools:
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


def named(
    tools: Sequence[Tool], names: Sequence[str], must: Must, *, is_parallel: bool | None
) -> Tools:
    """Only the tools of these names; raises BadTools."""
    known = {tool.name: tool for tool in tools}
    for name in names:
        if name not in known:
            raise BadTools(f"tool_choice names {shown(name)}, which is not among the tools")
    return Tools(tuple(known[name] for name in names), must, is_parallel)


def call_grammar(tools: Tools, otherwise: JsonSchema | None = None) -> JsonSchema:
    """What an answer that calls looks like: one call, or a list of them, as Llama writes calls.

    With ``otherwise``, an answer of that schema is as good.
    """
    parameters = {f"p{at}": tool.parameters for at, tool in enumerate(tools.tools)}
    calls = [_call_schema(tool.name, at) for at, tool in enumerate(tools.tools)]
    forms: list[dict[str, Any]] = list(calls)
    if tools.is_parallel:
        one = calls[0] if len(calls) == 1 else {"anyOf": calls}
        forms.append({"type": "array", "items": one, "minItems": 1, "maxItems": MAX_CALLS})
    if otherwise is not None:
        parameters["answer"] = json.loads(otherwise.schema)
        forms.append({"$ref": "#/$defs/answer"})
    definitions = {name: _moved(schema, f"#/$defs/{name}") for name, schema in parameters.items()}
    return JsonSchema(json.dumps({"$defs": definitions, "anyOf": forms}), is_one_line=True)


def _call_schema(name: str, at: int) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {"name": {"const": name}, "parameters": {"$ref": f"#/$defs/p{at}"}},
        "required": ["name", "parameters"],
        "additionalProperties": False,
    }


def _moved(value: Any, place: str) -> Any:
    """A schema that stands at another place: what it refers to inside itself moved with it."""
    if isinstance(value, list):
        return [_moved(item, place) for item in value]
    if not isinstance(value, dict):
        return value
    moved = {key: _moved(item, place) for key, item in value.items()}
    pointer = value.get("$ref")
    if isinstance(pointer, str) and pointer.startswith("#"):
        moved["$ref"] = place + pointer[1:]
    return moved


def described(tools: Sequence[Tool]) -> str:
    """The tools for a model whose template does not know any."""
    listed = "\n".join(json.dumps(tool.to_dict(), ensure_ascii=False) for tool in tools)
    return (
        "You can call these functions, described in JSON:\n"
        f"{listed}\n"
        "To call one, answer with nothing but a JSON object of this form: "
        '{"name": the function\'s name, "parameters": {argument names: values}}'
    )
