"""Where the MODEL of a command is: a path, or a repository of the hub, pulled when it is new."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from paddock.cli.output import is_terminal, progress_note
from paddock.config import Settings
from paddock.errors import Unavailable
from paddock.release.target import path_exists


def model_folder(
    model: str, settings: Settings, *, whole: bool = False, verifiable: bool = False
) -> Path:
    """The checkpoint's path on this machine; a path that exists wins over a repository.

    Of a repository all files are pulled when it is wanted ``whole``, or ``verifiable`` and signed;
    otherwise what commands read.
    """
    if "\0" not in model and path_exists(model):
        return Path(model)  # and the hub's client need not be imported
    from paddock.release.publishing.hub_client import Hub
    from paddock.release.verifying.pulling import Pulling, find_model, pull

    found = find_model(model)
    if isinstance(found, Path):
        return found
    hub = Hub(settings.hub_url, settings.token)
    return pull(
        found,
        Pulling(hub, is_terminal(), is_whole=whole, is_verifiable=verifiable, note=progress_note),
    )


def checked_folder(model: str, settings: Settings) -> Path:
    """The same for whoever loads it: looked at as a server would look at it before that.

    Raises UntrustedModel, ModelRejected.
    """
    from paddock.serve.models.verifying import Rules, verified

    return verified(model_folder(model, settings, verifiable=True), Rules.of(settings))


def needs_serve_extra(command: str) -> None:
    """Raise Unavailable where the packages that run models are not installed."""
    if any(importlib.util.find_spec(name) is None for name in ("tokenizers", "llguidance", "re2")):
        raise Unavailable(
            f"{command} needs packages that are not installed",
            hint="install paddock with its serve extra: pip install 'paddock[serve]'; or with "
            "[model], which brings PyTorch",
        )
