"""What a dataset is made of: configurations and their splits, each some files.

Pure. The card's ``configs`` say it, as ``datasets`` reads them; without them the files' names do. A
card is a stranger's: how many patterns and files are compared is bounded, and so is each match.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, NamedTuple

from paddock.hub.git.patterns import Pattern, parse_pattern
from paddock.hub.previews.formats import is_data

MAX_FILES = 2000
MAX_CONFIGURATIONS = 50
_MAX_PATTERNS = 16  # of one configuration
_MAX_NAME_CHARS = 80
_DEFAULT = "default"
_SPLITS = {
    "train": "train", "training": "train",
    "validation": "validation", "valid": "validation", "val": "validation", "dev": "validation",
    "test": "test", "testing": "test", "eval": "test", "evaluation": "test",
}  # fmt: skip
_WORD = re.compile(rf"(?:^|[/._ -])({'|'.join(_SPLITS)})(?=$|[/._ 0-9-])")


class Split(NamedTuple):
    """Files that belong together: what is trained on, what is tested with."""

    name: str
    paths: tuple[str, ...]


class Configuration(NamedTuple):
    """One of the data sets in a repository."""

    name: str
    splits: tuple[Split, ...]


def configurations(
    card: Mapping[str, Any] | None, paths: Sequence[str]
) -> tuple[Configuration, ...]:
    """Those of a repository with these files; files that are no rows of a table are left out."""
    data = list(islice((path for path in paths if is_data(path)), MAX_FILES))
    told = (card or {}).get("configs")
    found = tuple(_told(told, data)) if isinstance(told, list) else ()
    if found:
        return found
    splits = _by_name(data)
    return (Configuration(_DEFAULT, splits),) if splits else ()


def _told(configs: list[Any], data: Sequence[str]) -> Iterator[Configuration]:
    for config in configs[:MAX_CONFIGURATIONS]:
        if not isinstance(config, dict):
            continue
        name = _name(config.get("config_name"), _DEFAULT)
        splits = tuple(_splits(config, data))
        if splits:
            yield Configuration(name, splits)


def _splits(config: Mapping[str, Any], data: Sequence[str]) -> Iterator[Split]:
    folder = config.get("data_dir")
    if isinstance(folder, str) and folder.strip("./"):
        data = [path for path in data if path.startswith(folder.strip("./") + "/")]
    given = config.get("data_files")
    if given is None:
        yield from _by_name(data)
        return
    for name, patterns in _patterns_by_split(given)[:_MAX_PATTERNS]:
        globs = [glob for text in patterns[:_MAX_PATTERNS] if (glob := _glob(text)) is not None]
        paths = tuple(path for path in data if any(glob.matches(path) for glob in globs))
        if paths:
            yield Split(name, paths)


def _patterns_by_split(given: Any) -> list[tuple[str, list[str]]]:
    """``data_files`` in any of the ways in which it may be written."""
    if isinstance(given, dict):
        return [(_name(split, "train"), _texts(value)) for split, value in given.items()]
    if isinstance(given, list) and any(isinstance(one, dict) for one in given):
        return [
            (_name(one.get("split"), "train"), _texts(one.get("path")))
            for one in given
            if isinstance(one, dict)
        ]
    return [("train", _texts(given))]


def _by_name(data: Sequence[str]) -> tuple[Split, ...]:
    found: dict[str, list[str]] = {}
    for path in data:
        words = _WORD.findall(path.lower())
        found.setdefault(_SPLITS[words[-1]] if words else "train", []).append(path)
    order = ["train", "validation", "test"]
    return tuple(Split(name, tuple(found[name])) for name in order if name in found)


def _glob(text: str) -> Pattern | None:
    return parse_pattern("/" + text.removeprefix("./").removeprefix("/"))


def _texts(value: Any) -> list[str]:
    items = value if isinstance(value, list) else [value]
    return [item for item in items if isinstance(item, str) and item]


def _name(value: Any, otherwise: str) -> str:
    return value[:_MAX_NAME_CHARS] if isinstance(value, str) and value else otherwise
