"""What is kept back, as values: items of release.yaml, and the tensors, files and fields they mean.

Pure data, shared with the leak check, the documents and the gate. Names of tensors are Hugging
Face's, whatever the source's format. A value says what is withheld, never its content: digests of
withheld bytes are only in ``Part``, which goes into a commitment and stays with the lab.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any, Literal

from paddock.release.evidence import Check
from paddock.release.facts import Fact
from paddock.release.spec.components import Replacement

PartKind = Literal["tensor", "file", "field"]


@dataclass(frozen=True, slots=True)
class Part:
    """One withheld thing with its content's digest: secret, for the manifest of a commitment."""

    kind: PartKind
    name: str  # a tensor's name, a path, or PATH#FIELD
    sha256: str
    size_bytes: int
    dtype: str | None = None  # as the source stores it
    shape: tuple[int, ...] | None = None
    rows: tuple[int, ...] | None = None  # of the first axis, where only some are withheld


@dataclass(frozen=True, slots=True)
class WithheldTensor:
    """A tensor of the source whose values must not be in the release."""

    item: str
    name: str  # in the source
    dtype: str
    shape: tuple[int, ...]
    replace: Replacement
    rows: tuple[int, ...] | None = None  # withheld rows of the first axis; None: all of it
    released_as: str | None = None  # what stands in its place, or holds the other rows
    seed: int | None = None  # of a stub that was drawn, or where a replacement began


@dataclass(frozen=True, slots=True)
class WithheldFile:
    """A file of the source that stays there."""

    item: str
    path: str


@dataclass(frozen=True, slots=True)
class WithheldField:
    """A field that the rows of a released data file lost."""

    item: str
    path: str
    field: str
    replace: Replacement


@dataclass(frozen=True, slots=True)
class ConfigChange:
    """A value of config.json that fits the open version."""

    key: str  # dotted where it is nested
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class Item:
    """One component or rule of release.yaml that keeps something back."""

    id: str  # model-parameters-final.1: the component, and which of its rules
    component: str
    rule: str  # for people: "layers 8-11"
    reason: str
    replace: Replacement
    review_date: datetime.date | None
    replaced_how: str  # in words: "the layers after it moved up"
    commitment: str | None = None  # None in a plan, and where there is nothing to commit to
    declared: bool = False  # the commitment was given, not computed


@dataclass(frozen=True, slots=True)
class Withheld:
    """Everything that a release keeps back."""

    items: tuple[Item, ...] = ()
    tensors: tuple[WithheldTensor, ...] = ()
    files: tuple[WithheldFile, ...] = ()
    fields: tuple[WithheldField, ...] = ()
    renamed: tuple[tuple[str, str], ...] = ()  # released tensors: name in the source, name now
    config_changes: tuple[ConfigChange, ...] = ()
    checks: tuple[Check, ...] = ()
    facts: tuple[Fact, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.items)

    def item(self, item_id: str) -> Item | None:
        """The item with this id."""
        return next((item for item in self.items if item.id == item_id), None)
