"""In what state a space is, on a hub that runs none: without its main file, or stopped.

Knows which file each SDK starts from. Pure but for looking at the top folder of main.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from paddock.hub.git import files
from paddock.hub.types import FileEntry, Repository

_MAIN_FILES = {
    "gradio": "app.py",
    "streamlit": "app.py",
    "docker": "Dockerfile",
    "static": "index.html",
}


def runtime_of(conn: sa.Connection, repo: Repository) -> dict[str, Any]:
    """As clients read it."""
    paths: set[str] = set()
    if repo.head_oid is not None:
        found = files.list_folder(conn, repo, repo.head_oid, "", recursive=False)
        paths = {entry.path for entry in found if isinstance(entry, FileEntry)}
    named = (repo.card or {}).get("app_file")
    return runtime(repo.sdk, named if isinstance(named, str) else None, paths)


def runtime(sdk: str | None, app_file: str | None, paths: set[str]) -> dict[str, Any]:
    """The same, for a space with these files."""
    main = app_file or _MAIN_FILES.get(sdk or "", "app.py")
    has_main = main in paths or "/" in main
    return {
        "stage": "STOPPED" if has_main else "NO_APP_FILE",
        "hardware": {"current": None, "requested": None},
        "storage": None,
        "gcTimeout": None,
        "replicas": {"current": 0, "requested": 0},
        "devMode": False,
        "domains": [],
    }
