"""What hubs and registries hold of a release already: revisions, their files, and their bytes.

Asks with the token that may go there and changes nothing. Paths are checked before a file is made;
nothing that comes from there is believed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from paddock.errors import shown
from paddock.release.building.published import PublishedFile, Revision, Revisions
from paddock.release.errors import HubRefused
from paddock.release.files.paths import path_problem
from paddock.release.publishing.places import Reach
from paddock.release.spec.publish import (
    Destination,
    HubDestination,
    HuggingFaceDestination,
    OciDestination,
)

# The clients of hubs and registries take a second to import: only who asks waits for them.


@dataclass(frozen=True, slots=True)
class AlreadyThere:
    """The places of ``reach``; an implementation of ``Published``."""

    reach: Reach

    def revision(self, there: Destination, version: str) -> Revision | None:
        """What is published under this version."""
        match there:
            case HubDestination() | HuggingFaceDestination():
                from paddock.release.publishing.hub_revisions import hub_revision

                return hub_revision(self.reach.hub_of(there), there.repo, version)
            case OciDestination():
                from paddock.release.publishing.packs import pack

                return pack(there, version)
        return None

    def revisions(self, there: Destination) -> Revisions:
        """Every commit that a branch, a tag or a pull request leads to; every tag's manifest."""
        match there:
            case HubDestination() | HuggingFaceDestination():
                from paddock.release.publishing.hub_revisions import hub_revisions

                return hub_revisions(self.reach.hub_of(there), there.repo)
            case OciDestination():
                from paddock.release.publishing.packs import packs

                return packs(there)
        return Revisions()

    def bring(
        self, there: Destination, revision: str, files: Sequence[PublishedFile], folder: Path
    ) -> None:
        """These files of a revision; what a call before left there is not fetched again."""
        for file in files:
            if (problem := path_problem(file.path)) is not None:
                raise HubRefused(f"a published file is called {shown(file.path)}: {problem}")
        folder.mkdir(parents=True, exist_ok=True)
        match there:
            case HubDestination() | HuggingFaceDestination():
                from paddock.release.publishing.hub_revisions import bring_from_hub

                bring_from_hub(self.reach.hub_of(there), there.repo, revision, files, folder)
            case OciDestination():
                from paddock.release.publishing.packs import bring_from_registry

                bring_from_registry(there, files, folder)
