"""What a repository holds now, and whether that is a given release.

Asks the hub; changes nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeVar

from huggingface_hub import HfApi
from huggingface_hub.errors import RepositoryNotFoundError
from huggingface_hub.hf_api import RepoFile

from paddock.front_matter import CARD_NAME
from paddock.large_patterns import ATTRIBUTES_NAME
from paddock.release.files.manifest import MANIFEST_NAME, vouches
from paddock.release.publishing.outgoing import Outgoing

T = TypeVar("T")

# What a hub puts into a new repository by itself.
_MADE_BY_THE_HUB = frozenset({ATTRIBUTES_NAME, CARD_NAME})


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file of a revision: SHA-256 of a large file, git's blob id of a small one."""

    sha256: str | None
    blob_oid: str


@dataclass(frozen=True, slots=True)
class RepositoryState:
    """A repository as it is before we touch it."""

    head: str | None
    private: bool
    gated: Literal["auto", "manual", False]
    files: Mapping[str, RemoteFile]
    tags: Mapping[str, str]  # name to commit

    @property
    def foreign_files(self) -> list[str]:
        """Files that somebody put there by other means than a release."""
        if MANIFEST_NAME in self.files:
            return []
        return sorted(set(self.files) - _MADE_BY_THE_HUB)


@dataclass(frozen=True, slots=True)
class LocalFile:
    """A file of the built release, in both spellings of its identity."""

    sha256: str
    blob_oid: str | None  # None for a file too large to be kept as a small one


MAX_BLOB_BYTES = 16 << 20  # hubs keep files of more than 10 MiB as large ones


def read_state(api: HfApi, repo: str) -> RepositoryState | None:
    """The repository's state, or None when there is none (or none that we may see)."""
    try:
        info = api.repo_info(repo)
    except RepositoryNotFoundError:
        return None
    refs = api.list_repo_refs(repo)
    return RepositoryState(
        head=info.sha,
        private=bool(info.private),
        gated=getattr(info, "gated", None) or False,
        files=read_tree(api, repo, info.sha) if info.sha else {},
        tags={tag.name: tag.target_commit for tag in refs.tags},
    )


def read_tree(api: HfApi, repo: str, revision: str) -> dict[str, RemoteFile]:
    """Every file of a revision."""
    return {
        entry.path: RemoteFile(entry.lfs.sha256 if entry.lfs else None, entry.blob_id)
        for entry in api.list_repo_tree(repo, recursive=True, revision=revision)
        if isinstance(entry, RepoFile)
    }


def local_files(release: Outgoing) -> dict[str, LocalFile]:
    """Every file of the release, release.json and the signature included."""
    local = {}
    for file in release.files:
        small = file.size_bytes <= MAX_BLOB_BYTES
        oid = _blob_oid((release.folder / file.path).read_bytes()) if small else None
        local[file.path] = LocalFile(file.sha256, oid)
    return local


def is_same(remote: Mapping[str, RemoteFile], local: Mapping[str, LocalFile]) -> bool:
    """Whether a revision holds exactly these files."""
    return remote.keys() == local.keys() and not differing(remote, local)


def is_same_release(remote: Mapping[str, RemoteFile], local: Mapping[str, LocalFile]) -> bool:
    """Whether a revision holds this release, signed by whatever release.json names.

    Some kinds of keys sign differently each time, and update metadata is renewed: neither makes
    another release, while release.json binds every other byte.
    """
    return is_same(_without_signatures(remote), _without_signatures(local))


def _without_signatures(files: Mapping[str, T]) -> dict[str, T]:
    return {
        path: file for path, file in files.items() if path == MANIFEST_NAME or not vouches(path)
    }


def differing(remote: Mapping[str, RemoteFile], local: Mapping[str, LocalFile]) -> list[str]:
    """Paths of ``local`` that the revision lacks or holds with other bytes."""
    return [
        path
        for path, file in sorted(local.items())
        if (there := remote.get(path)) is None
        or (there.sha256 != file.sha256 if there.sha256 else there.blob_oid != file.blob_oid)
    ]


def _blob_oid(content: bytes) -> str:
    """Git's name of a blob; SHA-1 because git says so, not for security."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()
