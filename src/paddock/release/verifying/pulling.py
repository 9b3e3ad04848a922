"""Where a MODEL is: a path on this machine, or a repository of a hub, pulled when it is new.

The copy is that of the stock client's cache. Nothing of it is believed: whoever loads it verifies
it, or says that nobody did.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

from huggingface_hub.errors import LocalEntryNotFoundError

from paddock.errors import NotFound
from paddock.release.errors import HubUnreachable
from paddock.release.files.manifest import SIGNATURE_NAME
from paddock.release.publishing.hub_client import Hub, client_of, speaking_to
from paddock.release.target import RepositoryTarget, path_exists, repository_in

# What a safetensors repository may hold besides, and no command here reads.
_UNREAD = ["original/*", "*.gguf", "*.onnx", "*.h5", "*.msgpack", "pytorch_model*", "*.pt"]


class Pulling(NamedTuple):
    """Which hub to pull from, and how much."""

    hub: Hub
    show_progress: bool = False
    is_whole: bool = False  # all files; else what commands read
    is_verifiable: bool = False  # all files where they are signed
    note: Callable[[str], None] = lambda sentence: None


def find_model(model: str) -> Path | RepositoryTarget:
    """A path that exists, which wins, or a repository; asks no hub. Raises NotFound."""
    if "\0" in model:
        raise NotFound("the model's name holds a NUL character")
    if path_exists(model):
        return Path(model)
    repository = repository_in(model)
    if repository is None:
        raise NotFound(
            f"there is no file or folder {model!r}",
            hint="give a path, or a repository as namespace/name or namespace/name@revision",
        )
    return repository


def pull(wanted: RepositoryTarget, pulling: Pulling) -> Path:
    """The client's copy. The hub is asked first: the client alone would hide that it said no."""
    hub = pulling.hub
    api = client_of(hub, show_progress=pulling.show_progress)
    snapshot = partial(api.snapshot_download, wanted.repo, revision=wanted.revision)
    try:
        with speaking_to(hub, f"looking for {wanted.repo}"):
            files = api.model_info(wanted.repo, revision=wanted.revision).siblings or []
    except NotFound as e:
        raise NotFound(
            f"there is no path {wanted.repo!r} here, and {e.message}", hint=e.hint
        ) from e
    except HubUnreachable as unreachable:
        try:
            folder = snapshot(local_files_only=True)
        except LocalEntryNotFoundError:
            raise HubUnreachable(
                f"there is no path {wanted.repo!r} here, and {unreachable.message}",
                hint=unreachable.hint,
            ) from unreachable
        pulling.note(f"{unreachable.message}: using the copy that was pulled before")
        return Path(folder)
    # A signature is over every file; without all of them it cannot be checked.
    is_signed = any(file.rfilename == SIGNATURE_NAME for file in files)
    is_whole = pulling.is_whole or (pulling.is_verifiable and is_signed)
    with speaking_to(hub, f"downloading {wanted.repo}"):
        return Path(snapshot(ignore_patterns=[] if is_whole else _UNREAD))
