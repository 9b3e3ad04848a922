"""What a card says its repository makes use of: spaces name models and datasets.

Pure. Uses are kept in the index of tags under a prefix of their own, so that one look-up answers
"which spaces use this model"; they are no tags, and are never shown as such.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from paddock.hub.catalogue.card import texts
from paddock.hub.types import Kind

PREFIX = "uses:"
ANYTHING = "anything"
MAX_USES = 200
MAX_USE_CHARS = 200


def uses_term(used: str) -> str:
    """The term of what is used: ``model:ns/name``, ``dataset:ns/name`` or ``ANYTHING``."""
    return PREFIX + used.lower()


def used_by(metadata: dict[str, Any], kind: Kind) -> list[str]:
    """The names of the models or datasets that a space's card lists, as they are written there."""
    named = texts(metadata.get(f"{kind}s"))
    return [name for name in named if len(name) <= MAX_USE_CHARS and name.isprintable()][:MAX_USES]


def terms(metadata: dict[str, Any]) -> Iterator[str]:
    """Every term of a space's card, some perhaps twice."""
    for kind in (Kind.MODEL, Kind.DATASET):
        for name in used_by(metadata, kind):
            yield uses_term(f"{kind}:{name}")
            yield uses_term(ANYTHING)
