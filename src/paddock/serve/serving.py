"""The models of one server: which there are, and which are loaded.

``use`` is the one way to a model: it asks whether the caller may, loads what is not loaded, and
keeps it loaded until the block ends. (Being written: the surface is settled.)
"""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager

from paddock.serve.callers import Caller
from paddock.serve.served import ModelListing, Served


class Serving:
    """See the module. Used from one event loop."""

    def use(self, name: str, caller: Caller) -> AbstractAsyncContextManager[Served]:
        """The model of that name, for as long as the block lasts.

        Raises ModelNotFound, ModelUnavailable, NoMemory, Draining, TooManyRequests and what stands
        against loading it. Requests of the block are counted for the caller.
        """
        raise NotImplementedError

    async def models(self, caller: Caller) -> list[ModelListing]:
        """What the caller may ask for."""
        raise NotImplementedError
