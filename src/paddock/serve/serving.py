"""The models of one server, as whoever answers a request gets at them.

``use`` is the one way to a model: it asks whether the caller may, loads what is not loaded, keeps
it loaded until the block ends, and counts. Used from one event loop.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final

from paddock.engine.stats import EngineStats
from paddock.errors import PaddockError
from paddock.serve.callers import Caller
from paddock.serve.errors import ModelNotFound, TooManyRequests, draining
from paddock.serve.limiter import Limiter
from paddock.serve.metered import Metered
from paddock.serve.models.catalogue import Catalogue
from paddock.serve.models.loaded import Loaded
from paddock.serve.models.residents import Residents
from paddock.serve.served import ModelListing, Served

MAX_IN_HAND: Final = 8192  # requests of all models and callers at once
_IDLE_CHECK_SECONDS: Final = 5.0


class Serving:
    """See the module."""

    def __init__(
        self,
        catalogue: Catalogue,
        residents: Residents,
        limiter: Limiter,
        *,
        max_in_hand: int = MAX_IN_HAND,
    ) -> None:
        self._catalogue, self._residents, self._limiter = catalogue, residents, limiter
        self._max_in_hand = max_in_hand
        self._in_hand = 0
        self._none_in_hand = asyncio.Event()
        self._none_in_hand.set()
        self._upkeep: asyncio.Task[None] | None = None
        self.is_draining = False

    @asynccontextmanager
    async def use(self, name: str, caller: Caller) -> AsyncIterator[Served]:
        """The model of that name, for as long as the block lasts.

        Raises ModelNotFound, ModelUnavailable, NoMemory, Draining, TooManyRequests and what stands
        against loading it. Requests of the block are counted for the caller.
        """
        if self.is_draining:
            raise draining()
        if self._in_hand >= self._max_in_hand:
            raise TooManyRequests(
                f"{self._in_hand} requests are in hand already", retry_after_seconds=5
            )
        if self._upkeep is None:
            self._upkeep = asyncio.create_task(self._let_idle_go())
        self._in_hand += 1
        self._none_in_hand.clear()
        try:
            entry = await self._catalogue.find(name, caller)
            with self._limiter.in_hand(caller):
                async with self._residents.hold(entry) as loaded:
                    backend = Metered(loaded.backend, entry.figure_label, caller, self._limiter)
                    yield Served.of(entry.name, loaded, backend=backend, adapter=entry.adapter)
        finally:
            self._in_hand -= 1
            if not self._in_hand:
                self._none_in_hand.set()

    async def preload(self, name: str) -> bool:
        """Load a model before anybody asks for it; the operator's own wish, asked of no gate.

        Says whether it holds conversations. What stands against loading it is raised as it is,
        which no caller is told.
        """
        entry = await self._catalogue.entry(name)
        try:
            async with self._residents.hold(entry) as loaded:
                return loaded.chat is not None
        except PaddockError as e:
            if isinstance(e.__cause__, PaddockError):
                raise e.__cause__ from None
            raise

    async def offers(self, name: str, caller: Caller) -> bool:
        """Whether the caller may ask for the model of that name."""
        try:
            await self._catalogue.find(name, caller)
        except ModelNotFound:
            return False
        return True

    async def models(self, caller: Caller) -> list[ModelListing]:
        """What the caller may ask for."""
        loaded = self._residents.loaded()
        return [
            ModelListing(
                name=entry.name,
                created=entry.source.created,
                owned_by=entry.owned_by,
                root=entry.source.root,
                parent=entry.parent,
                context=loaded[entry.source.key].context if entry.source.key in loaded else None,
                policy=_policy_of(loaded.get(entry.source.key)),
            )
            for entry in await self._catalogue.entries(caller)
        ]

    def figures(self) -> dict[str, EngineStats | None]:
        """What the loaded engines tell of themselves, by model; None where one tells nothing."""
        return {name: loaded.stats() for name, loaded in self._residents.named().items()}

    async def drain(self, seconds: float) -> bool:
        """Take no new requests, and wait for those in hand; whether none is left.

        Those that wait for a model to be loaded are refused: their answers have not begun.
        """
        self.is_draining = True
        await self._residents.load_no_more()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._none_in_hand.wait(), seconds)
        return not self._in_hand

    async def close(self) -> None:
        """End what is left, and free everything."""
        self.is_draining = True
        if self._upkeep is not None:
            self._upkeep.cancel()
        await self._residents.close()

    async def _let_idle_go(self) -> None:
        while True:
            await asyncio.sleep(_IDLE_CHECK_SECONDS)
            await self._residents.let_idle_go()


def _policy_of(loaded: Loaded | None) -> str | None:
    return None if loaded is None or loaded.guard is None else loaded.guard.digest
