"""Calls in what a model writes, as it writes them.

An answer is a call, or several, where it begins with a JSON object that names a tool; everything
else is text. What may still become a call is held back; arguments are passed on as they come.
Knows the forms that Llama writes; whether the arguments fit their schema is the client's question.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

MAX_HELD_CHARS: Final = 1 << 16  # of what may be a call; more of it is text

# {"name": "f", "parameters": {   with or without the wrapping that OpenAI has around it.
_HEAD: Final = re.compile(
    r'[\s\[,;]*\{\s*(?:"type"\s*:\s*"function"\s*,\s*)?(?:"function"\s*:\s*\{\s*)?'
    r'"name"\s*:\s*"([^"\\]*)"\s*,\s*"(?:parameters|arguments)"\s*:\s*(?=\{)'
)
_FIRST_KEY: Final = re.compile(r'[\s\[,;]*\{\s*"([^"\\]*)"')
_NAME: Final = re.compile(
    r'[\s\[,;]*\{\s*(?:"type"\s*:\s*"function"\s*,\s*)?"name"\s*:\s*"([^"\\]*)"'
)
_KEYS: Final = frozenset({"name", "type", "function", "parameters", "arguments"})
_BUILT_IN: Final = re.compile(r"\s*(\w{1,64})\.call\((.*)\)\s*", re.DOTALL)
_BUILT_IN_ARGUMENT: Final = re.compile(
    r'\s*(\w{1,64})\s*=\s*("(?:[^"\\]|\\.)*")\s*(?:,|$)', re.DOTALL
)


@dataclass(slots=True)
class CallDelta:
    """What is new of a call; ``id`` and ``name`` are set where it begins."""

    index: int
    arguments: str = ""
    id: str | None = None
    name: str | None = None


@dataclass(slots=True)
class Parsed:
    """Text and calls, of what was fed."""

    content: str = ""
    calls: list[CallDelta] = field(default_factory=list)


class CallParser:
    """Reads one answer."""

    def __init__(self, names: frozenset[str], most_calls: int) -> None:
        self._names = names
        self._most_calls = most_calls
        self._state: Callable[[Parsed], bool] = self._read_head
        self._text = ""  # not read yet
        self._index = 0
        self._depth = 0
        self._in_string = self._is_escaped = False
        self.is_tagged = False  # <|python_tag|> stood before: it is a call, of whatever form

    @property
    def has_calls(self) -> bool:
        """Whether a call has begun."""
        return self._index > 0

    def feed(self, text: str) -> Parsed:
        """What is certain now."""
        parsed = Parsed()
        self._text += text
        while self._text and self._state(parsed):
            pass
        return parsed

    def finish(self) -> Parsed:
        """What was held back: calls in another order of keys, or text after all."""
        parsed = Parsed()
        held, self._text = self._text, ""
        if self._state != self._read_head or not held:
            return parsed
        calls = _whole_calls(held) or (_built_in_call(held) if self.is_tagged else [])
        if calls and all(name in self._names for name, _arguments in calls):
            for name, arguments in calls[: self._most_calls - self._index]:
                self._begin(parsed, name, arguments)
        elif not self.has_calls or held.lstrip(" \t\r\n,;]}[")[:1] not in ("", "{"):
            parsed.content = held  # the beginning of another call, cut off, is no text
        return parsed

    def _begin(self, parsed: Parsed, name: str, arguments: str = "") -> None:
        call_id = f"call_{secrets.token_hex(12)}"
        parsed.calls.append(CallDelta(self._index, arguments, call_id, name))
        self._index += 1

    def _read_head(self, parsed: Parsed) -> bool:
        """Up to where a call's arguments begin; False where more must come first."""
        head = _HEAD.match(self._text)
        if head and head[1] in self._names:
            self._text = self._text[head.end() :]
            self._begin(parsed, head[1])
            self._state, self._depth = self._read_arguments, 0
            return True
        if self._may_be_call():
            return False
        self._state = self._read_text
        return True

    def _may_be_call(self) -> bool:
        if len(self._text) > MAX_HELD_CHARS:
            return False
        if self.is_tagged:
            return True
        begun = self._text.lstrip(" \t\r\n[,;" if self.has_calls else " \t\r\n[")
        if begun and begun[0] != "{":
            return False
        first = _FIRST_KEY.match(self._text)
        if first and first[1] not in _KEYS:
            return False
        name = _NAME.match(self._text)
        return name is None or name[1] in self._names

    def _read_arguments(self, parsed: Parsed) -> bool:
        for at, letter in enumerate(self._text):
            if self._is_escaped:
                self._is_escaped = False
            elif self._in_string:
                self._is_escaped = letter == "\\"
                self._in_string = letter != '"'
            elif letter == '"':
                self._in_string = True
            elif letter in "{[":
                self._depth += 1
            elif letter in "}]":
                self._depth -= 1
                if not self._depth:
                    self._pass_arguments(parsed, at + 1)
                    self._state = self._read_between
                    return True
        self._pass_arguments(parsed, len(self._text))
        return False

    def _pass_arguments(self, parsed: Parsed, end: int) -> None:
        arguments, self._text = self._text[:end], self._text[end:]
        last = self._index - 1
        if parsed.calls and parsed.calls[-1].index == last:
            parsed.calls[-1].arguments += arguments
        elif arguments:
            parsed.calls.append(CallDelta(last, arguments))

    def _read_between(self, _parsed: Parsed) -> bool:
        """The end of one call's object, and what stands before the next."""
        rest = self._text.lstrip(" \t\r\n}],;")
        if not rest or self._index >= self._most_calls:  # what is more than wanted is left out
            self._text = ""
            return False
        self._text = rest
        self._state = self._read_head
        return True

    def _read_text(self, parsed: Parsed) -> bool:
        parsed.content += self._text
        self._text = ""
        return False


def _whole_calls(text: str) -> list[tuple[str, str]]:
    """Names and arguments of the calls that a text is, none where it is something else."""
    try:
        value = orjson.loads(text)
    except ValueError:
        return []
    calls = []
    for each in value if isinstance(value, list) else [value]:
        call = _whole_call(each)
        if call is None:
            return []
        calls.append(call)
    return calls


def _whole_call(value: Any) -> tuple[str, str] | None:
    if isinstance(value, dict) and isinstance(value.get("function"), dict):
        value = value["function"]
    if not isinstance(value, dict) or not isinstance(value.get("name"), str):
        return None
    arguments = value.get("parameters", value.get("arguments", {}))
    if not isinstance(arguments, str):
        arguments = orjson.dumps(arguments).decode()
    return value["name"], arguments


def _built_in_call(text: str) -> list[tuple[str, str]]:
    """``name.call(key="value")``, as Llama 3.1 calls the tools it was trained with."""
    call = _BUILT_IN.fullmatch(text)
    if call is None:
        return []
    arguments, at = {}, 0
    while at < len(call[2]):
        found = _BUILT_IN_ARGUMENT.match(call[2], at)
        if found is None:
            return []
        try:
            arguments[found[1]] = orjson.loads(found[2])
        except ValueError:
            return []
        at = found.end()
    return [(call[1], orjson.dumps(arguments).decode())]
