"""Which models are in memory: loaded once when they are asked for, let go when room is needed.

The invariant: the needs of all that is in memory, or on its way there, never exceed the budget, and
nothing is let go while it is in use. However many ask for a model, it is loaded once; a failure is
told to all who wait, and tried again only after a while.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from paddock.log import get_logger
from paddock.serve import metrics
from paddock.serve.errors import ModelUnavailable, NoMemory, NoRoom, TooManyRequests, draining
from paddock.serve.models.catalogue import Entry
from paddock.serve.models.failures import Failures, told_to_callers
from paddock.serve.models.loaded import Loaded, Loader, Need

log = get_logger("serve")


@dataclass(frozen=True, slots=True)
class ResidentLimits:
    """What the operator allows."""

    budget_bytes: int
    idle_seconds: float = 0.0  # after which a model that nobody uses is let go; 0: never
    room_seconds: float = 30.0  # to wait for others to be let go
    load_seconds: float = 600.0  # that a request waits for a model on its way
    max_waiting: int = 1024  # requests that wait for one model


@dataclass(slots=True)
class _Resident:
    name: str
    label: str
    need: Need
    loaded: Loaded
    users: int = 0
    last_used: float = field(default_factory=time.monotonic)


class Residents:
    """See the module. Used from one event loop."""

    def __init__(self, loader: Loader, limits: ResidentLimits) -> None:
        self._loader, self._limits = loader, limits
        self._residents: dict[str, _Resident] = {}
        self._loading: dict[str, asyncio.Task[_Resident]] = {}
        self._waiting: dict[str, int] = {}
        self.failures = Failures()
        self._reserved_bytes = 0
        self._freed = asyncio.Condition()
        self._is_closed = False

    @asynccontextmanager
    async def hold(self, entry: Entry) -> AsyncIterator[Loaded]:
        """The entry's model, which stays loaded until the block ends."""
        resident = await self._resident(entry)
        resident.users += 1
        try:
            yield resident.loaded
        finally:
            resident.users -= 1
            resident.last_used = time.monotonic()
            if not resident.users:
                async with self._freed:
                    self._freed.notify_all()

    def loaded(self) -> dict[str, Loaded]:
        """What is in memory, by source."""
        return {key: resident.loaded for key, resident in self._residents.items()}

    def named(self) -> dict[str, Loaded]:
        """The same by what figures call them."""
        return {resident.label: resident.loaded for resident in self._residents.values()}

    async def let_idle_go(self) -> None:
        """Let go what nobody used for the idle time."""
        oldest = time.monotonic() - self._limits.idle_seconds
        for key, resident in list(self._residents.items()):
            if self._limits.idle_seconds and not resident.users and resident.last_used < oldest:
                await self._let_go(key, "idle")

    async def load_no_more(self) -> None:
        """Stop what is being loaded, and load nothing from now on; who waits is told so."""
        self._is_closed = True
        for task in list(self._loading.values()):
            task.cancel()
        await asyncio.gather(*self._loading.values(), return_exceptions=True)

    async def close(self) -> None:
        """End everything, in use or not."""
        await self.load_no_more()
        for key in list(self._residents):
            await self._let_go(key, "stopping")

    async def _resident(self, entry: Entry) -> _Resident:
        key = entry.source.key
        while True:
            resident = self._residents.get(key)
            if resident is None:
                resident = await self._wait_for(entry)
            if self._residents.get(key) is not resident:
                continue  # let go again before we could say that we use it
            if resident.loaded.is_alive():
                return resident
            ended = ModelUnavailable(f"the engine of {entry.name} ended by itself")
            self.failures.note(key, ended)
            await self._let_go(key, "ended")

    async def _wait_for(self, entry: Entry) -> _Resident:
        key = entry.source.key
        self.failures.refuse(key)
        waiting = self._waiting.get(key, 0)
        if waiting >= self._limits.max_waiting:
            raise TooManyRequests(
                f"{waiting} requests wait for {entry.name} already", retry_after_seconds=5
            )
        if self._is_closed:
            raise draining()
        task = self._loading.get(key)
        if task is None:
            task = self._loading[key] = asyncio.create_task(self._load(entry))
            task.add_done_callback(lambda _done: self._loading.pop(key, None))
        self._waiting[key] = waiting + 1
        try:
            async with asyncio.timeout(self._limits.load_seconds):
                return await asyncio.shield(task)
        except asyncio.CancelledError:
            if task.cancelled() and self._is_closed:
                raise draining() from None
            raise
        except TimeoutError:
            raise ModelUnavailable(f"{entry.name} is still being loaded") from None
        finally:
            self._waiting[key] -= 1
            if not self._waiting[key]:
                del self._waiting[key]

    async def _load(self, entry: Entry) -> _Resident:
        key, started = entry.source.key, time.monotonic()
        try:
            resident = await self._load_within_budget(entry)
        except Exception as e:
            error = told_to_callers(entry.name, e)
            if not isinstance(e, NoRoom):  # nothing is wrong with it: there may be room at once
                self.failures.note(key, error)
            metrics.load_failures.labels(entry.figure_label).inc()
            log.warning("a model cannot be loaded", model=entry.name, reason=str(e))
            if error is e:
                raise
            raise error from e
        self._residents[key] = resident
        seconds = time.monotonic() - started
        metrics.loads.labels(entry.figure_label).inc()
        metrics.load_seconds.labels(entry.figure_label).observe(seconds)
        log.info("a model is loaded", model=entry.name, seconds=round(seconds, 2))
        return resident

    async def _load_within_budget(self, entry: Entry) -> _Resident:
        path = await asyncio.to_thread(entry.source.fetch)
        loader = entry.loader or self._loader
        budget = self._limits.budget_bytes
        need = await asyncio.to_thread(loader.need, path, entry.adapters, budget)
        await self._reserve(entry.name, need.total_bytes)
        try:
            loaded = await loader.load(path, entry.adapters, need)
        except BaseException:
            await self._free(need.total_bytes)
            raise
        return _Resident(entry.name, entry.figure_label, need, loaded)

    async def _reserve(self, name: str, size_bytes: int) -> None:
        """Have room, letting go what is not in use, the longest unused first."""
        budget = self._limits.budget_bytes
        if size_bytes > budget:
            raise NoMemory(
                f"{name} needs {size_bytes:,} bytes; the budget is {budget:,}",
                hint="give more with --memory, or fewer bits with --precision",
            )
        try:
            async with asyncio.timeout(self._limits.room_seconds):
                while self._reserved_bytes + size_bytes > budget:
                    idle = [k for k, each in self._residents.items() if not each.users]
                    if idle:
                        oldest = min(idle, key=lambda k: self._residents[k].last_used)
                        await self._let_go(oldest, "room")
                        continue
                    async with self._freed:
                        await self._freed.wait_for(lambda: self._may_fit(size_bytes))
        except TimeoutError:
            raise NoRoom(f"other models are in use and leave no room for {name}") from None
        self._reserved_bytes += size_bytes

    def _may_fit(self, size_bytes: int) -> bool:
        is_idle = any(not each.users for each in self._residents.values())
        return is_idle or self._reserved_bytes + size_bytes <= self._limits.budget_bytes

    async def _let_go(self, key: str, why: str) -> None:
        resident = self._residents.pop(key, None)
        if resident is None:
            return
        closing = asyncio.ensure_future(asyncio.to_thread(resident.loaded.close))
        try:
            await asyncio.shield(closing)  # an engine cannot be half closed
        finally:
            if not closing.done():
                await closing
            metrics.unloads.labels(resident.label, why).inc()
            log.info("a model was let go", model=resident.name, why=why)
            await self._free(resident.need.total_bytes)

    async def _free(self, size_bytes: int) -> None:
        self._reserved_bytes -= size_bytes
        async with self._freed:
            self._freed.notify_all()
