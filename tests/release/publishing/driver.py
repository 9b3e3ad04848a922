"""Publishes a release in processes that kill themselves, then in one that is left to finish.

``python -m tests.release.publishing.driver TARGET HOME HUB TOKEN SEEN KILL_AT,…``: each attempt is
killed by SIGKILL just before it calls ``KILL_AT``, a method of the stock client or ``copy_files``,
which has copied one file by then. Prints what every attempt ended with and said, and what anybody
found at ``SEEN``, an address or a folder, afterwards. Attempts are forks of one process without
threads.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import tempfile
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from huggingface_hub import HfApi

import paddock.release.building.build
import paddock.release.publishing.publish  # noqa: F401 - imported once, for all attempts
from paddock.release.planning.prepare import Wanted
from paddock.release.publishing import folders
from paddock.release.releasing import Surroundings, publish_release

_copy_files = folders.copy_files


def main() -> None:
    target, home, hub, token, seen, kills = sys.argv[1:7]
    found = []
    for kill_at in [*kills.split(","), ""]:
        with tempfile.NamedTemporaryFile("r") as said:
            child = os.fork()
            if child == 0:
                told = Path(said.name).open("w")  # noqa: SIM115 - until the process ends
                _attempt(target, home, hub, token, kill_at, told)
            _, status = os.waitpid(child, 0)
            found.append([status, said.read(), _seen(seen)])
    print(json.dumps(found))


def _attempt(target: str, home: str, hub: str, token: str, kill_at: str, told: Any) -> None:
    def kill(*_: Any, **__: Any) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    def copy_one(source_fd: int, paths: Any, folder: Path) -> None:
        _copy_files(source_fd, list(paths)[:1], folder)
        kill()

    if kill_at == "copy_files":
        folders.copy_files = copy_one
    elif kill_at:
        setattr(HfApi, kill_at, kill)
    around = Surroundings(
        Path(home), hub, token, progress=lambda text: print(text, file=told, flush=True)
    )
    publish_release(Wanted(Path(target)), around)
    os._exit(0)


def _seen(place: str) -> list[str] | None:
    """Names that a stranger finds; None where there is nothing."""
    if place.startswith("http"):
        try:
            with urllib.request.urlopen(place) as answer:
                return [file["rfilename"] for file in json.load(answer)["siblings"]]
        except urllib.error.HTTPError:
            return None
    return sorted(each.name for each in Path(place).iterdir()) if Path(place).is_dir() else None


if __name__ == "__main__":
    main()
