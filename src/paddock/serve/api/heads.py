"""What an answer of chat or completions begins with, whole or in chunks."""

from __future__ import annotations

import secrets
from typing import Any, NamedTuple, Self

import orjson

from paddock.clock import now
from paddock.serve.api.event_stream import event
from paddock.serve.api.usage import Usage


class Head(NamedTuple):
    """What one answer is known by."""

    id: str
    created: int  # seconds since 1970

    @classmethod
    def new(cls, prefix: str) -> Self:
        """That of an answer which begins now."""
        return cls(f"{prefix}-{secrets.token_hex(14)}", int(now().timestamp()))

    def to_dict(self, kind: str, model: str) -> dict[str, Any]:
        """As OpenAI's ``object`` of that kind."""
        return {
            "id": self.id,
            "object": kind,
            "created": self.created,
            "model": model,
            "system_fingerprint": None,
        }


class ChunkHead:
    """What all chunks of one stream begin with, written once."""

    def __init__(self, head: dict[str, Any], *, tells_usage: bool) -> None:
        self._head = {**head, "usage": None} if tells_usage else head  # null until the last
        self.before_index = b"data: " + orjson.dumps(self._head)[:-1] + b',"choices":[{"index":'

    def last(self, usage: Usage) -> bytes:
        """The chunk that counts tokens."""
        return event({**self._head, "choices": [], "usage": usage.to_dict()})
