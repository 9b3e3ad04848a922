"""Answers that are kept for a while, in memory: for the next turn, and to be asked for again.

Bounded in number and bytes; the oldest go first. Nobody reads another caller's.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import Any, Final

import orjson

from paddock.errors import shown
from paddock.serve.api.errors import ResponseNotFound
from paddock.serve.callers import Caller

MAX_KEPT: Final = 4096
MAX_KEPT_BYTES: Final = 64 << 20


@dataclass(frozen=True, slots=True)
class Kept:
    """A response, and the whole conversation up to it."""

    owner: str
    response: bytes  # JSON
    messages: bytes  # JSON
    input_items: bytes  # JSON

    @property
    def size_bytes(self) -> int:
        """What it takes."""
        return len(self.response) + len(self.messages) + len(self.input_items)


class ResponseStore:
    """Used from one event loop."""

    def __init__(self, max_bytes: int = MAX_KEPT_BYTES) -> None:
        self._kept: OrderedDict[str, Kept] = OrderedDict()
        self._max_bytes = max_bytes
        self._bytes = 0

    def keep(
        self,
        caller: Caller,
        response: dict[str, Any],
        messages: list[dict[str, Any]],
        input_items: list[Any],
    ) -> None:
        """Keep a response and the conversation that it ends."""
        made = Kept(
            caller.name, orjson.dumps(response), orjson.dumps(messages), orjson.dumps(input_items)
        )
        self._kept[response["id"]] = made
        self._bytes += made.size_bytes
        while len(self._kept) > MAX_KEPT or self._bytes > self._max_bytes:
            _id, oldest = self._kept.popitem(last=False)
            self._bytes -= oldest.size_bytes

    def find(self, caller: Caller, response_id: str) -> Kept:
        """What was kept; raises ResponseNotFound."""
        kept = self._kept.get(response_id)
        if kept is None or kept.owner != caller.name:
            raise ResponseNotFound(
                f"no response {shown(response_id)} is kept here",
                hint="responses are kept in memory, for a while; send the conversation again",
            )
        return kept

    def drop(self, caller: Caller, response_id: str) -> None:
        """Forget it; raises ResponseNotFound."""
        self._bytes -= self.find(caller, response_id).size_bytes
        del self._kept[response_id]
