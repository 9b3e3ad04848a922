"""The source of a release as it was found: values only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from paddock.release.facts import Fact
from paddock.release.files.folder import Listing


@dataclass(frozen=True, slots=True)
class Model:
    """What the checkpoint room found in the source."""

    format: str  # huggingface, meta, llama2.c
    facts: tuple[Fact, ...] = ()
    consumed: frozenset[str] = frozenset()  # files that the conversion turns into others
    produced: tuple[str, ...] = ()  # their names, as far as they are known before
    problems: tuple[str, ...] = ()
    summary: str = ""
    is_chat: bool = False
    licenses: tuple[tuple[str, str | None], ...] = ()  # file, and what it seems to be

    @property
    def is_converted(self) -> bool:
        return bool(self.consumed)


@dataclass(frozen=True, slots=True)
class Source:
    """The source folder as it was found: its files, their first bytes, and the model in them."""

    path: str
    listing: Listing
    heads: Mapping[str, bytes]
    model: Model
    release_file: str | None = None  # its name, when it lies in the source folder
    front_matter: str | None = None  # of the source's README.md
    readme: str = ""  # its body
    texts: Mapping[str, str] = field(default_factory=dict)  # of licences, notices and config.json
