"""Brings a repository's revision into a folder of its own, to be judged there.

Nothing of the download is believed: whoever calls verifies the folder.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from paddock.release.hub_client import Hub, client_of, speaking_to
from paddock.release.spec_policy import is_repo_id


@contextmanager
def fetched(hub: Hub, repo: str, revision: str | None, *, show: bool) -> Iterator[Path]:
    """A folder with every file of the revision, gone when the block ends."""
    api = client_of(hub, show_progress=show)
    with tempfile.TemporaryDirectory(prefix="paddock-verify-") as temporary:
        folder = Path(temporary) / repo.split("/")[-1]
        folder.mkdir()
        with speaking_to(hub, f"downloading {repo}"):
            api.snapshot_download(repo, revision=revision, local_dir=folder)
        yield folder


def repository_in(target: str) -> tuple[str, str | None] | None:
    """Repository and revision when ``target`` names them; a path that exists is a path."""
    name, at, revision = target.partition("@")
    if not is_repo_id(name):
        return None
    try:
        if Path(target).exists():
            return None
    except OSError:  # a revision too long for a file name
        pass
    return name, revision if at and revision else None
