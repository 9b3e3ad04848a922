"""Brings a repository's revision into a folder of its own, to be judged there.

Nothing of the download is believed: whoever calls verifies the folder.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from paddock.release.publishing.hub_client import Hub, client_of, speaking_to
from paddock.release.target import RepositoryTarget


@contextmanager
def fetched(hub: Hub, wanted: RepositoryTarget, *, show: bool) -> Iterator[Path]:
    """A folder with every file of the revision, gone when the block ends."""
    api = client_of(hub, show_progress=show)
    with tempfile.TemporaryDirectory(prefix="paddock-verify-") as temporary:
        folder = Path(temporary) / wanted.repo.split("/")[-1]
        folder.mkdir()
        with speaking_to(hub, f"downloading {wanted.repo}"):
            api.snapshot_download(wanted.repo, revision=wanted.revision, local_dir=folder)
        yield folder
