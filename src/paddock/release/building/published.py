"""What the places that a release goes to hold already, as values, and who can be asked for it.

Values and a seam only: ``publishing/there.py`` asks hubs and registries, tests ask nobody.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

from paddock.release.spec.publish import (
    Destination,
    HubDestination,
    HuggingFaceDestination,
    OciDestination,
)

CLIENT_CACHE = ".cache"  # what the stock client keeps beside what it downloads
REMOTE = (HubDestination, HuggingFaceDestination, OciDestination)


class PublishedFile(NamedTuple):
    """A file of a revision; ``id`` tells its bytes: ``sha256:…``, or git's ``blob:…``."""

    path: str
    size_bytes: int
    id: str


class Revision(NamedTuple):
    """A commit of a repository, or a manifest of a registry, with all of its files."""

    id: str
    files: tuple[PublishedFile, ...]


class Revisions(NamedTuple):
    """Everything that a place holds, newest first, and why some of it could not be listed."""

    found: tuple[Revision, ...] = ()
    unlisted: tuple[str, ...] = ()  # a sentence each


class Published(Protocol):
    """Asks places; what goes wrong there is a PaddockError."""

    def revision(self, there: Destination, version: str) -> Revision | None:
        """What is published there under this version; None when nothing is."""

    def revisions(self, there: Destination) -> Revisions:
        """Every revision that somebody could still get there."""

    def bring(
        self, there: Destination, revision: str, files: Sequence[PublishedFile], folder: Path
    ) -> None:
        """Write these files below ``folder``, which may hold some of them from a call before."""


def place_of(there: Destination) -> str:
    """Where that is, in words; the hub is that of the settings."""
    return there.place("hub")
