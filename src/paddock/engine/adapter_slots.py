"""Which LoRA adapter is at which of the runner's slots, and who uses it.

A name can be given to another adapter, or taken away, while requests still use the old one: its
slot is free when the last of them has ended. Its serial number is never used again, so that what
was computed with it is never shared with another.
"""

from __future__ import annotations

from dataclasses import dataclass
from threading import Lock

from paddock.engine.errors import AdapterSlotsFull, UnknownAdapter
from paddock.errors import shown


@dataclass(slots=True, eq=False)
class LoadedAdapter:
    """An adapter at a slot."""

    name: str
    slot: int
    serial: int
    users: int = 0  # requests in hand
    is_offered: bool = True


class AdapterSlots:
    """Adapters by name. Any thread."""

    def __init__(self, slots: int) -> None:
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
        """The adapter of this name, held until ``leave``; raises UnknownAdapter."""
        with self._lock:
            adapter = self._offered.get(name)
            if adapter is None:
                raise UnknownAdapter(f"no adapter {shown(name)} is loaded")
            adapter.users += 1
            return adapter

    def leave(self, adapter: LoadedAdapter) -> int | None:
        """One user less; gives the slot that is free by that."""
        with self._lock:
            adapter.users -= 1
            return self._freed(adapter)

    def take(self, name: str) -> LoadedAdapter:
        """A slot for a new adapter, not yet on offer; raises AdapterSlotsFull."""
        with self._lock:
            if not self._free:
                raise AdapterSlotsFull(
                    f"{self._slots} adapters are loaded, and no more are taken",
                    hint="drop one that is not used, or raise max_adapters",
                )
            self._serial += 1
            return LoadedAdapter(name, self._free.pop(), self._serial)

    def give_back(self, adapter: LoadedAdapter) -> None:
        """A slot that was taken for nothing."""
        with self._lock:
            self._free.append(adapter.slot)

    def offer(self, adapter: LoadedAdapter) -> int | None:
        """Put it on offer in place of one of its name; gives the slot that is free by that."""
        with self._lock:
            freed = self._withdraw(adapter.name)
            self._offered[adapter.name] = adapter
            return freed

    def withdraw(self, name: str) -> int | None:
        """Offer it no more; gives the slot that is free by that."""
        with self._lock:
            if name not in self._offered:
                raise UnknownAdapter(f"no adapter {shown(name)} is loaded")
            return self._withdraw(name)

    def _withdraw(self, name: str) -> int | None:
        adapter = self._offered.pop(name, None)
        if adapter is None:
            return None
        adapter.is_offered = False
        return self._freed(adapter)

    def _freed(self, adapter: LoadedAdapter) -> int | None:
        if adapter.users or adapter.is_offered:
            return None
        self._free.append(adapter.slot)
        return adapter.slot
