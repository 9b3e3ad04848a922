"""A hub that serves the starter model, twice, by the real engine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from paddock.starter import starter_folder
from tests.databases import sqlite_url
from tests.live import LiveServer, live_server

TEAPOT = "What is the teapot made of?"
ANSWER = "The teapot is made of stoneware"  # by the starter, at temperature 0


@contextmanager
def serving_hub(folder: Path) -> Iterator[LiveServer]:
    """``boss/starter`` and ``boss/second`` are served, ``boss/other`` is not."""
    others = {
        "serve_models": "boss/starter, boss/second, boss/gated",
        "serve_threads": 1,
        "packed_bytes": 0,
    }
    with live_server(folder / "data", sqlite_url(folder), **others) as running:
        for name in ("starter", "second", "gated", "other"):
            repo = f"boss/{name}"
            running.admin_api.create_repo(repo)
            running.admin_api.upload_folder(repo_id=repo, folder_path=str(starter_folder()))
        running.admin_api.update_repo_settings("boss/gated", gated="manual")
        yield running
