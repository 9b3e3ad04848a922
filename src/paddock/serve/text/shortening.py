"""A conversation that is too long for the model, without its oldest messages.

What the system says stays, and so does the last message; what is kept begins with what a person
says, for templates want that and no result of a tool may stand without its call.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from paddock.serve.served import Served
from paddock.serve.text.chat import ChatRequest, prompt_of
from paddock.serve.text.errors import PromptTooLong

_SYSTEM: Final = ("system", "developer")
_ROOM: Final = 4  # of a context that was full, the part that the answer gets if it wants so much


async def shortened(served: Served, request: ChatRequest) -> ChatRequest:
    """The request, with as few messages left out as it takes; it may still be too long."""
    if await _leaves(served, request, 1):
        return request
    most = request.wanted.max_tokens
    room = served.context // _ROOM
    room = room if most is None else min(most, room)
    beginnings = _beginnings(request.messages)
    low, high = 0, len(beginnings) - 1
    while low < high:  # the first beginning from which it fits; the last one must do
        middle = (low + high) // 2
        if await _leaves(served, _from(request, beginnings[middle]), room):
            high = middle
        else:
            low = middle + 1
    return _from(request, beginnings[low])


def _beginnings(messages: tuple[dict[str, Any], ...]) -> list[int]:
    """Where the kept messages may begin."""
    persons = [at for at, each in enumerate(messages) if each.get("role") == "user"]
    return persons[1:] or [0]


def _from(request: ChatRequest, first: int) -> ChatRequest:
    """What the system says before a message, and the conversation from there."""
    said = [each for each in request.messages[:first] if each.get("role") in _SYSTEM]
    return replace(request, messages=(*said, *request.messages[first:]))


async def _leaves(served: Served, request: ChatRequest, room: int) -> bool:
    """Whether there is room for so many tokens after the prompt."""
    try:
        prompt = await prompt_of(served, request)
    except PromptTooLong:
        return False
    return len(prompt) + room <= served.context
