"""Builds a release in processes that kill themselves, then in one that is left to finish.

``python -m tests.release.building.driver TARGET HOME OUT WORK KILL_AT,…``: each attempt is killed
by SIGKILL just before its ``KILL_AT``-th call of fsync. Prints what every attempt ended with, what
it said, and when each step was recorded. Attempts are forks of one process without threads.
"""

from __future__ import annotations

import itertools
import json
import os
import signal
import sys
import tempfile
from pathlib import Path
from typing import Any

import paddock.release.building.finishing  # noqa: F401 - imported once, for all attempts
from paddock.release.planning.prepare import Wanted
from paddock.release.releasing import Surroundings, build_wanted

_sync, _list = os.fsync, os.listdir


def main() -> None:
    target, home, out, work, kills = sys.argv[1:6]
    found = []
    for kill_at in [*map(int, filter(None, kills.split(","))), 0]:
        with tempfile.NamedTemporaryFile("r") as said:
            child = os.fork()
            if child == 0:
                _attempt(target, home, out, kill_at, said.name)
            _, status = os.waitpid(child, 0)
            found.append([status, said.read(), _recorded(Path(work))])
    print(json.dumps(found))


def _attempt(target: str, home: str, out: str, kill_at: int, said: str) -> None:
    calls = itertools.count(1)

    def sync(descriptor: int) -> None:
        if next(calls) == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)
        _sync(descriptor)

    def backwards(*given: Any) -> list[Any]:
        return sorted(_list(*given), reverse=True)

    os.fsync = sync  # type: ignore[assignment]
    if os.environ.get("BACKWARDS"):
        os.listdir = backwards  # type: ignore[assignment]
    with Path(said).open("w") as file:
        around = Surroundings(
            Path(home), "", None, progress=lambda text: print(text, file=file, flush=True)
        )
        build_wanted(Wanted(Path(target)), Path(out), around)
    os._exit(0)


def _recorded(work: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mtime_ns for path in (work / "steps").glob("*.json")}


if __name__ == "__main__":
    main()
