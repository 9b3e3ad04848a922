"""Where the MODEL of a command is: a path, or a repository of the hub, pulled when it is new."""

from __future__ import annotations

from pathlib import Path

from paddock.cli.output import is_terminal, progress_note
from paddock.config import Settings
from paddock.release.hub_client import Hub
from paddock.release.pulling import Pulling, find_model, pull


def model_folder(model: str, settings: Settings, *, whole: bool = False) -> Path:
    """The checkpoint's path on this machine; a path that exists wins over a repository.

    Of a repository all files are pulled when it is wanted ``whole``, otherwise what commands read.
    """
    found = find_model(model)
    if isinstance(found, Path):
        return found
    hub = Hub(settings.hub_url, settings.token)
    return pull(found, Pulling(hub, is_terminal(), is_whole=whole, note=progress_note))
