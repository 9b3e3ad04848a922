"""Which models a server has, by the names that clients ask for. Loads nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from paddock.errors import shown
from paddock.serve.callers import Caller, Gate
from paddock.serve.errors import ModelNotFound

if TYPE_CHECKING:
    from paddock.serve.models.loaded import Loader
    from paddock.serve.models.sources import Source


@dataclass(frozen=True, slots=True)
class Adapter:
    """A LoRA adapter that a model takes with it when it is loaded."""

    name: str
    path: Path


@dataclass(frozen=True, slots=True)
class Entry:
    """A model that may be asked for: a source, or an adapter on the model of one."""

    name: str
    source: Source
    owned_by: str = "paddock"
    adapters: tuple[Adapter, ...] = ()  # of the source's model, whatever name it is asked for by
    adapter: str | None = None  # of these, the one that this name stands for
    parent: str | None = None
    aliases: tuple[str, ...] = ()
    label: str = ""  # what figures call it, where names are too many for that
    loader: Loader | None = None  # another than the server's own

    @property
    def figure_label(self) -> str:
        return self.label or self.name


class Catalogue(Protocol):
    """What there is for a caller."""

    async def find(self, name: str, caller: Caller) -> Entry:
        """Raises ModelNotFound, also for what the caller may not know of."""
        ...

    async def entry(self, name: str) -> Entry:
        """The same for the operator, whom no gate stops."""
        ...

    async def entries(self, caller: Caller) -> list[Entry]:
        """All that the caller may ask for."""
        ...


class FixedCatalogue:
    """What the operator named when the server was started."""

    def __init__(self, entries: Sequence[Entry], gate: Gate) -> None:
        self._entries, self._gate = list(entries), gate
        self._by_name = {alias: each for each in entries for alias in each.aliases}
        self._by_name |= {each.name: each for each in entries}

    async def find(self, name: str, caller: Caller) -> Entry:
        entry = await self.entry(name)
        if not await self._may_use(entry, caller):
            raise not_found(name)
        return entry

    async def entry(self, name: str) -> Entry:
        found = self._by_name.get(name)
        if found is None:
            raise not_found(name)
        return found

    async def entries(self, caller: Caller) -> list[Entry]:
        return [each for each in self._entries if await self._may_use(each, caller)]

    async def _may_use(self, entry: Entry, caller: Caller) -> bool:
        repository = entry.source.repository
        return repository is None or await self._gate.may_use(caller, repository)


def not_found(name: str) -> ModelNotFound:
    """What to raise for a model that there is not, as far as the caller may know."""
    return ModelNotFound(
        f"the model {shown(name)} does not exist here", hint="GET /v1/models lists what there is"
    )
