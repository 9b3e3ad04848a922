"""Where the MODEL of a command is: a path, or a repository of the hub, pulled when it is new."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from huggingface_hub.errors import LocalEntryNotFoundError

from paddock.cli.output import is_terminal, progress_note
from paddock.config import Settings
from paddock.errors import NotFound
from paddock.release.errors import HubUnreachable
from paddock.release.hub_client import Hub, client_of, speaking_to
from paddock.release.target import RepositoryTarget, path_exists, repository_in

# What a safetensors repository may hold besides, and no command here reads.
_UNREAD = ["original/*", "*.gguf", "*.onnx", "*.h5", "*.msgpack", "pytorch_model*", "*.pt"]


def model_folder(model: str, settings: Settings, *, whole: bool = False) -> Path:
    """The checkpoint's path on this machine; a path that exists wins over a repository.

    Of a repository all files are pulled when it is wanted ``whole``, otherwise what commands read.
    """
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
    return _pulled(repository, Hub(settings.hub_url, settings.token), [] if whole else _UNREAD)


def _pulled(wanted: RepositoryTarget, hub: Hub, unread: list[str]) -> Path:
    """The client's copy. The hub is asked first: the client alone would hide that it said no."""
    api = client_of(hub, show_progress=is_terminal())
    pull = partial(
        api.snapshot_download, wanted.repo, revision=wanted.revision, ignore_patterns=unread
    )
    try:
        with speaking_to(hub, f"looking for {wanted.repo}"):
            api.model_info(wanted.repo, revision=wanted.revision)
    except NotFound as e:
        raise NotFound(
            f"there is no path {wanted.repo!r} here, and {e.message}", hint=e.hint
        ) from e
    except HubUnreachable as unreachable:
        try:
            folder = pull(local_files_only=True)
        except LocalEntryNotFoundError:
            raise HubUnreachable(
                f"there is no path {wanted.repo!r} here, and {unreachable.message}",
                hint=unreachable.hint,
            ) from unreachable
        progress_note(f"{unreachable.message}: using the copy that was pulled before")
        return Path(folder)
    with speaking_to(hub, f"downloading {wanted.repo}"):
        return Path(pull())
