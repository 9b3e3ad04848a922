"""What serves the tokens of one loaded model: an engine of our own, or vLLM.

Knows the engine's requests and outputs. Knows no text, no caller and no HTTP.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from paddock.engine.request import Output, Request

Outputs = AbstractAsyncContextManager[AsyncIterator[Output]]


class Backend(Protocol):
    """Answers requests in tokens, many at once; used from one event loop."""

    def outputs(self, request: Request) -> Outputs:
        """What the request brings, step by step; leaving the block early cancels it at once.

        The last output has ``finish`` set. Entering raises what the engine's ``submit`` raises. Ids
        must be unique among the requests in hand. Who does not read is bounded: the request then
        ends with ``Finish.CANCELLED``.
        """
        ...
