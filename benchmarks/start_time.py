"""From the command to ``/readyz``: on an empty folder, and again.

    python -m benchmarks.start_time [--rounds N]

The floor is Python importing the server and doing nothing.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.figures import Figure, best, compared, run
from benchmarks.servers import paddock_up


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    run("Start (ratio above 1 is faster)", parser, measure)


def measure(options: argparse.Namespace, folder: Path) -> list[Figure]:
    first, again, floor = [], [], []
    for number in range(options.rounds):
        floor.append(import_seconds())
        with paddock_up(folder / f"hub{number}") as hub:
            first.append(hub.ready_seconds)
            token = hub.token
        with paddock_up(folder / f"hub{number}", token) as hub:
            again.append(hub.ready_seconds)
    imported = best("python imports the server", "s", floor)
    return [
        imported,
        compared(best("first start, empty folder", "s", first), imported),
        compared(best("second start", "s", again), imported),
    ]


def import_seconds() -> float:
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import paddock.web.server"], check=True)
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
