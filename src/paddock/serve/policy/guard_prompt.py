"""What a model of Llama Guard's kind reads: the form of its model cards.

Rendered by the checkpoint's own template where that knows the task, and here where it does not. A
template takes a turn's text or its parts; which one is tried, since one that finds no text judges
an empty conversation. What somebody wrote can neither end the conversation nor begin a turn in it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from paddock.checkpoint.chat_template.metering import BadTemplate
from paddock.llama.chat import ChatFormat, Turn, encode, render
from paddock.llama.tokenizer import Tokenizer
from paddock.serve.policy.document import HAZARDS
from paddock.serve.policy.errors import JudgeFailed

_SPEAKERS: Final = {"user": "User", "assistant": "Agent"}
_MARKER: Final = re.compile(r"<(?=/?(?:BEGIN|END)\b)", re.IGNORECASE)
_SPEAKER: Final = re.compile(r"^(\s*(?:User|Agent))(?=\s*:)", re.IGNORECASE | re.MULTILINE)
_PROBE: Final = "paddock"


def guard_prompt(
    chat: ChatFormat,
    tokenizer: Tokenizer,
    conversation: Sequence[dict[str, str]],
    categories: Mapping[str, str] | None,
) -> tuple[int, ...]:
    """The judge's prompt in tokens; the last turn is what is judged.

    Without ``categories``, the hazards as the model knows them. Raises JudgeFailed, BadTemplate.
    """
    turns = [{**turn, "content": _harmless(turn["content"])} for turn in conversation]
    if turns[0]["role"] == "assistant":  # they take turns, and a person begins
        turns.insert(0, {"role": "user", "content": ""})
    if "categories" in chat.template.source:
        turn = _for_template(chat, turns, categories)
    else:
        turn = Turn([{"role": "user", "content": _task(turns, categories or HAZARDS)}])
    return tuple(encode(chat, tokenizer, turn))


def _for_template(
    chat: ChatFormat, turns: list[dict[str, str]], categories: Mapping[str, str] | None
) -> Turn:
    variables: dict[str, Any] = {"excluded_category_keys": []}
    if categories is not None:
        variables["categories"] = {name: _sentence(told) for name, told in categories.items()}
    for content in (str, _in_parts):
        probe = Turn([{"role": "user", "content": content(_PROBE)}], variables=variables)
        if _shows(chat, probe):
            messages = [{**turn, "content": content(turn["content"])} for turn in turns]
            return Turn(messages, variables=variables)
    raise JudgeFailed("the guard model's template leaves out what is to be judged")


def _shows(chat: ChatFormat, probe: Turn) -> bool:
    try:
        return _PROBE in render(chat, probe)
    except BadTemplate:
        return False


def _in_parts(text: str) -> list[dict[str, str]]:
    return [{"type": "text", "text": text}]


def _harmless(text: str) -> str:
    return _SPEAKER.sub(r"\1 ", _MARKER.sub("< ", text))


def _sentence(told: str) -> str:
    return told if told.endswith(".") else f"{told}."


def _task(turns: Sequence[dict[str, str]], categories: Mapping[str, str]) -> str:
    judged = _SPEAKERS[turns[-1]["role"]]
    told = "\n\n".join(f"{_SPEAKERS[turn['role']]}: {turn['content'].strip()}" for turn in turns)
    listed = "\n".join(f"{name}: {_sentence(meaning)}" for name, meaning in categories.items())
    return (
        f"Task: Check if there is unsafe content in '{judged}' messages in conversations according "
        "our safety policy with the below categories.\n\n"
        f"<BEGIN UNSAFE CONTENT CATEGORIES>\n{listed}\n<END UNSAFE CONTENT CATEGORIES>\n\n"
        f"<BEGIN CONVERSATION>\n\n{told}\n\n<END CONVERSATION>\n\n"
        f"Provide your safety assessment for ONLY THE LAST {judged} message in the above "
        "conversation:\n - First line must read 'safe' or 'unsafe'.\n"
        " - If unsafe, a second line must include a comma-separated list of violated categories. "
    )
