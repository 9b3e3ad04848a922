"""What the playground's form sends, as a request of ``/v1``.

Pure. What is not filled in is left to the model's own defaults. Whether a number is one that a
model takes is for ``/v1`` to say.
"""

from __future__ import annotations

import json
from typing import Annotated, Any, NamedTuple

from fastapi import Depends, Form

from paddock.errors import BadInput, shown

MAX_TEXT_CHARS = 100_000
CHAT, COMPLETION = "chat", "completion"
_MAX_STOPS = 4

Long = Annotated[str, Form(max_length=MAX_TEXT_CHARS)]
Short = Annotated[str, Form(max_length=40)]


class BadSetting(BadInput):
    """A setting of the playground is not what it should be."""

    code = "bad_playground_setting"


class Sent(NamedTuple):
    """The fields, as they were typed."""

    mode: str = CHAT
    text: str = ""
    system: str = ""
    temperature: str = ""
    top_p: str = ""
    max_tokens: str = "256"
    seed: str = ""
    stop: str = ""

    @property
    def path(self) -> str:
        """Where it is asked."""
        return "/v1/chat/completions" if self.mode == CHAT else "/v1/completions"

    def settings(self) -> dict[str, Any]:
        """Those that are filled in; raises BadSetting."""
        found: dict[str, Any] = {}
        for name in ("temperature", "top_p"):
            if text := getattr(self, name).strip():
                found[name] = _number(name, text, float)
        for name in ("max_tokens", "seed"):
            if text := getattr(self, name).strip():
                found[name] = _number(name, text, int)
        if stops := [line for line in self.stop.splitlines() if line]:
            if len(stops) > _MAX_STOPS:
                raise BadSetting(f"{len(stops)} stops are given; at most {_MAX_STOPS} may be")
            found["stop"] = stops
        return found

    def body(self, model: str) -> dict[str, Any]:
        """The request; raises BadSetting."""
        if not self.text:
            raise BadSetting("there is nothing to answer", hint="write something first")
        asked: dict[str, Any] = {"model": model, **self.settings()}
        if self.mode != CHAT:
            return {**asked, "prompt": self.text}
        system = [{"role": "system", "content": self.system}] if self.system else []
        return {**asked, "messages": [*system, {"role": "user", "content": self.text}]}


def answer_in(mode: str, content: bytes) -> str:
    """What the model said, out of the answer of ``/v1``."""
    choice = json.loads(content)["choices"][0]
    text = choice["message"]["content"] if mode == CHAT else choice["text"]
    return text or ""


def _number(name: str, text: str, kind: type[int] | type[float]) -> int | float:
    try:
        value = kind(text)
    except (ValueError, OverflowError):
        word = "a whole number" if kind is int else "a number"
        raise BadSetting(f"{name} is {shown(text)}; it must be {word}") from None
    if value != value or value in (float("inf"), float("-inf")):
        raise BadSetting(f"{name} is {shown(text)}; it must be a number")
    return value


def _sent(
    mode: Short = CHAT,
    text: Long = "",
    system: Long = "",
    temperature: Short = "",
    top_p: Short = "",
    max_tokens: Short = "",
    seed: Short = "",
    stop: Annotated[str, Form(max_length=4000)] = "",
) -> Sent:
    kind = CHAT if mode != COMPLETION else COMPLETION
    # A browser sends a form's line ends as two characters; what was typed had one.
    lines = [one.replace("\r\n", "\n") for one in (text, system, stop)]
    return Sent(kind, lines[0], lines[1], temperature, top_p, max_tokens, seed, lines[2])


SentDep = Annotated[Sent, Depends(_sent)]
