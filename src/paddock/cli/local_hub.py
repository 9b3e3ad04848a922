"""The hub on this machine, for commands that work on its data folder.

Knows the option that names the folder, and how its database is opened, whether or not a server runs
on it. Whoever can read the folder needs no password here.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from paddock.errors import NotFound

if TYPE_CHECKING:
    from paddock.config import Settings
    from paddock.hub.context import Hub
    from paddock.storage.database import Database


class NoHub(NotFound):
    """The data folder holds no hub."""

    code = "no_hub"


def data_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """The option ``--data``."""
    return click.option(
        "--data",
        type=click.Path(path_type=Path, file_okay=False),
        help="The hub's folder (default: the setting `data`).",
    )(function)


json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")


def open_hub_database(data: Path | None, *, create: bool = False) -> Database:
    """The database of the hub in a data folder; raises NoHub."""
    from paddock.config import load_settings
    from paddock.storage.opening import open_database

    settings = load_settings({"data": data})
    if not create:
        require_hub(settings)
    return open_database(settings)


def require_hub(settings: Settings) -> None:
    """Raises NoHub where opening the database would make a new one."""
    from paddock.storage.opening import embedded_database

    if not settings.database_url and not embedded_database(settings).exists():
        raise NoHub(
            f"there is no hub in {str(settings.data)!r}",
            hint="name its folder with --data, or create one with `paddock admin init`",
        )


def open_local_hub(data: Path | None) -> tuple[Hub, Settings]:
    """Database and blobs of the hub in a data folder, with the settings; raises NoHub."""
    from paddock.config import load_settings
    from paddock.hub.context import Hub, ScanRules
    from paddock.storage.opening import open_blobs

    settings = load_settings({"data": data})
    database = open_hub_database(data)
    scans = ScanRules(settings.unscanned == "refuse", settings.scan_copy_bytes)
    return Hub(database, open_blobs(settings), settings.public_url, scans=scans), settings
