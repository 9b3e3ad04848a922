"""Which LoRA adapter is at which of the runner's slots, and who uses it.

A name can be given to another adapter, or taken away, while requests still use the old one: its
slot is free when the last of them has ended. Its serial number is never used again, so that what
was computed with it is never shared with another.
"""

from __future__ import annotations

from dataclasses import dataclass
from threading import Lock
from typing import Any

from paddock.engine.errors import AdapterSlotsFull, EngineOutOfMemory, UnknownAdapter
from paddock.engine.step import Runner
from paddock.errors import shown


@dataclass(slots=True, eq=False)
class LoadedAdapter:
    """An adapter at a slot."""

    slot: int
    serial: int
    users: int = 0  # requests in hand
    is_offered: bool = True


class AdapterSlots:
    """Adapters by name. Any thread asks and uses; only the runner's puts, drops and lets go."""

    def __init__(self, runner: Runner, slots: int) -> None:
        self._runner = runner
        self._lock = Lock()
        self._slots = slots
        self._free = list(range(slots - 1, -1, -1))
        self._offered: dict[str, LoadedAdapter] = {}
        self._serial = 0

    def names(self) -> tuple[str, ...]:
        """What is on offer."""
        with self._lock:
            return tuple(self._offered)

    def use(self, name: str) -> LoadedAdapter:
        """The adapter of this name, held until it is let go; raises UnknownAdapter."""
        with self._lock:
            adapter = self._offered.get(name)
            if adapter is None:
                raise UnknownAdapter(f"no adapter {shown(name)} is loaded")
            adapter.users += 1
            return adapter

    def let_go(self, adapter: LoadedAdapter) -> None:
        """One user less."""
        with self._lock:
            adapter.users -= 1
            unused = self._is_unused(adapter)
        if unused:
            self._clear(adapter)

    def put(self, name: str, adapter: Any) -> None:
        """Offer it, in place of one of its name; raises AdapterSlotsFull, EngineOutOfMemory."""
        loaded = self._take()
        try:
            self._runner.put_adapter(loaded.slot, adapter)
        except BaseException as e:
            with self._lock:
                self._free.append(loaded.slot)
            if isinstance(e, MemoryError):
                raise EngineOutOfMemory("there is no room for the adapter") from e
            raise
        self._offer(name, loaded)

    def drop(self, name: str) -> None:
        """Offer it no more; raises UnknownAdapter."""
        if name not in self._offered:
            raise UnknownAdapter(f"no adapter {shown(name)} is loaded")
        self._offer(name, None)

    def _take(self) -> LoadedAdapter:
        with self._lock:
            if not self._free:
                raise AdapterSlotsFull(
                    f"{self._slots} adapters are loaded, and no more are taken",
                    hint="drop one that is not used, or raise max_adapters",
                )
            self._serial += 1
            return LoadedAdapter(self._free.pop(), self._serial)

    def _offer(self, name: str, adapter: LoadedAdapter | None) -> None:
        """From now on this one has the name, or none has; what had it goes when nobody uses it."""
        with self._lock:
            before = self._offered.pop(name, None)
            if adapter is not None:
                self._offered[name] = adapter
            if before is None:
                return
            before.is_offered = False
            unused = self._is_unused(before)
        if unused:
            self._clear(before)

    def _is_unused(self, adapter: LoadedAdapter) -> bool:
        return not adapter.users and not adapter.is_offered

    def _clear(self, adapter: LoadedAdapter) -> None:
        self._runner.drop_adapter(adapter.slot)
        with self._lock:
            self._free.append(adapter.slot)
