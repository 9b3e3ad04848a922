"""What clients call the models that an operator names on the command line."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from paddock.errors import UsageError, shown
from paddock.release.target import path_exists
from paddock.serve.models.catalogue import Adapter, Entry
from paddock.serve.models.sources import PathSource, Source

MAX_NAME_CHARS: Final = 200

Find = Callable[[str], Source]  # the source that a MODEL names; raises NotFound


class _Named(NamedTuple):
    name: str
    source: Source
    aliases: tuple[str, ...] = ()


def entries_of(models: Sequence[str], adapters: Sequence[str], find: Find) -> list[Entry]:
    """Each MODEL or NAME=MODEL, and behind the first one its adapters, each NAME=PATH.

    Raises UsageError, and what ``find`` raises.
    """
    entries: list[Entry] = []
    of_first = tuple(_adapter(text) for text in adapters)
    for number, model in enumerate(models):
        name, source, aliases = _named(model, find)
        own = of_first if number == 0 else ()
        owner = (source.repository or "paddock").partition("/")[0]
        entries.append(Entry(name, source, owner, own, aliases=aliases))
        entries += [
            Entry(each.name, source, owner, own, adapter=each.name, parent=name) for each in own
        ]
    names = [entry.name for entry in entries]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise UsageError(
            f"two models are called {shown(twice[0])}", hint="give one a name: NAME=MODEL"
        )
    return entries


def _named(model: str, find: Find) -> _Named:
    """NAME=MODEL, or the name that a MODEL has by itself: its folder's, or its repository's."""
    name, equals, rest = model.partition("=")
    if equals and name and rest and not path_exists(model):
        return _Named(_checked_name(name), find(rest))
    source = find(model)
    if isinstance(source, PathSource):
        name = _checked_name(source.path.name or "model")
        return _Named(name, source, (model, str(source.path)))
    return _Named(source.repository or model, source, (model,))


def _adapter(text: str) -> Adapter:
    name, _, path = text.partition("=")
    if not name or not path:
        raise UsageError(f"--lora is {shown(text)}", hint="write it as NAME=PATH")
    if not path_exists(path):
        raise UsageError(f"there is no adapter at {shown(path)}")
    return Adapter(_checked_name(name), Path(path).resolve())


def _checked_name(name: str) -> str:
    if not name.isprintable() or len(name) > MAX_NAME_CHARS:
        raise UsageError(f"{shown(name)} is no name for a model")
    return name
