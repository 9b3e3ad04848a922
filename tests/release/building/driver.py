"""Builds a release in processes that kill themselves, then in one that is left to finish.

``python -m tests.release.building.driver TARGET HOME OUT WORK KILL,…``: each attempt is killed by
SIGKILL just before a call of fsync: the ``KILL``-th, or, where ``KILL`` is names of steps joined by
``+``, the first after all of them were recorded (steps run side by side, so that a number does not
tell which are done). Prints what every attempt ended with, what it said, and when each step was
recorded. Attempts are forks of one process without threads.
"""

from __future__ import annotations

import itertools
import json
import os
import signal
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import paddock.release.building.build  # noqa: F401 - imported once, for all attempts
from paddock.release.planning.prepare import Wanted
from paddock.release.releasing import Surroundings, build_wanted

_sync, _list = os.fsync, os.listdir


def main() -> None:
    target, home, out, work, kills = sys.argv[1:6]
    found = []
    for kill in [*filter(None, kills.split(",")), "0"]:
        with tempfile.NamedTemporaryFile("r") as said:
            child = os.fork()
            if child == 0:
                _attempt(target, home, out, _condition(kill, Path(work)), said.name)
            _, status = os.waitpid(child, 0)
            found.append([status, said.read(), _recorded(Path(work))])
    print(json.dumps(found))


def _condition(kill: str, work: Path) -> Callable[[], bool]:
    """Whether this call of fsync, asked once for each, is the one that is not survived."""
    if kill.isdigit():
        calls = itertools.count(1)
        return lambda: next(calls) == int(kill)
    steps = [work / "steps" / f"{name}.json" for name in kill.split("+")]
    return lambda: all(step.exists() for step in steps)


def _attempt(target: str, home: str, out: str, dies: Callable[[], bool], said: str) -> None:
    def sync(descriptor: int) -> None:
        if dies():
            os.kill(os.getpid(), signal.SIGKILL)
        _sync(descriptor)

    def backwards(*given: Any) -> list[Any]:
        return sorted(_list(*given), reverse=True)

    os.fsync = sync
    if os.environ.get("BACKWARDS"):
        os.listdir = backwards
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
