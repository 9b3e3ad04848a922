"""Brings a repository's revision, or a registry's ModelPack, into a folder, to be judged there.

Nothing of the download is believed: whoever calls verifies the folder.
"""

from __future__ import annotations

import filecmp
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from paddock.release.files.manifest import UPDATES_FOLDER
from paddock.release.publishing.hub_client import Hub, client_of, speaking_to
from paddock.release.target import RepositoryTarget


@contextmanager
def fetched_pack(reference: str, *, plain_http: bool) -> Iterator[Path]:
    """A folder with every file of a ModelPack in a registry, gone when the block ends."""
    from paddock.release.publishing.oci.pull import pull_release
    from paddock.release.publishing.oci.reference import parse_reference

    where = parse_reference(reference)
    with tempfile.TemporaryDirectory(prefix="paddock-verify-") as temporary:
        folder = Path(temporary) / where.name.rpartition("/")[2]
        folder.mkdir()
        pull_release(where, folder, plain_http=plain_http)
        yield folder


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


@contextmanager
def fetched_updates(hub: Hub, wanted: RepositoryTarget) -> Iterator[Path | None]:
    """The update metadata on the main branch, which is renewed while tags stay; None without."""
    api = client_of(hub, show_progress=False)
    with tempfile.TemporaryDirectory(prefix="paddock-updates-") as temporary:
        with speaking_to(hub, f"downloading the update metadata of {wanted.repo}"):
            api.snapshot_download(
                wanted.repo, local_dir=temporary, allow_patterns=[f"{UPDATES_FOLDER}/*"]
            )
        folder = Path(temporary) / UPDATES_FOLDER
        yield folder if folder.is_dir() else None


def is_same_publisher(one: Path, other: Path) -> bool:
    """Whether two folders of update metadata begin with the same root."""
    first, second = (folder / "1.root.json" for folder in (one, other))
    is_there = first.is_file() and second.is_file()
    return is_there and filecmp.cmp(first, second, shallow=False)
