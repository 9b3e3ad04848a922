"""Where the MODEL of a command is: a path, or a repository of the hub, pulled when it is new."""

from __future__ import annotations

from pathlib import Path

from paddock.config import Settings
from paddock.errors import Forbidden, NotFound, PaddockError, Unavailable
from paddock.release.target import path_exists, repository_in

# What a safetensors repository may hold besides, and no command here reads.
_UNREAD = ["original/*", "*.gguf", "*.onnx", "*.h5", "*.msgpack", "pytorch_model*", "*.pt"]


def model_folder(model: str, settings: Settings) -> Path:
    """The checkpoint's path on this machine; a path that exists wins over a repository."""
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
    return _pulled(*repository, settings)


def _pulled(name: str, revision: str | None, settings: Settings) -> Path:
    from huggingface_hub import errors, snapshot_download

    try:
        folder = snapshot_download(
            name,
            revision=revision,
            endpoint=settings.hub_url,
            token=settings.token or False,
            ignore_patterns=_UNREAD,
        )
    except errors.GatedRepoError as e:
        raise Forbidden(
            f"{name} is gated at {settings.hub_url}", hint="ask for access on its page"
        ) from e
    except errors.RevisionNotFoundError as e:
        raise NotFound(f"{name} at {settings.hub_url} has no revision {revision!r}") from e
    except errors.RepositoryNotFoundError as e:
        raise NotFound(
            f"there is no path {name!r} here and no such model at {settings.hub_url}",
            hint="if it is private, set a token that may read it in HF_TOKEN",
        ) from e
    except errors.LocalEntryNotFoundError as e:
        raise Unavailable(
            f"{name} cannot be pulled: the hub at {settings.hub_url} does not answer",
            hint="start it with `paddock up`, or set PADDOCK_HUB_URL",
        ) from e
    except errors.HfHubHTTPError as e:
        raise PaddockError(f"the hub at {settings.hub_url} failed to serve {name}: {e}") from e
    return Path(folder)
