"""What was asked and answered, as a report keeps it: read with suspicion, bounded.

Pure. Texts are kept to the letter, since a replay sends them again; only what no database can keep
is refused. Nothing is read that nests: a message is a role and a text.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import isfinite
from typing import Any, Final

from paddock.errors import BadInput, TooLarge, shown
from paddock.hub.reports.values import BARE, Evidence, Turn

ROLES: Final = ("system", "user", "assistant", "tool")
MAX_TURNS: Final = 100
MAX_ASKED_CHARS: Final = 200_000  # of all messages
MAX_OUTPUT_CHARS: Final = 100_000
MAX_EXPECTED_CHARS: Final = 10_000
MAX_STOPS: Final = 4
MAX_STOP_CHARS: Final = 512


def _number(least: float, most: float) -> Callable[[str, Any], float]:
    def read(name: str, value: Any) -> float:
        is_number = type(value) is int or (type(value) is float and isfinite(value))
        if not is_number or not least <= value <= most:
            raise BadInput(
                f"{name} is {shown(value)}", hint=f"use a number from {least:g} to {most:g}"
            )
        return float(value)

    return read


def _whole(least: int, most: int) -> Callable[[str, Any], int]:
    def read(name: str, value: Any) -> int:
        if type(value) is not int or not least <= value <= most:
            raise BadInput(f"{name} is {shown(value)}", hint=f"use {least} to {most}")
        return value

    return read


def _stops(name: str, value: Any) -> list[str]:
    stops = [value] if isinstance(value, str) else value
    if not isinstance(stops, list) or len(stops) > MAX_STOPS:
        raise BadInput(f"{name} is {shown(value)}", hint=f"use up to {MAX_STOPS} texts")
    return [check_kept(name, stop, MAX_STOP_CHARS) for stop in stops if stop != ""]


# Every setting that a report may tell, by the names that /v1 has for them.
SETTINGS: Final[Mapping[str, Callable[[str, Any], Any]]] = {
    "temperature": _number(0, 100),
    "top_p": _number(0, 1),
    "top_k": _whole(-1, 1 << 24),
    "min_p": _number(0, 1),
    "seed": _whole(-(1 << 53), 1 << 53),  # what JSON keeps everywhere
    "max_tokens": _whole(1, 1 << 24),
    "presence_penalty": _number(-100, 100),
    "frequency_penalty": _number(-100, 100),
    "repetition_penalty": _number(0, 100),
    "stop": _stops,
}


def read_evidence(
    turns: Sequence[tuple[str, str]], settings: Mapping[str, Any], output: str, expected: str
) -> Evidence:
    """The same, checked; raises BadInput and TooLarge."""
    return Evidence(
        _read_turns(turns),
        read_settings(settings),
        check_kept("the output", output, MAX_OUTPUT_CHARS),
        check_kept("what was expected", expected, MAX_EXPECTED_CHARS),
    )


def read_settings(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Settings that are said, in our order; raises BadInput for one that we do not know."""
    if unknown := sorted(set(settings) - set(SETTINGS)):
        raise BadInput(
            f"the setting {shown(unknown[0])} is not known", hint=f"known: {', '.join(SETTINGS)}"
        )
    said = {name: settings[name] for name in SETTINGS if settings.get(name) is not None}
    return {name: SETTINGS[name](name, value) for name, value in said.items()}


def check_kept(what: str, text: Any, most: int) -> str:
    """The text to the letter, if it can be kept; raises BadInput and TooLarge."""
    if not isinstance(text, str):
        raise BadInput(f"{what} is {shown(text)}, not a text")
    if len(text) > most:
        raise TooLarge(f"{what} has {len(text)} characters; at most {most} are kept")
    if "\0" in text:
        raise BadInput(f"{what} contains NUL, which no database keeps")
    try:
        text.encode()
    except UnicodeEncodeError as e:
        raise BadInput(f"{what} holds half a character: {shown(text[e.start])}") from e
    return text


def _read_turns(turns: Sequence[tuple[str, str]]) -> tuple[Turn, ...]:
    if not turns:
        raise BadInput("the report has no prompt", hint="say what the model was asked")
    if len(turns) > MAX_TURNS:
        raise TooLarge(f"the conversation has {len(turns)} messages; at most {MAX_TURNS} are kept")
    left, read = MAX_ASKED_CHARS, []
    for role, content in turns:
        if role != BARE and role not in ROLES:
            raise BadInput(f"a message has the role {shown(role)}", hint=f"use {', '.join(ROLES)}")
        read.append(Turn(role, check_kept("the conversation", content, left)))
        left -= len(content)
    if any(turn.role == BARE for turn in read) and len(read) > 1:
        raise BadInput("a bare prompt stands alone", hint="give it, or the messages")
    if not any(turn.content.strip() for turn in read):
        raise BadInput("the prompt is empty", hint="say what the model was asked")
    return tuple(read)
