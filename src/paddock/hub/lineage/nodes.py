"""A model in a tree of lineage, and how it hangs on its neighbour.

Pure data.
"""

from __future__ import annotations

from dataclasses import dataclass, field

RELATIONS = ("finetune", "adapter", "merge", "quantized")  # what cards can declare
# What releases can sign beside these.
SIGNED_RELATIONS = (*RELATIONS, "distilled_from", "trained_on_outputs_of")
_WORDS = {
    "finetune": "fine-tuned",
    "adapter": "adapter",
    "merge": "merged",
    "quantized": "quantised",
    "distilled_from": "distilled",
    "trained_on_outputs_of": "trained on outputs",
}


@dataclass(frozen=True, slots=True)
class Link:
    """That one model came from another: who says so, and how."""

    parent: str
    child: str
    relation: str
    is_declared: bool = False  # by the child's card
    is_signed: bool = False  # by the child's release, with a right signature
    downloads: int = 0  # of the child, where it was looked at


@dataclass(frozen=True, slots=True)
class Known:
    """What this hub knows of a model that the reader may see."""

    id: int
    name: str  # as it is written here
    downloads: int
    is_private: bool
    gated: str | None
    version: str | None = None  # of its release
    state: str = "current"  # superseded, deprecated, yanked, revoked
    advisories: tuple[str, ...] = ()


@dataclass(slots=True)
class Node:
    """A model, and those on its far side: its own parents when looking up, else its children."""

    name: str
    relation: str | None = None
    is_declared: bool = False
    is_signed: bool = False
    known: Known | None = None
    branches: list[Node] = field(default_factory=list)
    is_open: bool = False  # whether anybody looked for branches
    more: int = 0  # branches that were found and are not shown
    is_repeated: bool = False  # it stands nearer to the root, too

    @property
    def words(self) -> str:
        """How it is related, for people."""
        return _WORDS.get(self.relation or "", self.relation or "")

    @property
    def is_bad(self) -> bool:
        """Whether somebody took it back or warns of it."""
        return self.known is not None and self.known.state in {"yanked", "revoked"}
